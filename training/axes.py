"""Rotations about a coordinate axis: what cameras and BVH files are made of."""

from __future__ import annotations

import numpy as np

from ..shared.arrays import Floats


def about_axis(axis: int, angle: Floats) -> Floats:
    """Rotation matrices (N, 3, 3) by `angle` (N,) radians about x (0), y (1) or z (2)."""
    a, b = ((1, 2), (2, 0), (0, 1))[axis]
    matrix = np.tile(np.eye(3), (len(angle), 1, 1))
    matrix[:, a, a] = matrix[:, b, b] = np.cos(angle)
    matrix[:, b, a] = np.sin(angle)
    matrix[:, a, b] = -np.sin(angle)
    return matrix
