"""MPI-INF-3DHP's files, made up in their exact format, through `prepare`."""

from pathlib import Path

import numpy as np
import pytest
from retake.shared.errors import RetakeError
from retake.shared.skeleton import MPI_INF_3DHP
from retake.training.data import mpi_inf_3dhp, synthetic
from retake.training.data.dictionaries import read_dictionary
from retake.training.data.lens import project
from retake.training.data.motion_set import MotionSet


@pytest.fixture(scope="module")
def universal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("universal")
    synthetic.write_3dhp(folder, 6, universal=True)
    return folder


def test_sequences_cameras_and_sizes(mpi_set: Path):
    data = MotionSet.open(mpi_set)
    assert len(data.split("train").clips) == 8 * 2 * 8  # subjects, sequences, cameras
    tests = {clip.name: (clip.width, clip.height) for clip in data.split("test").clips}
    assert tests == {
        **{f"TS{n}": (2048, 2048) for n in range(1, 5)},
        **{f"TS{n}": (1920, 1080) for n in (5, 6)},
    }
    assert data.skeleton is MPI_INF_3DHP
    assert data.about["ground_truth"] == "annot3"


def test_positions_are_metres_and_project_onto_the_keypoints(mpi_set: Path, field_files: Path):
    data = MotionSet.open(mpi_set)
    files = read_dictionary(field_files / "data_test_3dhp.npz", "data", "it")
    for clip in data.split("test").clips:
        np.testing.assert_allclose(data.motion(clip) * 1000, files[clip.name]["data_3d"], rtol=1e-5)
        np.testing.assert_array_equal(data.counted(clip), files[clip.name]["valid"] > 0)
        seen = project(data.motion(clip).astype(float), np.array(clip.lens))
        np.testing.assert_allclose(seen, data.points(clip), atol=0.02)


def test_both_ground_truths_are_told_apart(field_files: Path, universal: Path, tmp_path: Path):
    own, scaled = (
        (folder / "data_train_3dhp.npz", folder / "data_test_3dhp.npz")
        for folder in (field_files, universal)
    )
    assert mpi_inf_3dhp.prepare(*scaled, tmp_path / "u") == "univ_annot3"
    with pytest.raises(RetakeError, match="hold the ground truth annot3, not univ_annot3"):
        mpi_inf_3dhp.prepare(*own, tmp_path / "x", "univ_annot3")
    with pytest.raises(RetakeError, match="different ground truths"):
        mpi_inf_3dhp.prepare(own[0], scaled[1], tmp_path / "x")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    "content", [{"S1 Seq1": 3}, {"S1 Seq1": [{"0": {"data_2d": np.zeros((2, 17, 2))}}, 25]}]
)
def test_a_foreign_file_is_refused(field_files: Path, tmp_path: Path, content: dict[str, object]):
    np.savez(tmp_path / "x.npz", data=np.array(content, dtype=object))
    with pytest.raises(RetakeError, match="S1 Seq1"):
        mpi_inf_3dhp.prepare(
            tmp_path / "x.npz", field_files / "data_test_3dhp.npz", tmp_path / "out"
        )
