"""Pure functions on wxyz quaternions and 3x3 matrices that act on column vectors.

Angles in radians.
"""

from __future__ import annotations

import numpy as np

from .arrays import Floats


def normalise(vectors: Floats, floor: float = 1e-9) -> Floats:
    """Unit vectors along the last axis; a vector shorter than `floor` stays (almost) zero."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), floor)


def matrix_from_quaternion(quat_wxyz: Floats) -> Floats:
    """(..., 4) unit quaternions -> (..., 3, 3)."""
    w, x, y, z = np.moveaxis(quat_wxyz, -1, 0)
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_from_matrix(matrix: Floats) -> Floats:
    """(..., 3, 3) rotations -> (..., 4) unit quaternions with w >= 0.

    Every candidate of the four (largest |w|, |x|, |y|, |z|) is built and the best conditioned one
    is taken (Shepperd 1978), so that no rotation angle is special.
    """
    m = matrix
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    diagonal = np.stack([trace, m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]], axis=-1)
    a, b, c = m[..., 2, 1] - m[..., 1, 2], m[..., 0, 2] - m[..., 2, 0], m[..., 1, 0] - m[..., 0, 1]
    d, e, f = m[..., 1, 0] + m[..., 0, 1], m[..., 0, 2] + m[..., 2, 0], m[..., 2, 1] + m[..., 1, 2]
    candidates = np.stack(
        [
            np.stack([1 + trace, a, b, c], axis=-1),
            np.stack([a, 1 + 2 * m[..., 0, 0] - trace, d, e], axis=-1),
            np.stack([b, d, 1 + 2 * m[..., 1, 1] - trace, f], axis=-1),
            np.stack([c, e, f, 1 + 2 * m[..., 2, 2] - trace], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(diagonal, axis=-1)[..., None, None]
    quat = normalise(np.take_along_axis(candidates, best, axis=-2)[..., 0, :])
    return np.where(quat[..., :1] < 0, -quat, quat)


def continuous(quat_wxyz: Floats) -> Floats:
    """(frames, ..., 4) with signs chosen so that neighbours in time lie on the same half."""
    dots = np.sum(quat_wxyz[1:] * quat_wxyz[:-1], axis=-1, keepdims=True)
    flips = np.cumprod(np.where(dots < 0, -1.0, 1.0), axis=0)
    return np.concatenate([quat_wxyz[:1], quat_wxyz[1:] * flips])


def frame(primary: Floats, secondary: Floats) -> Floats:
    """Orthonormal frame (..., 3, 3): along `primary`, in the plane of both, across.

    Gram-Schmidt; `secondary` must not be parallel to `primary`.
    """
    first = normalise(primary)
    second = normalise(secondary - np.sum(secondary * first, axis=-1, keepdims=True) * first)
    return np.stack([first, second, np.cross(first, second)], axis=-1)
