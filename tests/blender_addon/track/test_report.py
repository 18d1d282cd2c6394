"""The report before the lift names what is hard, and the frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from retake.blender_addon.packaging.make_sample import SAMPLE, SAMPLES
from retake.blender_addon.track.figure import figure_of, frame_at, off_quad, on_quad
from retake.blender_addon.track.report import findings
from retake.shared.keypoints import KeypointTrack
from retake.shared.repair.findings import FEET, ranges_of


@pytest.fixture
def track() -> KeypointTrack:
    return KeypointTrack.load(SAMPLES / f"{SAMPLE}.npz")


def test_a_good_clip_has_nothing_to_say(track: KeypointTrack) -> None:
    assert findings(track) == []


def test_hidden_feet_are_told_with_their_frames(track: KeypointTrack) -> None:
    points = track.points.copy()
    points[20:61, FEET[0], 1] = 5000
    (found,) = findings(replace(track, points=points))
    assert (found.code, found.ranges) == ("feet", ((20, 60),))
    assert "41 %" in found.text


def test_a_small_person_and_an_empty_stretch_are_told(track: KeypointTrack) -> None:
    points = track.points / 20
    points[70:90] = np.nan
    codes = {f.code: f for f in findings(replace(track, points=points))}
    assert codes["missing"].ranges == ((70, 89),)
    assert "pixels high" in codes["small"].text


def test_skipped_frames_are_told(track: KeypointTrack) -> None:
    times = track.times.copy()
    times[50:] += 0.5
    assert [f.ranges for f in findings(replace(track, times=times))] == [((50, 50),)]


def test_short_pauses_do_not_end_a_range() -> None:
    which = np.array([1, 1, 0, 0, 1, 0, 0, 0, 0, 1], bool)
    assert ranges_of(which) == ((0, 4), (9, 9))


def test_a_figure_leaves_out_what_is_missing(track: KeypointTrack) -> None:
    points = track.points[0].copy()
    whole = figure_of(points, track.confidence[0])
    assert (len(whole.line_ends), len(whole.dots)) == (32, 17)
    points[16] = np.nan  # a wrist: one bone, one dot
    part = figure_of(points, track.confidence[0])
    assert (len(part.line_ends), len(part.dots)) == (30, 16)
    assert 16 not in part.dot_joints
    assert np.isfinite(part.line_ends).all()


def test_pixels_and_places_in_the_region_lead_back_to_each_other() -> None:
    corners = np.array([[100.0, 50.0], [500.0, 50.0], [500.0, 350.0], [100.0, 350.0]])
    np.testing.assert_allclose(on_quad(np.array([[0.0, 0.0]]), (640, 480), corners), [[100, 350]])
    pixel = np.array([123.0, 45.0])
    place = on_quad(pixel[None], (640, 480), corners)[0]
    np.testing.assert_allclose(off_quad(place, (640, 480), corners), pixel)


def test_the_frame_shown_is_the_nearest_and_none_outside() -> None:
    times = np.arange(10) / 25
    assert [frame_at(times, s) for s in (-0.03, 0.0, 0.045, 0.36, 0.5)] == [None, 0, 1, 9, None]


def test_what_the_detector_saw_is_told_with_its_frames(track: KeypointTrack) -> None:
    seen = {"cuts": [[40, 40]], "camera": [[0, 9], [30, 50]]}
    codes = {f.code: f.ranges for f in findings(replace(track, about={"pictures": seen}))}
    assert codes == {"cuts": ((40, 40),), "camera": ((0, 9), (30, 50))}


@pytest.mark.parametrize(
    "pictures",
    ["?", 3, {"cuts": "0-3"}, {"cuts": [[1]]}, {"cuts": [["a", 2]]}, {"cuts": [[5, 10**9]]}],
)
def test_what_no_detector_writes_is_left_out(track: KeypointTrack, pictures: object) -> None:
    assert findings(replace(track, about={"pictures": pictures})) == []
