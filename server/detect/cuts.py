"""Where the picture cuts to another scene: told from how much it changes from frame to frame.

Nothing may go on across a cut: people are followed, and their points mended, within a shot.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import numpy as np

from ...shared.arrays import Floats64

CUT_CHANGE, CUT_RATIO = 0.08, 6.0
"""Mean grey difference from one frame to the next, and how it compares with the usual one."""

_REMEMBERED = 50
"""Frames."""


def cuts(figures: Floats64) -> list[int]:
    """Frames that are the first of a new scene. figures (frames, 4) as `picture_figures` gives."""
    change = figures[:, 0]
    usual = float(np.median(change[change > 0])) if (change > 0).any() else 0.0
    found = (change > CUT_CHANGE) & (change > CUT_RATIO * usual)
    return np.flatnonzero(found).tolist()


def shots(figures: Floats64) -> list[range]:
    """The frames between the cuts, all of them."""
    bounds = [0, *cuts(figures), len(figures)]
    return [range(a, b) for a, b in pairwise(bounds) if a < b]


class CutWatch:
    """The same while the frames come: compared with what was usual in the last ones."""

    def __init__(self) -> None:
        self._changes: deque[float] = deque(maxlen=_REMEMBERED)

    def is_cut(self, change: float) -> bool:
        """`change`: the first of the figures. A wrong yes costs the detector a fresh start only."""
        usual = float(np.median(self._changes)) if self._changes else 0.0
        if change > 0:
            self._changes.append(change)
        return change > CUT_CHANGE and change > CUT_RATIO * usual
