"""What is told of a clip before it is lifted, and the figures it is told from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from retake.server.detect.cuts import CutWatch, cuts, shots
from retake.server.detect.picture_figures import PictureFigures
from retake.server.detect.preflight import picture_ranges, preflight
from retake.shared.arrays import Floats64
from retake.shared.keypoints import KeypointTrack

Picture = npt.NDArray[np.uint8]


def scene(seed: int) -> Picture:
    """Squares of many greys, larger than what the small copy loses; 384 x 512."""
    grey = np.random.default_rng(seed).integers(0, 256, (24, 32, 1), np.uint8)
    return np.ascontiguousarray(np.repeat(np.repeat(np.repeat(grey, 16, 0), 16, 1), 3, 2))


def figures_of(*pictures: Picture) -> Floats64:
    figures = PictureFigures()
    return np.array([figures.of(picture) for picture in pictures])


@pytest.mark.parametrize("shift", [(0, 0), (16, 0), (-8, 12), (0, -20)])
def test_the_shift_of_the_whole_picture_is_measured(shift: tuple[int, int]) -> None:
    right, down = shift
    found = figures_of(scene(0), np.roll(scene(0), (down, right), axis=(0, 1)))
    assert found[1, 1:3] * 512 == pytest.approx(shift, abs=1e-2)
    assert found[1, 0] < 1e-6


def test_a_cut_is_found_and_a_flying_ball_is_none() -> None:
    pictures = [scene(0).copy() for _ in range(12)]
    for frame, picture in enumerate(pictures):
        picture[100:140, 30 * frame : 30 * frame + 40] = 255
    pictures += [scene(1).copy() for _ in range(6)]
    for frame, picture in enumerate(pictures):
        picture[0, 0] = frame
    assert cuts(figures_of(*pictures)) == [12]
    assert shots(figures_of(*pictures)) == [range(12), range(12, 18)]
    watch = CutWatch()
    assert [i for i, f in enumerate(figures_of(*pictures)) if watch.is_cut(f[0])] == [12]


def test_blur_lowers_the_sharpness() -> None:
    sharp = scene(0)
    rows = np.stack([np.roll(sharp, i, axis=1) for i in range(9)]).mean(axis=0)
    figures = figures_of(sharp, rows.astype(np.uint8))
    assert figures[0, 3] > 0.9
    assert figures[1, 3] < 0.4


def person(frames: int = 40) -> KeypointTrack:
    height = [300, 300, 400, 500, 300, 400, 500, 250, 200, 170, 150, 205, 260, 310, 205, 260, 310]
    points = np.zeros((frames, 17, 2), np.float32)
    points[..., 0], points[..., 1] = 320, height
    return KeypointTrack(
        points=points,
        confidence=np.full((frames, 17), 0.9, np.float32),
        times=np.arange(frames) / 30,
        image_size=(640, 640),
        fps=30.0,
        source="test",
    )


def calm(frames: int = 40) -> Floats64:
    figures = np.tile([0.004, 0.0, 0.0, 0.45], (frames, 1))
    figures[0, 0] = 0
    return figures


def test_a_good_clip_has_nothing_to_tell() -> None:
    assert preflight(person(), calm()) == []


def only(track: KeypointTrack, figures: Floats64) -> str:
    (sentence,) = preflight(track, figures)
    assert sentence.endswith(".")
    return sentence


def test_each_trouble_is_told_with_its_frames() -> None:
    track = person()
    confidence = track.confidence.copy()
    confidence[10:20, 3] = 0.2
    hidden = replace(track, confidence=confidence)
    assert only(hidden, calm()).startswith(
        "The feet are hidden or outside the picture in frames 10-19"
    )
    points = track.points.copy()
    points[5:15, 16, 0] = 700
    assert "hands are hidden or outside the picture in frames 5-14" in only(
        replace(track, points=points), calm()
    )
    points = track.points.copy()
    points[7:9] = np.nan
    assert only(replace(track, points=points), calm()) == "Nobody is seen in frames 7-8."
    assert "only 105 pixels high" in only(replace(track, points=track.points * 0.3), calm())


def test_trouble_of_the_pictures_is_told() -> None:
    figures = calm()
    figures[20, 0] = 0.3
    assert "its 2 shots are frames 0-19, 20-39." in only(person(), figures)
    figures = calm()
    figures[10:20, 3] = 0.1
    assert "blurred in frames 10-19" in only(person(), figures)
    figures = calm()
    figures[5:15, 1] = 0.01
    assert "camera moves in frames 5-14" in only(person(), figures)


def test_trouble_with_the_frame_rate_is_told() -> None:
    figures = calm()
    figures[1::2, 0] = 0
    assert "repeat the one before" in only(person(), figures)
    figures[1::2, 1] = 0.001  # moved as a whole is not repeated
    assert preflight(person(), figures) == []
    track = person()
    late = track.times + np.where(np.arange(40) >= 30, 0.2, 0)
    assert only(replace(track, times=late), calm()) == "Frames are missing before frame 30."
    slow = replace(track, times=track.times * 3, fps=10.0)
    assert "10 frames a second are few" in only(slow, calm())


def test_what_the_pictures_show_goes_into_the_track_as_ranges() -> None:
    figures = calm()
    figures[20, 0] = 0.3
    figures[10:20, 3] = 0.1
    figures[5:15, 1] = 0.01
    ranges = {"cuts": ((20, 20),), "blurred": ((10, 19),), "camera": ((5, 14),)}
    assert picture_ranges(figures) == ranges
    assert picture_ranges(calm()) == {}
