"""What a track's keypoints tell of how hard a clip is: measures, by frame. Who tells them to people
finds the words: the server's preflight in a sentence each, Blender with buttons to the frames.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Bools
from ..keypoints import KeypointTrack
from ..skeleton import HUMAN36M

SMALL_PX = 150.0
"""Height of a person below which a pixel of the detector's error is a centimetre or more."""

CERTAIN = 0.5
"""Confidence from which a keypoint counts as seen."""

SHARE = 0.1
"""Of the frames: what happens more rarely is not worth a sentence."""

SKIPPED = 1.7
"""Times the usual step between frames: from here on at least one frame is missing."""

FEET = tuple(HUMAN36M.joints.index(f"{side}_foot") for side in ("right", "left"))
GAP = 3
"""Frames. Shorter pauses do not end a range."""

Ranges = tuple[tuple[int, int], ...]

HANDS = tuple(HUMAN36M.joints.index(f"{side}_wrist") for side in ("right", "left"))


def ranges_of(which: Bools) -> Ranges:
    """Runs of True, first and last, with short pauses bridged."""
    frames = np.flatnonzero(which)
    runs = np.split(frames, np.flatnonzero(np.diff(frames) > GAP) + 1)
    return tuple((int(run[0]), int(run[-1])) for run in runs if len(run))


def nobody(track: KeypointTrack) -> Bools:
    """(F,) frames in which no keypoint was seen."""
    return np.isnan(track.points[..., 0]).all(axis=1)


def person_height(track: KeypointTrack) -> float:
    """Median diagonal of the person in pixels, over frames with at least half of the keypoints;
    NaN if there are none."""
    seen = np.isfinite(track.points[..., 0]).sum(axis=1) > HUMAN36M.joint_count // 2
    if not seen.any():
        return float("nan")
    part = track.points[seen].astype(np.float64)
    extent = np.nanmax(part, axis=1) - np.nanmin(part, axis=1)
    return float(np.median(np.hypot(extent[:, 0], extent[:, 1])))


def hidden(track: KeypointTrack, joints: tuple[int, ...]) -> Bools:
    """(F,) frames with a person of whom one of `joints` is uncertain, missing or outside of the
    picture."""
    points, sure = track.points[:, joints], track.confidence[:, joints]
    outside = ((points < 0) | (points > np.array(track.image_size))).any(axis=-1)
    lost = (sure < CERTAIN) | outside | np.isnan(points[..., 0])
    return ~nobody(track) & lost.any(axis=1)


def skipped(track: KeypointTrack) -> Bools:
    """(F,) frames before which others are missing."""
    steps = np.diff(track.times)
    if not len(steps):
        return np.zeros(track.frame_count, bool)
    return np.concatenate([[False], steps > SKIPPED * np.median(steps)])
