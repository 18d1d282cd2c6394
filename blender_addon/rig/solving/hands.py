"""Hands that are where an animator wants them: arms reach with two bones, smooth before and after.

Works on joints in the world; hands keep their place on the forearm.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....shared.arrays import Bools, Floats
from ....shared.errors import RetakeError
from ..ground.plants import eased
from ..wishes import Reach
from .landmarks import LIMB_JOINTS, Body
from .two_bone import reach
from .vectors import length, mul, turned

REACH_S = 0.12
"""Time scale of the way to a place and back."""

MISSED = 0.01
"""In leg lengths: a hand that stays further away is reported."""

SIDES = ("left", "right")


def reaching(
    posed: Floats,
    body: Body,
    turns: dict[str, Floats],
    hinges: Floats,
    reaches: Sequence[Reach],
    times: Floats,
    fps: float,
) -> tuple[dict[str, Floats], tuple[str, ...]]:
    """Turns of arms that reach, and notes on those that do not get there.

    posed (F, 17, 3) the rig's joints in the world under `turns`; hinges (2, 3) axes of the elbows
    at rest; times (F,) of the frames in seconds of the clip.
    """
    found: dict[str, Floats] = {}
    notes: list[str] = []
    for arm, side in enumerate(SIDES):
        own = [one for one in reaches if one.hand == side]
        if not own:
            continue
        start, hinge, end = (posed[:, joint] for joint in LIMB_JOINTS[arm])
        upper, lower, _ = body.limb_bones[arm]
        wanted, held = _places(own, end, times)
        target = end + eased(wanted - end, held, REACH_S, fps)
        swings = reach(start, hinge, end, target, turned(turns[upper], hinges[arm]))
        found |= {upper: mul(swings[0], turns[upper]), lower: mul(swings[1], turns[lower])}
        there = start + turned(swings[0], hinge - start) + turned(swings[1], end - hinge)
        missed = float((length(there - target) * held).max(initial=0.0))
        if missed > MISSED * body.leg_length:
            notes.append(
                f"The {side} hand cannot get to its place: it stays up to {missed:.2f} of the "
                "scene's units away. Move the place or the rig."
            )
    return found, tuple(notes)


def _places(reaches: Sequence[Reach], end: Floats, times: Floats) -> tuple[Floats, Bools]:
    """Wanted places (F, 3), and in which frames (F,)."""
    wanted, held = end.copy(), np.zeros(len(end), bool)
    for one in reaches:
        inside = (times >= one.first) & (times <= one.last)
        if not inside.any():
            raise RetakeError(
                f"The {one.hand} hand is to reach from {one.first:g} to {one.last:g} s, but the "
                f"motion lasts from {times[0]:g} to {times[-1]:g} s."
            )
        place = np.asarray(one.place, dtype=float)
        if place.ndim == 2 and len(place) != len(end):
            raise RetakeError(
                f"A reach has {len(place)} places for {len(end)} frames; give one, or one each."
            )
        wanted[inside] = place[inside] if place.ndim == 2 else place
        held |= inside
    return wanted, held
