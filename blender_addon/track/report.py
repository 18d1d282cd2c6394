"""What of a track makes the lift hard, told before it: sentences with the frames they are about.

From the keypoints alone. Cuts, blur and a moving camera are seen in the pictures by the server.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Bools
from ...shared.keypoints import KeypointTrack
from ...shared.repair.findings import (
    FEET,
    HANDS,
    SHARE,
    SMALL_PX,
    hidden,
    nobody,
    person_height,
    skipped,
)

GAP = 3
"""Frames. Shorter pauses do not end a range."""

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
    gone = nobody(track)
    if not gone.any():
        return None
    return Finding("missing", f"Nobody is seen in {_percent(gone)} of the frames.", ranges_of(gone))


def _size(track: KeypointTrack) -> Finding | None:
    height = person_height(track)
    if not height < SMALL_PX:  # NaN: nobody is seen at all
        return None
    text = f"The person is only {height:.0f} pixels high: film from nearer, or with more pixels."
    return Finding("small", text)


def _hidden(track: KeypointTrack) -> list[Finding | None]:
    told: list[Finding | None] = []
    for name, joints, matter in (
        ("feet", FEET, "foot contact is a guess there"),
        ("hands", HANDS, "the arms are a guess there"),
    ):
        lost = hidden(track, joints)
        if lost.mean() > SHARE:
            text = f"The {name} are hidden or cut off in {_percent(lost)} of the frames: {matter}."
            told.append(Finding(name, text, ranges_of(lost)))
    return told


def _rate(track: KeypointTrack) -> Finding | None:
    missing = skipped(track)
    if missing.any():
        return Finding("gaps", "The video skips frames.", ranges_of(missing))
    return None


def _percent(which: Bools) -> str:
    share = 100 * float(which.mean())
    return f"{share:.0f} %" if share >= 1 else "under 1 %"
