"""What was mended, in sentences for the animator."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..arrays import Ints
from .changes import Change

_SENTENCES = {
    "swap": "left and right of the {limbs} exchanged in frames {frames}",
    "between": "the {limbs} were unclear between two sides in frames {frames}",
    "outlier": "{count} single points that jumped away were dropped",
    "gap": "{count} missing points were bridged",
}


def sentences(changes: Sequence[Change]) -> list[str]:
    """One per kind and limb for sides, one per kind with a count for the rest."""
    told: dict[str, int] = {}
    for done in changes:
        frames = frame_ranges(done.frames)
        limbs = "arms" if "left_wrist" in done.names else "legs"
        text = _SENTENCES[done.kind].format(limbs=limbs, frames=frames, count="{count}")
        told[text] = told.get(text, 0) + len(done.frames) * len(done.names)
    return [text.format(count=count) for text, count in told.items()]


def frame_ranges(frames: Ints) -> str:
    """ "3, 33-36, 41" of increasing frame numbers, counted from 0."""
    runs = np.split(frames, np.flatnonzero(np.diff(frames) > 1) + 1)
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in runs if len(r))
