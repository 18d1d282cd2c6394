"""Hypotheses that are proposed instead of sampled: how many, and how far they are believed."""

from __future__ import annotations

import numpy as np

from ...shared.arrays import Floats, Floats32
from .lift_options import LiftOptions

MOST = 3
"""A limb has three ways to be mirrored: both bones, and each of the two."""

BELIEF = 0.07
"""Of all weight, each: so often the truth is nearer to a proposed limb than to the sampled one from
which it was made (docs/experiments.md)."""


def proposals_for(options: LiftOptions) -> int:
    """How many of the hypotheses: a third at most, and none of what an animator steers."""
    if options.steering.asks_for_something:
        return 0
    return min(options.hypotheses // 3, MOST)


def believed(weights: Floats, sampled: int) -> Floats32:
    """`weights` (H,) of which all but the first `sampled` are proposals -> (H,), sum 1.

    The sampled ones share what the proposals leave, in their proportions. A mirrored limb shows
    nearly the same picture: how well it explains it says nothing, so that proposals weigh the same.
    """
    own = np.full(len(weights), BELIEF)
    left = 1 - BELIEF * (len(weights) - sampled)
    own[:sampled] = left * weights[:sampled] / weights[:sampled].sum()
    return own.astype(np.float32)
