"""Joints <-> bone lengths and bone directions (paper, Eq. 1 and 7), on numpy arrays."""

from __future__ import annotations

import numpy as np

from .arrays import Floats
from .skeleton import Skeleton

SHORTEST_BONE = 1e-6
"""Metres. A shorter bone has no direction; dividing by this instead keeps every number finite."""


def decompose(positions: Floats, skeleton: Skeleton) -> tuple[Floats, Floats]:
    """Positions (..., joints, 3) -> bone lengths (..., joints, 1), directions (..., joints, 3).

    Arrays are per slot: slot c belongs to the bone that ends at joint c; the root's slot is zero.
    Lengths have the unit of the positions. Paper Eq. 1.
    """
    parents, children = np.array(skeleton.bones).T
    vectors = np.zeros_like(positions)
    vectors[..., children, :] = positions[..., children, :] - positions[..., parents, :]
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return lengths, vectors / np.maximum(lengths, SHORTEST_BONE)


def recompose(lengths: Floats, directions: Floats, skeleton: Skeleton) -> Floats:
    """Root-relative joint positions (..., joints, 3): C = Cp + l d, from the root outwards."""
    vectors = lengths * directions
    positions = np.zeros_like(vectors)
    for joint in skeleton.root_first:
        parent = skeleton.parents[joint]
        if parent >= 0:
            positions[..., joint, :] = positions[..., parent, :] + vectors[..., joint, :]
    return positions
