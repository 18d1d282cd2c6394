"""Limbs that pass through the body: how near the bones of two parts come to each other.

17 joints show no flesh. The distances are those at which any body of that size would be inside of
itself, so that a hand on the hip is none.
"""

from __future__ import annotations

import numpy as np

from ...shared.arrays import Bools, Floats

TRUNK_M = 0.5
"""Hip to thorax of the body whose distances are below; others are scaled."""

ARMS, THIGHS, SHINS = ((12, 13), (15, 16)), ((4, 5), (1, 2)), ((5, 6), (2, 3))
TRUNK, HEAD = (0, 8), (9, 10)

PAIRS = (
    *((arm, TRUNK, 0.09) for arm in ARMS),
    *((arm, HEAD, 0.05) for arm in ARMS),
    *((arm, thigh, 0.05) for arm in ARMS for thigh in THIGHS),
    (*ARMS, 0.03),
    (*SHINS, 0.05),
)
"""Two bones, as pairs of joints, and the metres from which on they are through each other."""


def through_itself(poses: Floats) -> Bools:
    """(F,) in which frames of (F, 17, 3) a limb is in the body or in another limb."""
    trunk = np.linalg.norm(poses[:, TRUNK[1]] - poses[:, TRUNK[0]], axis=-1)
    size = float(np.median(trunk)) / TRUNK_M
    found = np.zeros(len(poses), dtype=np.bool_)
    for one, other, metres in PAIRS:
        found |= distances(poses[:, one], poses[:, other]) < metres * size
    return found


def distances(one: Floats, other: Floats) -> Floats:
    """(F,) between the nearest points of two segments (F, 2, 3) each.

    The nearest points are where the joining line is square to both; where that lies beyond an end
    the end counts, for one segment after the other.
    """
    way, other_way = one[:, 1] - one[:, 0], other[:, 1] - other[:, 0]
    gap = other[:, 0] - one[:, 0]
    a, b, c = _dot(way, way), _dot(way, other_way), _dot(other_way, other_way)
    d, e = _dot(way, gap), _dot(other_way, gap)
    square = a * c - b * b
    s = np.clip(_over(d * c - b * e, square), 0.0, 1.0)
    t = np.clip(_over(b * s - e, c), 0.0, 1.0)
    s = np.clip(_over(d + b * t, a), 0.0, 1.0)
    nearest = gap + t[:, None] * other_way - s[:, None] * way
    return np.sqrt(_dot(nearest, nearest))


def _dot(one: Floats, other: Floats) -> Floats:
    return np.sum(one * other, axis=-1)


def _over(value: Floats, by: Floats) -> Floats:
    """0 where there is nothing to divide by: segments of no length, or side by side."""
    return np.where(by > 1e-12, value / np.maximum(by, 1e-12), 0.0)
