"""What was mended, in sentences for the animator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Ints
from .changes import Change

_OF_SIDES = {
    "swap": "left and right of the {limbs} exchanged in {frames}",
    "between": "the {limbs} were unclear between two sides in {frames}",
}
_OF_ONE = {
    "outlier": "a single point that jumped away was dropped",
    "gap": "a missing point was bridged",
}
_OF_MANY = {
    "outlier": "{count} single points that jumped away were dropped",
    "gap": "{count} missing points were bridged",
}


def sentences(changes: Sequence[Change]) -> list[str]:
    """One per kind and limb for sides, one per kind with a count for the rest."""
    told: list[str] = []
    counts: dict[str, int] = {}
    for done in changes:
        if done.kind in _OF_SIDES:
            limbs = "arms" if "left_wrist" in done.names else "legs"
            told.append(_OF_SIDES[done.kind].format(limbs=limbs, frames=frames_told(done.frames)))
        else:
            counts[done.kind] = counts.get(done.kind, 0) + len(done.frames) * len(done.names)
    for kind, count in counts.items():
        told.append((_OF_ONE if count == 1 else _OF_MANY)[kind].format(count=count))
    return told


def frames_told(frames: Ints, most: int | None = None) -> str:
    """ "frame 7" or "frames 3-9, 12"; of more ranges than `most` the first ones."""
    ranges = frame_ranges(frames).split(", ")
    left = 0 if most is None else max(0, len(ranges) - most)
    more = f" and {left} more range{'s' if left > 1 else ''}" if left else ""
    shown = ", ".join(ranges[: len(ranges) - left])
    return f"{'frame' if len(frames) == 1 else 'frames'} {shown}{more}"


def frame_ranges(frames: Ints) -> str:
    """ "3, 33-36, 41" of increasing frame numbers, counted from 0."""
    runs = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in runs if len(r))
