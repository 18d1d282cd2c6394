"""Keypoint tracks and takes: what is saved reads back, what is wrong is refused in one sentence."""

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retake.shared.arrays import AnyArray
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.takes import ARRAYS, LIMB_GROUPS, Alternative, Takes


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


def test_a_track_reads_back(tmp_path: Path):
    track = a_track()
    track.save(tmp_path / "t.npz")
    back = KeypointTrack.load(tmp_path / "t.npz")
    np.testing.assert_array_equal(back.points, track.points)
    np.testing.assert_array_equal(back.times, track.times)
    assert (back.image_size, back.fps, back.source) == ((640, 480), 25.0, "test")


@pytest.fixture
def takes(make_takes: Callable[..., Takes]) -> Takes:
    whole = (Alternative("one", 0.7, 2, 0.04), Alternative("other", 0.3, 1, 0.04))
    return make_takes(np.random.default_rng(0).normal(size=(3, 4, 17, 3)), whole=whole)


def test_takes_read_back(tmp_path: Path, takes: Takes):
    takes.save(tmp_path / "t.npz")
    back = Takes.load(tmp_path / "t.npz")
    np.testing.assert_array_equal(back.poses, takes.poses)
    assert (back.camera, back.groups, back.best) == (takes.camera, takes.groups, takes.best)
    assert back.whole == takes.whole


def test_takes_of_a_newer_retake_say_so(takes: Takes):
    newer = json.loads(takes.meta()) | {"format": 2}
    arrays = {name: getattr(takes, name) for name in ARRAYS}
    with pytest.raises(RetakeError, match=r"new\.npz was written by a newer Retake"):
        Takes.of(arrays, json.dumps(newer), "new.npz")


def test_takes_from_before_there_was_a_choice_read_back(tmp_path: Path, takes: Takes):
    meta = json.loads(takes.meta())
    del meta["whole"]
    for rows in meta["groups"].values():
        for row in rows:
            del row["moment"]
    arrays = {name: getattr(takes, name) for name in ARRAYS}
    np.savez(tmp_path / "old.npz", **arrays, meta=np.array(json.dumps(meta)))
    back = Takes.load(tmp_path / "old.npz")
    assert back.whole == ()
    assert back.groups["left_arm"][0].moment is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": np.zeros((5, 17, 3), np.float32)}, "'points' has shape"),
        ({"confidence": np.ones((4, 17), np.float32)}, "'confidence' has shape"),
        ({"points": np.full((5, 17, 2), np.nan, np.float32)}, "no keypoint at all"),
        ({"points": np.zeros((), np.float32)}, "'points' has shape"),
        ({"points": np.full((5, 17, 2), np.inf, np.float32)}, "over 6400 pixels away"),
        ({"points": np.full((5, 17, 2), 1e30, np.float32)}, "over 6400 pixels away"),
        ({"image_size": (0, 480)}, "image size is 0 x 480"),
        ({"image_size": (10**12, 480)}, "image size is 1000000000000 x 480"),
        ({"times": np.zeros(5)}, "strictly increasing"),
        ({"fps": float("nan")}, "frame rate"),
        ({"confidence": np.full((5, 17), np.nan, np.float32)}, "not numbers"),
        ({"confidence": np.full((5, 17), -0.1, np.float32)}, "between 0 and 1"),
        ({"confidence": np.full((5, 17), 1.1, np.float32)}, "between 0 and 1"),
        ({"confidence": np.zeros((5, 17), np.float32)}, "a confidence of 0"),
        ({"layout": "coco-17"}, "layout 'coco-17'"),
        ({"extra_points": np.zeros((3, 2), np.float32)}, "'extra_points' has shape"),
        ({"extra_names": ("nose",)}, "'extra_points' has shape"),
    ],
)
def test_a_wrong_track_is_refused_and_the_field_is_named(change: dict[str, object], words: str):
    with pytest.raises(RetakeError, match=words):
        replace(a_track(), **change)


def test_confidence_counts_only_where_there_is_a_point():
    confidence = np.zeros((5, 17), np.float32)
    confidence[-1, 3] = 1  # the missing one
    with pytest.raises(RetakeError, match="a confidence of 0"):
        replace(a_track(), confidence=confidence)


def test_points_outside_the_picture_and_extra_points_are_kept(tmp_path: Path):
    points = a_track().points - 900
    extras = np.ones((5, 2, 2), np.float32), ("nose", "left_toe"), np.ones((5, 2), np.float32)
    track = replace(
        a_track(),
        points=points,
        extra_points=extras[0],
        extra_names=extras[1],
        extra_confidence=extras[2],
    )
    track.save(tmp_path / "t.npz")
    back = KeypointTrack.load(tmp_path / "t.npz")
    np.testing.assert_array_equal(back.points, points)
    np.testing.assert_array_equal(back.extra_points, extras[0])
    assert back.extra_names == extras[1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"points": np.array(1.0)}, "'points' has shape"),
        ({"points": np.full((5, 17, 2), 1e300)}, "pixels away"),
        ({"points": np.ones((5, 17, 2), complex)}, "'points' holds no real numbers"),
        ({"times": np.array(list("abcde"))}, "'times' holds no real numbers"),
        ({"image_size": np.array(640)}, "'image_size' must be 2 numbers"),
        ({"image_size": np.array([640.0, np.inf])}, "'image_size' must be 2 numbers"),
        ({"fps": np.array([25.0, 25.0])}, "'fps' must be one number"),
    ],
)
def test_a_file_with_a_strange_array_is_refused_and_the_array_is_named(
    tmp_path: Path, change: dict[str, AnyArray], words: str
):
    a_track().save(tmp_path / "t.npz")
    with np.load(tmp_path / "t.npz") as archive:
        np.savez(tmp_path / "t.npz", **{**archive, **change})  # pyright: ignore[reportArgumentType]
    with pytest.raises(RetakeError, match=words):
        KeypointTrack.load(tmp_path / "t.npz")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_files_have_the_usual_mode_or_that_of_the_file_they_replace(tmp_path: Path):
    path, usual = tmp_path / "t.npz", tmp_path / "usual"
    usual.touch()
    a_track().save(path)
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o640)
    a_track().save(path)
    assert path.stat().st_mode & 0o777 == 0o640


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
        ({"whole": (Alternative("one", 1.0, 7),)}, "outside 0 to 2"),
        ({"times": np.arange(4)[::-1] / 25}, "strictly increasing"),
    ],
)
def test_wrong_takes_are_refused(takes: Takes, change: dict[str, object], words: str):
    with pytest.raises(RetakeError, match=words):
        replace(takes, **change)


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
    (tmp_path / "file").touch()
    with pytest.raises(RetakeError, match="could not be written"):
        a_track().save(tmp_path / "file" / "t.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(RetakeError, match="could not be written"):
        a_track().save(tmp_path / "folder.npz")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder.npz"}
