"""Frame rates, ranges and focal lengths between a clip and a scene."""

from __future__ import annotations

import math

import numpy as np
import pytest
from retake.blender_addon.clip import focal, timing
from retake.blender_addon.clip.timing import SceneTime
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack


@pytest.fixture
def track() -> KeypointTrack:
    rng = np.random.default_rng(0)
    return KeypointTrack(
        points=rng.uniform(0, 400, (30, 17, 2)).astype(np.float32),
        confidence=np.ones((30, 17), np.float32),
        times=np.arange(30) / 25,
        image_size=(640, 480),
        fps=25.0,
        source="a test",
        extra_points=rng.uniform(0, 400, (30, 2, 2)).astype(np.float32),
        extra_names=("left_heel", "right_heel"),
        extra_confidence=np.ones((30, 2), np.float32),
    )


@pytest.mark.parametrize("rate", [24.0, 24000 / 1001, 30000 / 1001, 60000 / 1001, 12.5, 0.4, 47.3])
def test_blender_keeps_any_rate_exactly_enough(rate: float) -> None:
    whole, base = timing.blender_rate(rate)
    assert whole >= 1
    assert whole / base == pytest.approx(rate, rel=1e-4)


def test_matched_has_a_scene_frame_per_clip_frame_and_resampled_the_same_seconds() -> None:
    assert timing.matched(11, 100, 60.0) == SceneTime(60, 1.0, 11, 110)
    own = SceneTime(24, 1.0, 1, 250)
    time = timing.resampled(1, 101, 50.0, own)
    assert (time.fps, time.first, time.last) == (24, 1, 49)  # two seconds


@pytest.mark.parametrize("scene_fps", [24.0, 30.0, 60.0])
def test_clip_frames_and_scene_frames_lead_back_to_each_other(scene_fps: float) -> None:
    for frame in range(0, 200, 7):
        place = timing.scene_frame(frame / 50.0, scene_fps, 11)
        assert timing.clip_frame(place, scene_fps, 50.0, 11) == frame


def test_a_range_keeps_its_own_times(track: KeypointTrack) -> None:
    part = timing.cut(track, 10, 19)
    assert part.frame_count == 10
    np.testing.assert_array_equal(part.times, track.times[10:20])
    np.testing.assert_array_equal(part.extra_points, track.extra_points[10:20])


@pytest.mark.parametrize(("first", "last"), [(0, -1), (0, 29), (-3, 500)])
def test_the_whole_range_is_the_track_itself(track: KeypointTrack, first: int, last: int) -> None:
    assert timing.cut(track, first, last) is track


def test_an_empty_range_is_a_sentence(track: KeypointTrack) -> None:
    with pytest.raises(RetakeError, match="Widen In and Out"):
        timing.cut(track, 12, 12)


def test_focal_lengths_by_each_way_agree() -> None:
    """A lens of 50 mm on 36 mm film, seen over the picture's longer side."""
    pixels = 50 / 36 * 1920
    by_lens = focal.from_lens(50, 36, 1920, "Camera")
    assert by_lens.pixels == pytest.approx(pixels)
    by_film = focal.from_film(50, 1920, 1280)  # 3:2, as the film
    assert by_film is not None
    assert by_film.pixels == pytest.approx(pixels)
    assert focal.guess(300, 400).pixels == math.hypot(300, 400)


def test_an_impossible_focal_length_of_a_file_is_not_believed() -> None:
    assert focal.from_film(0.5, 1920, 1080) is None
    assert focal.from_film(5000, 1920, 1080) is None
