"""Corrections by hand: each does what it says, and can be taken back."""

from __future__ import annotations

import numpy as np
import pytest
from retake.blender_addon.track.edits import (
    Hide,
    Move,
    Swap,
    edited,
    from_json,
    nearest_joint,
    to_json,
)
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.skeleton import HUMAN36M

EDITS = (Move(3, 5, 100.0, 50.0, 2), Hide(0, 2, 4), Swap(1, 3))


@pytest.fixture
def track() -> KeypointTrack:
    rng = np.random.default_rng(1)
    return KeypointTrack(
        points=rng.uniform(0, 400, (12, 17, 2)).astype(np.float32),
        confidence=rng.uniform(0.1, 0.9, (12, 17)).astype(np.float32),
        times=np.arange(12) / 25,
        image_size=(640, 480),
        fps=25.0,
        source="a test",
        extra_points=rng.uniform(0, 400, (12, 3, 2)).astype(np.float32),
        extra_names=("nose", "left_heel", "right_heel"),
        extra_confidence=np.ones((12, 3), np.float32),
    )


def test_no_edits_is_the_track_itself_and_edits_leave_the_original(track: KeypointTrack) -> None:
    before = track.points.copy()
    assert edited(track, ()) is track
    edited(track, EDITS)
    np.testing.assert_array_equal(track.points, before)


def test_a_moved_keypoint_is_where_it_was_put_and_its_neighbours_follow(
    track: KeypointTrack,
) -> None:
    moved = edited(track, (Move(3, 5, 100.0, 50.0, 2),))
    np.testing.assert_allclose(moved.points[5, 3], (100, 50))
    assert moved.confidence[5, 3] == 1
    step = np.linalg.norm(moved.points[:, 3] - track.points[:, 3], axis=-1)
    assert step[5] > step[4] > step[3] > 0 == step[2] == step[8]
    others = [joint for joint in range(17) if joint != 3]
    np.testing.assert_array_equal(moved.points[:, others], track.points[:, others])


def test_a_missing_keypoint_can_be_put_in_one_frame(track: KeypointTrack) -> None:
    shown = edited(track, (Hide(3, 0, 11), Move(3, 5, 100.0, 50.0, 4)))
    np.testing.assert_array_equal(np.isfinite(shown.points[:, 3, 0]), np.arange(12) == 5)


def test_hidden_is_missing_in_the_range_only(track: KeypointTrack) -> None:
    hidden = edited(track, (Hide(7, 2, 4),))
    gone = np.isnan(hidden.points[:, 7, 0])
    np.testing.assert_array_equal(np.flatnonzero(gone), [2, 3, 4])
    assert not hidden.confidence[2:5, 7].any()


def test_swapped_twice_is_as_before(track: KeypointTrack) -> None:
    once, twice = edited(track, (Swap(2, 8),)), edited(track, (Swap(2, 8), Swap(2, 8)))
    np.testing.assert_array_equal(twice.points, track.points)
    np.testing.assert_array_equal(once.points[3], track.points[3][list(HUMAN36M.mirror)])
    np.testing.assert_array_equal(once.points[9], track.points[9])
    np.testing.assert_array_equal(once.extra_points[3], track.extra_points[3][[0, 2, 1]])


def test_what_is_stored_comes_back() -> None:
    assert from_json(to_json(EDITS)) == EDITS
    assert (to_json(()), from_json("")) == ("", ())


@pytest.mark.parametrize("text", ["{", "[1]", '[{"kind": "fly"}]', '[{"kind": "hide", "x": 1}]'])
def test_damaged_corrections_are_a_sentence(text: str) -> None:
    with pytest.raises(RetakeError, match="damaged"):
        from_json(text)


def test_edits_outside_the_track_do_nothing(track: KeypointTrack) -> None:
    same = edited(track, (Move(3, 99, 1.0, 1.0, 5), Hide(3, 50, 60), Swap(40, 50)))
    np.testing.assert_array_equal(same.points, track.points)


def test_the_mouse_finds_the_nearest_keypoint_within_reach() -> None:
    points = np.array([[0.0, 0.0], [10.0, 0.0], [np.nan, np.nan]])
    assert nearest_joint(points, np.array([7.0, 0.0]), 5) == 1
    assert nearest_joint(points, np.array([30.0, 0.0]), 5) is None
    assert nearest_joint(points[2:], np.array([0.0, 0.0]), 5) is None
