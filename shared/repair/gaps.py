"""Short gaps in a point's path, closed along the motion around them. Long ones stay missing."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ..arrays import Bools, Floats, Floats32, Ints
from ..resample import resample


def short_gaps(seen: Bools, times: Floats, longest_s: float) -> Bools:
    """(frames,) missing frames between two seen ones that are at most `longest_s` apart."""
    known = np.flatnonzero(seen)
    short = np.zeros(len(seen), np.bool_)
    for before, after in pairwise(known.tolist()):
        if after - before > 1 and times[after] - times[before] <= longest_s:
            short[before + 1 : after] = True
    return short


def bridged(path: Floats, frames: Ints, times: Floats) -> Floats32:
    """Places (G, 2) in `frames` on one point's path (F, 2), where NaN is what is not known."""
    known = ~np.isnan(path).any(axis=-1)
    return resample(path[known].astype(np.float64), times[known], times[frames]).astype(np.float32)
