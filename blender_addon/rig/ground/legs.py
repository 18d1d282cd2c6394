"""Legs that reach for where their ankles shall be: the body sinks, a free foot stays behind.

Knees bend by two-bone solutions; what a leg would need its very last millimetres for is given up
before, because a knee that comes to its end jumps.
"""

from __future__ import annotations

import numpy as np

from ....shared.arrays import Bools, Floats
from ..solving.landmarks import LIMB_JOINTS, Body
from ..solving.smooth import most
from ..solving.two_bone import STRETCH, reach
from ..solving.vectors import mul, turned

EASY = 0.985
"""Of a leg's length: where planting pulls a leg straighter, the body sinks, or a free foot stays
behind. At its full length a knee jumps."""

NEAR_S = 0.08
"""Feet are lifted over the floor, and hips lowered, from so long before until so long after."""

LEGS = LIMB_JOINTS[2:]


def sunk(moved: Floats, targets: Floats, held: Bools, fps: float) -> Floats:
    """(F,) how far the body must sink for its legs to reach planted feet with ease."""
    need = np.zeros(held.shape)
    for foot, (hip, _, _) in enumerate(LEGS):
        way = moved[:, hip] - targets[:, foot]
        easy = _easy_reach(moved, foot)[1]
        room = np.maximum(easy**2 - np.sum(way[:, :2] ** 2, axis=1), 0)
        need[:, foot] = np.maximum(way[:, 2] - np.sqrt(room), 0.0) * held[:, foot]
    return most(need.max(axis=1, keepdims=True), max(1, round(NEAR_S * fps)))[:, 0]


def _easy_reach(moved: Floats, foot: int) -> tuple[float, Floats]:
    """Length of a leg, and (F,) how far it goes without being pulled straighter than it was."""
    hip, knee, ankle = LEGS[foot]
    whole = float(np.linalg.norm(np.diff(moved[0, [hip, knee, ankle]], axis=0), axis=-1).sum())
    return whole, np.maximum(EASY * whole, np.linalg.norm(moved[:, ankle] - moved[:, hip], axis=-1))


def in_easy_reach(moved: Floats, targets: Floats, held: Bools) -> Floats:
    """Targets (F, 2, 3), nearer to the hip where a free leg would be pulled straight: the last
    millimetres would make the knee jump.
    """
    nearer = targets.copy()
    for foot, (hip, _, _) in enumerate(LEGS):
        whole, easy = _easy_reach(moved, foot)
        way = targets[:, foot] - moved[:, hip]
        distance = np.linalg.norm(way, axis=-1)
        room = np.maximum(STRETCH * whole - easy, 1e-6 * whole)
        past = np.maximum(distance - easy, 0.0) * ~held[:, foot]
        lost = past - room * (1 - np.exp(-past / room))
        nearer[:, foot] -= way * (lost / np.maximum(distance, 1e-9))[:, None]
    return nearer


def bent_legs(
    moved: Floats, targets: Floats, body: Body, turns: dict[str, Floats], hinges: Floats
) -> dict[str, Floats]:
    names = [limb[:2] for limb in body.limb_bones[2:]]
    axes = np.stack(
        [turned(turns[thigh], hinge) for (thigh, _), hinge in zip(names, hinges, strict=True)], 1
    )
    start, hinge, end = (moved[:, [leg[i] for leg in LEGS]] for i in range(3))
    upper, lower = reach(start, hinge, end, targets, axes)
    bent: dict[str, Floats] = {}
    for foot, (thigh, shin) in enumerate(names):
        bent |= {
            thigh: mul(upper[:, foot], turns[thigh]),
            shin: mul(lower[:, foot], turns[shin]),
        }
    return bent
