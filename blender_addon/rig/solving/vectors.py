"""Arithmetic on many small vectors and rotations, several times faster than the plain way.

Shapes are the usual ones, (..., 3) and (..., 3, 3); but in memory the numbers of one component lie
side by side, so that every operation runs over long rows of frames. Any layout is taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....shared.arrays import Floats
from ....shared.rotations import quaternion_from_matrix as careful_quaternion

SMALL_TRACE = -0.5
"""Rotations by more than 138 degrees: the simple formula for their quaternion loses digits."""

TINY = 1e-12


def rows_of_frames(values: Floats, components: int = 1) -> Floats:
    """The same numbers, with the last `components` axes outermost in memory."""
    last = tuple(range(-components, 0))
    first = tuple(range(components))
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(values, last, first)), first, last)


def transposed(turns: Floats) -> Floats:
    """The inverse rotations (..., 3, 3)."""
    return np.swapaxes(turns, -1, -2)


def mul(first: Floats, second: Floats) -> Floats:
    """Matrix products (..., 3, 3)."""
    shape = np.broadcast_shapes(first.shape[:-2], second.shape[:-2])
    out, part = np.empty((3, 3, *shape)), np.empty(shape)
    for i in range(3):
        for j in range(3):
            np.multiply(first[..., i, 0], second[..., 0, j], out=out[i, j, ...])
            for k in (1, 2):
                np.multiply(first[..., i, k], second[..., k, j], out=part)
                out[i, j] += part
    return np.moveaxis(out, (0, 1), (-2, -1))


def turned(turns: Floats, vectors: Floats) -> Floats:
    """Matrices (..., 3, 3) applied to vectors (..., 3)."""
    shape = np.broadcast_shapes(turns.shape[:-2], vectors.shape[:-1])
    out, part = np.empty((3, *shape)), np.empty(shape)
    for i in range(3):
        np.multiply(turns[..., i, 0], vectors[..., 0], out=out[i, ...])
        for k in (1, 2):
            np.multiply(turns[..., i, k], vectors[..., k], out=part)
            out[i] += part
    return np.moveaxis(out, 0, -1)


def dot(first: Floats, second: Floats) -> Floats:
    """(...) of vectors (..., 3)."""
    return sum((first[..., i] * second[..., i] for i in (1, 2)), first[..., 0] * second[..., 0])


def length(vectors: Floats) -> Floats:
    """(...) of vectors (..., 3)."""
    return np.sqrt(dot(vectors, vectors))


def unit(vectors: Floats) -> Floats:
    """Unit vectors (..., 3); one without length stays almost zero."""
    return rows_of_frames(vectors) / np.maximum(length(vectors), 1e-9)[..., None]


def cross(first: Floats, second: Floats) -> Floats:
    """(..., 3)."""
    parts = [
        first[..., (i + 1) % 3] * second[..., (i + 2) % 3]
        - first[..., (i + 2) % 3] * second[..., (i + 1) % 3]
        for i in range(3)
    ]
    return np.moveaxis(_gathered(parts), 0, -1)


def across(vectors: Floats, along: Floats) -> Floats:
    """Vectors (..., 3) less their part along the unit vectors `along`."""
    return vectors - dot(vectors, along)[..., None] * along


def frame(primary: Floats, secondary: Floats) -> Floats:
    """Orthonormal frame (..., 3, 3): along `primary`, in the plane of both, across."""
    first = unit(primary)
    second = unit(across(secondary, first))
    return columns(first, second, cross(first, second))


def columns(*vectors: Floats) -> Floats:
    """Matrices (..., 3, 3) of three vectors (..., 3)."""
    shape = np.broadcast_shapes(*(v.shape[:-1] for v in vectors))
    out = np.empty((3, 3, *shape))
    for j, vector in enumerate(vectors):
        for i in range(3):
            out[i, j] = vector[..., i]
    return np.moveaxis(out, (0, 1), (-2, -1))


def side_by_side(parts: Sequence[Floats], components: int = 1) -> Floats:
    """(F, K, ...) of K arrays (F, ...) with `components` further axes."""
    out = np.empty((*parts[0].shape[1:], len(parts[0]), len(parts)))
    out = np.moveaxis(out, tuple(range(components)), tuple(range(-components, 0)))
    for i, part in enumerate(parts):
        out[:, i] = part
    return out


def matrix(quat_wxyz: Floats) -> Floats:
    """(..., 4) unit quaternions -> (..., 3, 3)."""
    w, x, y, z = (quat_wxyz[..., i] for i in range(4))
    x2, y2, z2 = x + x, y + y, z + z
    xx, yy, zz, xy, xz, yz = x * x2, y * y2, z * z2, x * y2, x * z2, y * z2
    wx, wy, wz = w * x2, w * y2, w * z2
    numbers = [1 - yy - zz, xy - wz, xz + wy, xy + wz, 1 - xx - zz, yz - wx]
    numbers += [xz - wy, yz + wx, 1 - xx - yy]
    out = _gathered(numbers)
    return np.moveaxis(out.reshape(3, 3, *out.shape[1:]), (0, 1), (-2, -1))


def quaternion(turns: Floats) -> Floats:
    """(..., 3, 3) rotations -> (..., 4) unit quaternions wxyz with w >= 0."""
    m = turns
    trace = m[..., 0, 0] + m[..., 1, 1] + m[..., 2, 2]
    parts = [1 + trace, *(m[..., j, i] - m[..., i, j] for i, j in ((1, 2), (2, 0), (0, 1)))]
    quat = _gathered(parts)
    quat /= np.sqrt(np.maximum(sum((q * q for q in quat[1:]), quat[0] ** 2), TINY))
    quat = np.moveaxis(quat, 0, -1)
    far = trace < SMALL_TRACE
    if far.any():
        quat[far] = careful_quaternion(m[far])
    return quat


def _gathered(parts: Sequence[Floats]) -> Floats:
    """(N, ...) of N arrays (...): far quicker than `np.array` of a list."""
    out = np.empty((len(parts), *parts[0].shape))
    for i, part in enumerate(parts):
        out[i] = part
    return out


def small_turn(vectors: Floats) -> Floats:
    """Rotations (..., 3, 3) about vectors (..., 3) by about their lengths in radians."""
    size = np.sqrt(1 + dot(vectors, vectors) / 4)
    parts = [1 / size, *(vectors[..., i] / (2 * size) for i in range(3))]
    return matrix(np.moveaxis(_gathered(parts), 0, -1))


def between(source: Floats, target: Floats) -> Floats:
    """Smallest rotation (..., 3, 3) that turns unit vectors `source` into `target`.

    Opposite vectors have none: a half turn about some perpendicular axis is given then.
    """
    axis = cross(source, target)
    cosine = dot(source, target)
    opposite = cosine < -1 + 1e-9
    size = np.sqrt(np.maximum(2 * (1 + cosine), TINY))
    parts = np.array([size / 2, *(axis[..., i] / size for i in range(3))])
    if opposite.any():
        some = np.broadcast_to(source, axis.shape)[opposite]
        helper = np.where(np.abs(some[..., :1]) < 0.9, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
        parts[0][opposite] = 0.0
        parts[1:, opposite] = unit(cross(some, helper)).T
    return matrix(np.moveaxis(parts, 0, -1))


def partway(start: Floats, end: Floats, share: Floats | float) -> Floats:
    """Rotations (..., 3, 3) between `start` (share 0) and `end` (share 1), the shortest way.

    `share` is one number or one per rotation (...).
    """
    quat = quaternion(mul(transposed(start), end))
    sine = length(quat[..., 1:])
    half = np.arctan2(sine, quat[..., 0]) * share
    scale = np.sin(half) / np.maximum(sine, TINY)
    parts = [np.cos(half), *(quat[..., i] * scale for i in (1, 2, 3))]
    return mul(start, matrix(np.moveaxis(_gathered(parts), 0, -1)))
