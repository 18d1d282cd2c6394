"""Measures of a track: how tall the person is, what is hidden, where frames are missing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from retake.shared.keypoints import KeypointTrack
from retake.shared.repair import findings


@pytest.fixture
def person() -> KeypointTrack:
    points = np.tile(np.linspace((100, 100), (100, 400), 17), (20, 1, 1)).astype(np.float32)
    confidence, times = np.ones((20, 17), np.float32), np.arange(20) / 25
    return KeypointTrack(points, confidence, times, (640, 480), 25.0, "a test")


def test_the_height_is_that_of_frames_with_half_of_the_body(person: KeypointTrack) -> None:
    points = person.points.copy()
    points[:5, 5:] = np.nan  # 5 keypoints of a person cut off are no height
    assert findings.person_height(replace(person, points=points)) == pytest.approx(300)
    points[5:, 5:] = np.nan
    assert np.isnan(findings.person_height(replace(person, points=points)))


def test_an_empty_frame_is_nobody_and_hides_no_hands(person: KeypointTrack) -> None:
    points, confidence = person.points.copy(), person.confidence.copy()
    points[3] = np.nan
    points[7, findings.HANDS[0]] = np.nan
    points[8, findings.HANDS[1]] = (700, 100)
    confidence[9, findings.HANDS[1]] = 0.2
    track = replace(person, points=points, confidence=confidence)
    assert np.flatnonzero(findings.nobody(track)).tolist() == [3]
    assert np.flatnonzero(findings.hidden(track, findings.HANDS)).tolist() == [7, 8, 9]
    assert not findings.hidden(track, findings.FEET).any()


def test_the_frame_after_a_pause_is_the_one_that_is_told(person: KeypointTrack) -> None:
    times = person.times.copy()
    times[12:] += 0.04
    assert np.flatnonzero(findings.skipped(replace(person, times=times))).tolist() == [12]
    assert not findings.skipped(person).any()
