"""Other people's bodies for a motion: little of what is recorded comes from many bodies."""

from __future__ import annotations

import numpy as np

from ..shared.arrays import Floats
from ..shared.bones import decompose, recompose
from ..shared.skeleton import HUMAN36M

STATURE_SPREAD = 0.05
BONE_SPREAD = 0.035
"""Standard deviations of a random body's size and bones (Drillis and Contini 1966)."""


def random_bodies(rng: np.random.Generator, world: Floats) -> Floats:
    """The motions (B, F, 17, 3) of other people: directions kept, lengths changed, left = right."""
    lengths, directions = decompose(world, HUMAN36M)
    bones = rng.normal(1, BONE_SPREAD, (len(world), HUMAN36M.joint_count))
    bones[:, HUMAN36M.right] = bones[:, HUMAN36M.left]
    stature = rng.normal(1, STATURE_SPREAD, (len(world), 1))
    factors = (bones * stature).clip(0.8, 1.2)[:, None, :, None].astype(np.float32)
    root = world[..., HUMAN36M.root, None, :] * stature[:, None, None].astype(np.float32)
    return recompose(lengths * factors, directions, HUMAN36M) + root
