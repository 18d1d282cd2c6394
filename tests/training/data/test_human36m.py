"""Human3.6M's files, made up in their exact format, through `prepare`."""

from pathlib import Path

import numpy as np
import pytest
from retake.shared.errors import RetakeError
from retake.shared.skeleton import HUMAN36M
from retake.training.data import human36m
from retake.training.data.dictionaries import read_dictionary
from retake.training.data.lens import project
from retake.training.data.motion_set import MotionSet
from retake.training.data.synthetic import DETECTOR_NOISE


def test_every_recording_is_there_in_four_cameras(human36m_set: Path):
    data = MotionSet.open(human36m_set)
    assert {c.subject for c in data.split("train").clips} == set(human36m.TRAIN)
    assert {c.subject for c in data.split("test").clips} == set(human36m.TEST)
    assert {c.action for c in data.clips} == {"Sitting", "Walking"}
    assert len(data.clips) == 7 * 4 * 4  # subjects, recordings, cameras
    assert {c.height for c in data.clips if c.camera in ("0", "3")} == {1002}
    assert {c.height for c in data.clips if c.camera in ("1", "2")} == {1000}
    assert data.skeleton is HUMAN36M


def test_positions_are_those_of_the_file_seen_from_the_camera(
    human36m_set: Path, field_files: Path
):
    data = MotionSet.open(human36m_set)
    world = read_dictionary(field_files / "data_3d_h36m.npz", "positions_3d", "it")
    exact = read_dictionary(field_files / "data_2d_h36m_gt.npz", "positions_2d", "it")
    for clip in data.clips[::7]:
        seen = data.motion(clip).astype(float)
        motion = world[clip.subject][clip.name][:, human36m.JOINTS]
        # A camera moves and turns the body; it changes no distance.
        np.testing.assert_allclose(
            np.linalg.norm(seen - seen[:, :1], axis=-1),
            np.linalg.norm(motion - motion[:, :1], axis=-1),
            atol=1e-5,
        )
        pixels = exact[clip.subject][clip.name][int(clip.camera)]
        np.testing.assert_allclose(project(seen, np.array(clip.lens)), pixels, atol=2e-3)


def test_keypoints_are_the_detectors_cut_to_the_motion(human36m_set: Path, field_files: Path):
    data = MotionSet.open(human36m_set)
    path = field_files / "data_2d_h36m_cpn_ft_h36m_dbb.npz"
    detected = read_dictionary(path, "positions_2d", "it")
    clip = data.clips[5]
    given = detected[clip.subject][clip.name][int(clip.camera)]
    assert len(given) > clip.frames
    np.testing.assert_array_equal(data.points(clip), given[: clip.frames])
    error = data.points(clip) - project(data.motion(clip).astype(float), np.array(clip.lens))
    assert error.std() == pytest.approx(DETECTOR_NOISE, rel=0.1)


def test_the_corrupt_recording_is_left_out(tmp_path: Path):
    world = {"S11": {"Directions": np.zeros((5, 32, 3)), "Directions 1": np.zeros((5, 32, 3))}}
    assert [name for name, _ in human36m._actions("S11", world["S11"])] == ["Directions 1"]  # pyright: ignore[reportPrivateUsage]


def test_keypoints_of_other_motion_are_refused(field_files: Path, tmp_path: Path):
    other = read_dictionary(field_files / "data_2d_h36m_gt.npz", "positions_2d", "it")
    for views in other["S1"].values():
        views[0] = views[0][::-1]
    np.savez(tmp_path / "gt.npz", positions_2d=np.array(other, dtype=object))
    with pytest.raises(RetakeError, match="no camera projects"):
        human36m.prepare(
            field_files / "data_3d_h36m.npz",
            tmp_path / "gt.npz",
            tmp_path / "gt.npz",
            tmp_path / "out",
        )
    assert list(tmp_path.iterdir()) == [tmp_path / "gt.npz"]  # nothing half-made stays


def test_a_wrong_skeleton_is_refused(field_files: Path, tmp_path: Path):
    np.savez(
        tmp_path / "p.npz", positions_3d=np.array({"S1": {"A": np.zeros((4, 17, 3))}}, dtype=object)
    )
    exact = field_files / "data_2d_h36m_gt.npz"
    with pytest.raises(RetakeError, match=r"expected \(frames, 32, 3\)"):
        human36m.prepare(tmp_path / "p.npz", exact, exact, tmp_path / "out")
