"""Two bones and a hinge that reach for a point: the analytic solution, for many limbs at once.

Pure geometry; a limb keeps the side to which it bends.
"""

from __future__ import annotations

import numpy as np

from ....shared.arrays import Floats
from .frames import smoothstep
from .vectors import across, between, cross, frame, length, mul, transposed, turned, unit

STRETCH = 0.9995
"""Of the length of both bones that a reach may use: a fully stretched joint jerks."""

STRAIGHT, BENT = 0.01, 0.04
"""Sine of the flexion up to which the limb's own hinge axis decides about the side of the bend, and
from which the bend itself does."""

MOVED = 0.01
"""In limb lengths: an end that is moved less than this hardly needs the hinge axis. One that is not
moved leaves the limb exactly as it is."""


def reach(
    start: Floats, hinge: Floats, end: Floats, target: Floats, axis: Floats
) -> tuple[Floats, Floats]:
    """Swings (..., 3, 3) of the upper and of the lower bone that bring `end` to `target`.

    All (..., 3): the limb's three joints, the wanted end, and its hinge axis, about which the lower
    bone bends by a positive angle. A target too far or too near is reached as nearly as possible.
    """
    upper, lower = hinge - start, end - hinge
    a, b = (length(v)[..., None] for v in (upper, lower))
    way = target - start
    longest, shortest = (a + b) * STRETCH, np.abs(a - b) + 0.01 * (a + b)
    distance, was = length(way)[..., None], length(end - start)[..., None]
    far = np.clip(distance, np.minimum(shortest, was), np.maximum(longest, was))

    bend = cross(upper / a, lower / b)
    sine = length(bend)[..., None]
    moved = length(target - end)[..., None] / (a + b)
    help_needed = BENT * (1 - smoothstep(STRAIGHT, BENT, sine)) * smoothstep(0.0, MOVED, moved)
    bent = bend + (help_needed + 1e-9) * axis
    before, after = unit(end - start), unit(way)
    before_axis = unit(across(bent, before))
    after_axis = turned(between(before, after), before_axis)
    outwards = cross(after, after_axis)
    cosine = np.clip((a**2 + far**2 - b**2) / (2 * a * far), -1.0, 1.0)
    knee = a * (cosine * after + np.sqrt(1 - cosine**2) * outwards)
    return (
        _swing(upper, before_axis, knee, after_axis),
        _swing(lower, before_axis, far * after - knee, after_axis),
    )


def _swing(bone: Floats, axis: Floats, new_bone: Floats, new_axis: Floats) -> Floats:
    return mul(frame(new_bone, new_axis), transposed(frame(bone, axis)))
