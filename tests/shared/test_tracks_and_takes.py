"""Keypoint tracks and takes: what is saved reads back, what is wrong is refused in one sentence."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retake.shared.camera import Camera
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.takes import LIMB_GROUPS, Alternative, Takes


def a_track(frames: int = 5) -> KeypointTrack:
    points = np.random.default_rng(0).uniform(0, 500, (frames, 17, 2)).astype(np.float32)
    points[-1, 3] = np.nan
    return KeypointTrack(
        points=points,
        confidence=np.ones((frames, 17), np.float32),
        times=np.arange(frames) / 25,
        image_size=(640, 480),
        fps=25.0,
        source="test",
    )


def some_takes(hypotheses: int = 3, frames: int = 4) -> Takes:
    rng = np.random.default_rng(0)
    return Takes(
        poses=rng.normal(size=(hypotheses, frames, 17, 3)).astype(np.float32),
        root=rng.normal(size=(hypotheses, frames, 3)).astype(np.float32),
        weights=np.full(hypotheses, 1 / hypotheses, np.float32),
        spread=np.zeros((frames, 17), np.float32),
        contacts=np.zeros((frames, 4), np.float32),
        times=np.arange(frames) / 25,
        fps=25.0,
        camera=Camera.with_default_focal(640, 480),
        groups={group: (Alternative("Take 1", 1.0, 0),) for group in LIMB_GROUPS},
        best=dict.fromkeys(LIMB_GROUPS, 0),
        seed=1,
        model="test",
        provenance={"source": "test"},
    )


def test_a_track_reads_back(tmp_path: Path):
    track = a_track()
    track.save(tmp_path / "t.npz")
    back = KeypointTrack.load(tmp_path / "t.npz")
    np.testing.assert_array_equal(back.points, track.points)
    np.testing.assert_array_equal(back.times, track.times)
    assert (back.image_size, back.fps, back.source) == ((640, 480), 25.0, "test")


def test_takes_read_back(tmp_path: Path):
    takes = some_takes()
    takes.save(tmp_path / "t.npz")
    back = Takes.load(tmp_path / "t.npz")
    np.testing.assert_array_equal(back.poses, takes.poses)
    assert (back.camera, back.groups, back.best) == (takes.camera, takes.groups, takes.best)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": np.zeros((5, 17, 3), np.float32)}, "'points' has shape"),
        ({"confidence": np.ones((4, 17), np.float32)}, "'confidence' has shape"),
        ({"points": np.full((5, 17, 2), np.nan, np.float32)}, "no keypoint at all"),
        ({"image_size": (0, 480)}, "image size is 0 x 480"),
        ({"times": np.zeros(5)}, "strictly increasing"),
        ({"fps": float("nan")}, "frame rate"),
        ({"confidence": np.full((5, 17), np.nan, np.float32)}, "not numbers"),
        ({"layout": "coco-17"}, "layout 'coco-17'"),
    ],
)
def test_a_wrong_track_is_refused_and_the_field_is_named(change: dict[str, object], words: str):
    with pytest.raises(RetakeError, match=words):
        replace(a_track(), **change)


def test_a_track_of_one_frame_is_refused():
    with pytest.raises(RetakeError, match="1 frame"):
        a_track(frames=1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"root": np.zeros((3, 5, 3), np.float32)}, "'root' has shape"),
        ({"weights": np.full(3, np.nan, np.float32)}, "'weights' holds"),
        ({"best": dict.fromkeys(LIMB_GROUPS, 3)}, "outside 0 to 2"),
        ({"best": {}}, "limb groups"),
    ],
)
def test_wrong_takes_are_refused(change: dict[str, object], words: str):
    with pytest.raises(RetakeError, match=words):
        replace(some_takes(), **change)


@pytest.mark.parametrize("load", [KeypointTrack.load, Takes.load])
def test_foreign_files_are_refused_in_one_sentence(tmp_path: Path, load: Callable[[Path], object]):
    text = tmp_path / "text.npz"
    text.write_text("not an archive")
    other = tmp_path / "other.npz"
    np.savez(other, something=np.zeros(3))
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, points=np.array([{"a": 1}], dtype=object), poses=np.array([None]))
    for path in (text, other, pickled, tmp_path / "missing.npz", tmp_path):
        with pytest.raises(RetakeError, match=str(path)):
            load(path)


def test_an_unwritable_place_is_named_and_nothing_is_left(tmp_path: Path):
    with pytest.raises(RetakeError, match="could not be written"):
        a_track().save(tmp_path / "no" / "t.npz")
    assert not list(tmp_path.iterdir())
