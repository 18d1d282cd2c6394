"""Who carries the way over the floor: the hips, a root bone above them, or the object.

Works on positions; what is keyed is decided by `Wishes`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....shared.arrays import Floats
from ....shared.errors import RetakeError
from ..wishes import Root, Way
from .landmarks import Body
from .smooth import smooth

TRAVEL_S = 0.3
"""Sways that are faster stay on the hips; the way under them is what the root carries."""


@dataclass(frozen=True)
class RootPolicy:
    """As in `Wishes`: `scale` of the way, who carries it, whether it is left out, what tells it."""

    root: Root = "hips"
    in_place: bool = False
    scale: float | None = None
    way: Way = "legs"


@dataclass(frozen=True)
class Carried:
    """hips (F, 3): what moves the hips still, world units; travel (F, 3): what moves all else.

    bone: the root bone that has the travel; empty where the object has it, or nobody.
    """

    hips: Floats
    travel: Floats
    bone: str


def carried(policy: RootPolicy, path: Floats, move: Floats, body: Body, fps: float) -> Carried:
    """path (F, 3) of joint 0 in the world, move (F, 3) from its rest place.

    Raises RetakeError if there is no root bone.
    """
    still = Carried(move, np.zeros_like(move), "")
    bone = root_bone(body) if policy.root == "root" else ""
    if policy.root == "hips" and not policy.in_place:
        return still
    way = path - body.rest_joints[0]
    travel = smooth(way, np.ones_like(way), (TRAVEL_S * fps) ** 4) * (1.0, 1.0, 0.0)
    if policy.in_place:
        return Carried(move - travel, np.zeros_like(move), "")
    return Carried(move - travel, travel, bone)


def root_bone(body: Body) -> str:
    """The topmost bone above the hips."""
    above = body.rest.ancestors(body.bone(body.bone_map.hips))
    if not above:
        raise RetakeError(
            f"The armature '{body.rest.name}' has no root bone above its hips. "
            "Let the hips or the object carry the way."
        )
    return body.rest.bones[above[-1]]
