"""A track of our own is read as another tracker's file is, and stays as it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from retake.shared.keypoints import KeypointTrack
from retake.shared.skeleton import HUMAN36M
from retake.shared.tracks.find import open_sightings
from retake.shared.tracks.sightings import one_person


def test_a_track_of_our_own_reads_back(tmp_path: Path) -> None:
    """Also the joints that are built for other layouts, and points that are no layout's."""
    chance = np.random.default_rng(0)
    points = chance.uniform(10, 400, (6, 17, 2)).astype(np.float32)
    confidence = chance.uniform(0.1, 1, (6, 17)).astype(np.float32)
    for missing in (np.s_[2], np.s_[4, HUMAN36M.joints.index("neck")]):
        points[missing], confidence[missing] = np.nan, 0
    extra_points = chance.uniform(10, 400, (6, 3, 2)).astype(np.float32)
    extra_points[2] = np.nan
    track = KeypointTrack(
        points=points,
        confidence=confidence,
        times=np.array([0, 0.1, 0.2, 0.25, 0.4, 0.5]),
        image_size=(640, 480),
        fps=10.0,
        source="made up",
        extra_points=extra_points,
        extra_names=("nose", "left_toe", "right_heel"),
        extra_confidence=np.where(np.isnan(extra_points[..., 0]), 0, 0.7).astype(np.float32),
    )
    track.save(tmp_path / "track.npz")
    found = open_sightings(tmp_path / "track.npz")
    assert (found.format, found.frames.tolist()) == ("Retake", [0, 1, 3, 4, 5])
    again = one_person(found, range(5), (640, 480), times=track.times)
    np.testing.assert_array_equal(again.points, track.points)
    np.testing.assert_array_equal(again.confidence, track.confidence)
    theirs = [track.extra_names.index(name) for name in again.extra_names]
    assert sorted(theirs) == [0, 1, 2]
    np.testing.assert_array_equal(again.extra_points, track.extra_points[:, theirs])
