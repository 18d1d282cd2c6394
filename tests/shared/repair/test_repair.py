"""Repair: exchanged sides are found and put back, true crossings are left, all can be undone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retake.shared.arrays import Floats64
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.layouts.known import MEDIAPIPE33
from retake.shared.layouts.to_h36m import to_h36m
from retake.shared.repair.changes import Change, undo
from retake.shared.repair.repair import repair, swap_sides
from retake.shared.repair.swaps import between, exchanged
from retake.shared.repair.words import frame_ranges, frames_told, sentences

RECORDED = Path(__file__).parents[2] / "data" / "bending_man_keypoints.npz"
"""What MediaPipe found in camera 2 of Pose2Sim's single-person demo (BSD-3-Clause, D. Pagnon), 60
fps. `exchanged` are the frames whose points fit those of camera 1 better with left and right
exchanged: by the distance from the epipolar lines, mean over 12 limb joints."""

LIMBS = ("shoulder", "elbow", "wrist", "hip", "knee", "foot")


@pytest.fixture(scope="module")
def recorded() -> tuple[KeypointTrack, set[int]]:
    with np.load(RECORDED) as file:
        points = np.full((len(file["points"]), 33, 2), np.nan)
        points[:, file["landmarks"]] = file["points"]
        visibility = np.zeros(points.shape[:2])
        visibility[:, file["landmarks"]] = file["visibility"]
        mapped = to_h36m(points, visibility, MEDIAPIPE33)
        track = KeypointTrack(
            **mapped._asdict(),
            times=file["times"],
            image_size=(1080, 1920),
            fps=60.0,
            source="recorded",
        )
        return track, set(file["exchanged"].tolist())


def swapped_frames(changes: list[Change], name: str) -> set[int]:
    frames = [c.frames.tolist() for c in changes if c.kind == "swap" and name in c.names]
    return {frame for one in frames for frame in one}


def walker(frames: int = 90, fps: float = 30.0) -> KeypointTrack:
    """A person walking through the picture in profile: legs and arms cross twice in a second."""
    t = np.arange(frames) / fps
    swing = np.sin(2 * np.pi * t)
    points = np.zeros((frames, 17, 2))
    height = [300, 300, 400, 500, 300, 400, 500, 250, 200, 170, 150, 205, 260, 310, 205, 260, 310]
    reach = [0, 5, 35, 70, -5, -35, -70, 0, 0, 0, 0, 8, 30, 55, -8, -30, -55]
    points[..., 0] = 200 + 60 * t[:, None] + swing[:, None] * np.array(reach)
    points[..., 1] = height
    return KeypointTrack(
        points=points.astype(np.float32),
        confidence=np.full((frames, 17), 0.9, np.float32),
        times=t,
        image_size=(640, 640),
        fps=fps,
        source="synthetic",
    )


def test_the_recorded_exchanges_are_those_that_a_second_camera_shows(
    recorded: tuple[KeypointTrack, set[int]],
) -> None:
    track, known = recorded
    _, changes = repair(track)
    assert swapped_frames(changes, "left_wrist") == known
    legs = swapped_frames(changes, "left_knee")
    assert len(legs & known) >= 25  # the second camera itself is undecided about some
    assert len(legs - known) <= 2


def test_the_mended_recording_moves_as_a_body_does(
    recorded: tuple[KeypointTrack, set[int]],
) -> None:
    track, _ = recorded
    mended, _ = repair(track)
    before, after = (np.abs(np.diff(t.points, 2, axis=0)).mean() for t in (track, mended))
    assert after < before / 4


def test_limbs_that_truly_cross_are_not_exchanged() -> None:
    mended, changes = repair(walker())
    assert changes == []
    np.testing.assert_array_equal(mended.points, walker().points)


@pytest.mark.parametrize("fps", [24.0, 30.0, 60.0])
@pytest.mark.parametrize(("first", "last"), [(40, 40), (30, 34), (50, 75), (0, 5), (80, 89)])
def test_exchanged_frames_of_a_walk_are_put_back(fps: float, first: int, last: int) -> None:
    """Where both sides lie close together the two labellings are nearly the same: no test there."""
    track = walker(fps=fps)
    frames = np.arange(first, last + 1)
    broken, _ = swap_sides(track, frames, LIMBS)
    mended, _ = repair(broken)
    error = np.linalg.norm(mended.points - track.points, axis=-1)
    size = 100
    assert np.quantile(error, 0.98) < 0.1 * size
    assert np.linalg.norm(broken.points - track.points, axis=-1)[frames].max() > 0.1 * size


def test_every_change_can_be_taken_back(recorded: tuple[KeypointTrack, set[int]]) -> None:
    track, _ = recorded
    holed = track.points.copy()
    holed[10:13, 3] = np.nan
    holed[20, 16] += 200
    track = replace(track, points=holed)
    mended, changes = repair(track)
    assert {c.kind for c in changes} == {"swap", "between", "outlier", "gap"}
    for done in reversed(changes):
        mended = undo(mended, Change.from_json(done.to_json()))
    np.testing.assert_array_equal(mended.points, track.points)
    np.testing.assert_array_equal(mended.confidence, track.confidence)
    np.testing.assert_array_equal(mended.extra_points, track.extra_points)


def test_a_record_of_another_track_is_refused() -> None:
    _, done = swap_sides(walker(90), np.array([80]), LIMBS)
    with pytest.raises(RetakeError, match="another keypoint track"):
        undo(walker(40), done)
    with pytest.raises(RetakeError, match="not a record"):
        Change.from_json({"kind": "swap", "frames": [1], "points": ["hip"], "before": "x"})


def test_a_jump_goes_and_a_long_gap_stays() -> None:
    track = walker()
    points = track.points.copy()
    points[20, 13] += (90, -60)
    points[40:43, 10] = np.nan
    points[60:80, 6] = np.nan
    mended, changes = repair(replace(track, points=points))
    assert np.linalg.norm(mended.points[20, 13] - track.points[20, 13]) < 3
    assert np.linalg.norm(mended.points[40:43, 10] - track.points[40:43, 10], axis=-1).max() < 3
    assert np.isnan(mended.points[60:80, 6]).all()
    assert mended.confidence[20, 13] < track.confidence[20, 13]
    assert {c.kind for c in changes} == {"outlier", "gap"}


def every_sign(difference: Floats64, weight: Floats64, times: Floats64) -> Floats64:
    """A naive twin of `exchanged`: all labellings tried, with its own sum of costs; lag 1 only."""
    frames = len(times)
    best, winner = np.inf, np.zeros(frames, bool)
    for number in range(1 << frames):
        signs = np.array([(number >> i) & 1 for i in range(frames)], bool)
        moved = difference * np.where(signs, -1, 1)[:, None, None]
        cost = 0.01 * signs.sum()
        for t in range(2, frames):
            off = np.linalg.norm(moved[t] - 2 * moved[t - 1] + moved[t - 2], axis=-1)
            mean = (off * weight[t]).sum() / weight[t].sum()
            cost += mean**2 / (mean**2 + 0.06**2)
        if cost < best - 1e-12:
            best, winner = cost, signs
    return winner


@pytest.mark.parametrize("seed", range(6))
def test_the_signs_are_the_best_of_all(seed: int) -> None:
    random = np.random.default_rng(seed)
    times = np.arange(9) / 10.0  # so few frames a second that only lag 1 is used
    difference = 0.6 + np.cumsum(random.normal(0, 0.05, (9, 2, 2)), axis=0)
    difference[random.choice(9, 3, replace=False)] *= -1
    weight = random.uniform(0.2, 1, (9, 2))
    np.testing.assert_array_equal(
        exchanged(difference, weight, times), every_sign(difference, weight, times)
    )


def test_frames_on_the_way_between_two_sides_are_told() -> None:
    clear = np.full((20, 3, 2), 0.5)
    blended = clear.copy()
    blended[10] *= 0.1
    blended[11] *= 0.6
    signs = np.arange(20) >= 10
    assert np.flatnonzero(between(blended, signs, 3)).tolist() == [10, 11]
    assert not between(clear, signs, 3).any()
    assert not between(blended, np.zeros(20, bool), 3).any()


def test_the_sentences_name_limbs_and_frames() -> None:
    _, done = swap_sides(walker(), np.array([3, 4, 5, 9]), ("knee", "foot"))
    assert sentences([done]) == ["left and right of the legs exchanged in frames 3-5, 9"]
    assert frame_ranges(np.array([1])) == "1"
    assert frames_told(np.array([1, 3, 5, 6]), most=2) == "frames 1, 3 and 1 more range"
    assert frames_told(np.array([7])) == "frame 7"


def test_one_point_is_told_as_one() -> None:
    def gap(frames: list[int]) -> Change:
        before = np.zeros((len(frames), 1, 2), np.float32)
        return Change("gap", ("hip",), np.array(frames), before, before[..., 0])

    assert sentences([gap([4])]) == ["a missing point was bridged"]
    assert sentences([gap([4]), gap([6, 7])]) == ["3 missing points were bridged"]
