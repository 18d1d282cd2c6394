"""Keypoints that a camera does not see: limbs behind the body, half bodies, nothing at all.

The model learns from them to answer "it may be this or that" in place of trusting a guess.
"""

from __future__ import annotations

import numpy as np

from ..shared.arrays import Bools
from ..shared.takes import LIMB_GROUPS

HIDDEN_SHARE = 0.35
"""Share of windows that miss something."""
KINDS = {"limb": 0.5, "joint": 0.2, "legs": 0.15, "all": 0.15}
"""What is missing then. Without any keypoint the model learns motion itself."""
LIMBS = [list(LIMB_GROUPS[g]) for g in ("left_arm", "right_arm", "left_leg", "right_leg")]
LEGS = [1, 2, 3, 4, 5, 6]


def hide(rng: np.random.Generator, batch: int, frames: int, joints: int) -> Bools:
    """(B, F, J): which keypoints a camera shows."""
    known = np.ones((batch, frames, joints), bool)
    kinds = rng.choice(list(KINDS), batch, p=list(KINDS.values()))
    for window in np.flatnonzero(rng.random(batch) < HIDDEN_SHARE):
        known[window] = ~_hidden(rng, str(kinds[window]), frames, joints)
    return known


def _hidden(rng: np.random.Generator, kind: str, frames: int, joints: int) -> Bools:
    """(F, J) true where the window hides a keypoint."""
    hidden = np.zeros((frames, joints), bool)
    if kind == "all":
        hidden[:] = True
    elif kind == "legs":
        hidden[:, LEGS] = True
    else:
        chosen = LIMBS[rng.integers(len(LIMBS))] if kind == "limb" else [rng.integers(1, joints)]
        chosen = chosen[rng.integers(0, len(chosen)) :] if rng.random() < 0.5 else chosen
        length = rng.integers(2, max(2 * frames, 3))
        first = rng.integers(-length + 1, frames)
        span = slice(max(first, 0), max(first, 0) + length)
        hidden[span, chosen] = True
    return hidden
