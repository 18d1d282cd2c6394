"""Keys of IK controls: where hand and foot controls are and where poles point to.

Pure arrays; which controls a rig has is read elsewhere (`read_controls`).
"""

from __future__ import annotations

from dataclasses import dataclass

from ....shared.arrays import Floats
from ....shared.rotations import continuous
from .landmarks import LIMB_JOINTS, Body
from .root_policy import Carried
from .vectors import across, dot, length, mul, quaternion, transposed, turned, unit


@dataclass(frozen=True)
class IkLimb:
    """Controls of one limb, above which nothing is keyed but the rig's root bone.

    Rest matrices are (4, 4), in armature space.

    limb        row of `landmarks.LIMB_BONES`
    end, pole   names; an empty pole: the rig has none
    pole_axis   (3,) of the limb's upper bone at rest, armature space: Blender turns the limb about
                the way from its start to its end until this points to the pole
    toe         control that turns the toes against the foot; empty: none
    tops        the topmost bones above the end and above the pole: where these go, the controls go
    exact       IK shows the same pose as FK; Rigify's shrinks the bones of bent limbs
    """

    limb: int
    end: str
    end_rest: Floats
    pole: str
    pole_rest: Floats
    pole_axis: Floats
    toe: str = ""
    toe_rest: Floats | None = None
    tops: tuple[str, str] = ("", "")
    exact: bool = True


@dataclass(frozen=True)
class IkKeys:
    """Control -> basis rotations (F, 4) wxyz and basis locations (F, 3), armature units."""

    rotations: dict[str, Floats]
    locations: dict[str, Floats]


def ik_keys(
    limbs: tuple[IkLimb, ...],
    posed: Floats,
    body: Body,
    turns: dict[str, Floats],
    world: Floats,
    way: Carried,
) -> IkKeys:
    """Controls for the rig's joints posed (F, 17, 3) under `turns` of its bones.

    `posed` is in the world less what the root bone or the object carries, as `way` says; a control
    that does not hang on the root bone has to go that way itself. world (4, 4): armature space ->
    world.
    """
    rotations: dict[str, Floats] = {}
    locations: dict[str, Floats] = {}
    per_unit = body.per_unit
    axes = world[:3, :3] / per_unit
    for own in limbs:
        start, hinge, end = (posed[:, joint] for joint in LIMB_JOINTS[own.limb])
        upper, lower, last = body.limb_bones[own.limb]
        turn = turns.get(last, turns[lower])
        rest = axes @ own.end_rest[:3, :3]
        head = world[:3, :3] @ own.end_rest[:3, 3] + world[:3, 3]
        ends = end + turned(turn, head - body.rest_joints[LIMB_JOINTS[own.limb][2]])
        rotations[own.end] = _basis(turn, rest)
        alone = [way.travel if way.bone and top != way.bone else 0.0 for top in own.tops]
        locations[own.end] = (ends + alone[0] - head) @ rest / per_unit
        if own.pole:
            place = _pole(start, hinge, end, turned(turns[upper], axes @ own.pole_axis))
            rest = axes @ own.pole_rest[:3, :3]
            at_rest = world[:3, :3] @ own.pole_rest[:3, 3] + world[:3, 3]
            locations[own.pole] = (place + alone[1] - at_rest) @ rest / per_unit
        side = (body.bone_map.left, body.bone_map.right)[own.limb % 2]
        if own.toe and own.toe_rest is not None and side.toe in turns:
            against = mul(transposed(turn), turns[side.toe])
            rotations[own.toe] = _basis(against, axes @ own.toe_rest[:3, :3])
    return IkKeys(rotations, locations)


def _basis(turn: Floats, rest: Floats) -> Floats:
    return continuous(quaternion(mul(rest.T, mul(turn, rest))))


def _pole(start: Floats, hinge: Floats, end: Floats, axis: Floats) -> Floats:
    """Places (F, 3) a limb's length away from its middle, where the axis (F, 3) points."""
    along = unit(end - start)
    size = length(hinge - start) + length(end - hinge)
    middle = start + dot(hinge - start, along)[:, None] * along
    return middle + unit(across(axis, along)) * size[:, None]
