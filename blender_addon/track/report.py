"""What of a track makes the lift hard, told before it: sentences with the frames they are about.

From the keypoints alone. Cuts, blur and a moving camera are seen in the pictures by the server.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Bools
from ...shared.keypoints import KeypointTrack
from ...shared.skeleton import HUMAN36M

SMALL_PX = 150.0
"""Height of a person below which a pixel of the detector's error is a centimetre or more."""

CERTAIN = 0.5
"""Confidence from which a keypoint counts as seen."""

SHARE = 0.1
"""Of the frames: what happens more rarely is not worth a sentence."""

GAP = 3
"""Frames. Shorter pauses do not end a range."""

FEET = tuple(HUMAN36M.joints.index(f"{side}_foot") for side in ("right", "left"))
HANDS = tuple(HUMAN36M.joints.index(f"{side}_wrist") for side in ("right", "left"))

Ranges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Finding:
    """`text` for people; `ranges` of the track's frames, from 0, both ends included."""

    code: str
    text: str
    ranges: Ranges = ()


def findings(track: KeypointTrack) -> list[Finding]:
    """The most important first; empty for a track without trouble."""
    told = (_missing(track), _size(track), *_hidden(track), _rate(track))
    return [finding for finding in told if finding]


def ranges_of(which: Bools) -> Ranges:
    """Runs of True, first and last, with short pauses bridged."""
    frames = np.flatnonzero(which)
    runs = np.split(frames, np.flatnonzero(np.diff(frames) > GAP) + 1)
    return tuple((int(run[0]), int(run[-1])) for run in runs if len(run))


def _missing(track: KeypointTrack) -> Finding | None:
    gone = np.isnan(track.points[..., 0]).all(axis=1)
    if not gone.any():
        return None
    return Finding("missing", f"Nobody is seen in {_percent(gone)} of the frames.", ranges_of(gone))


def _size(track: KeypointTrack) -> Finding | None:
    seen = np.isfinite(track.points[..., 1]).sum(axis=1) > HUMAN36M.joint_count // 2
    if not seen.any():
        return None
    part = track.points[seen]
    height = np.hypot(*(np.nanmax(part, axis=1) - np.nanmin(part, axis=1)).T)
    middle = float(np.median(height))
    if middle >= SMALL_PX:
        return None
    text = f"The person is only {middle:.0f} pixels high: film from nearer, or with more pixels."
    return Finding("small", text)


def _hidden(track: KeypointTrack) -> list[Finding | None]:
    there = np.isfinite(track.points[..., 0]).any(axis=1)
    told: list[Finding | None] = []
    for name, joints, matter in (
        ("feet", FEET, "foot contact is a guess there"),
        ("hands", HANDS, "the arms are a guess there"),
    ):
        points, sure = track.points[:, joints], track.confidence[:, joints]
        outside = ((points < 0) | (points > np.array(track.image_size))).any(axis=-1)
        lost = there & ((sure < CERTAIN) | outside | np.isnan(points[..., 0])).any(axis=1)
        if lost.mean() > SHARE:
            text = f"The {name} are hidden or cut off in {_percent(lost)} of the frames: {matter}."
            told.append(Finding(name, text, ranges_of(lost)))
    return told


def _rate(track: KeypointTrack) -> Finding | None:
    steps = np.diff(track.times)
    long = np.concatenate([[False], steps > 1.7 * np.median(steps)])
    if long.any():
        return Finding("gaps", "The video skips frames.", ranges_of(long))
    return None


def _percent(which: Bools) -> str:
    share = 100 * float(which.mean())
    return f"{share:.0f} %" if share >= 1 else "under 1 %"
