# pyright: basic, reportAttributeAccessIssue=false
"""Which IK controls a rig has: those of a generated Rigify rig, or targets of IK constraints.

Reads only; what is keyed on them is for `ik_keys`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..armature.read_rest_pose import is_generated_rigify
from ..mapping.bone_map import BoneMap
from .ik_keys import IkLimb
from .landmarks import LIMB_BONES

RIGIFY = {  # limb -> IK control, pole, toe control, bone with the switches; without the side
    "upper_arm": ("hand_ik", "upper_arm_ik_target", "", "upper_arm_parent"),
    "thigh": ("foot_ik", "thigh_ik_target", "toe_ik", "thigh_parent"),
}

RIGIFY_SWITCHES = {"IK_FK": 0.0, "pole_vector": 1.0, "IK_parent": 1.0, "pole_parent": 1.0}
"""Custom properties of the latter bone -> values: IK, with its pole, both led by the rig's root."""

Switches = tuple[tuple[str, str, float], ...]


def read_ik(armature_object, bone_map: BoneMap) -> list[IkLimb]:
    """The limbs with IK controls; none for a rig without.

    Rigify's own IK lets bones shrink by some per cent where a limb is bent: hands and feet are
    exact, knees and elbows lie up to centimetres nearer to the limb, in the right plane.
    """
    if is_generated_rigify(armature_object):
        return list(_of_rigify(armature_object))
    return list(_of_constraints(armature_object, bone_map))


def switches_for(
    armature_object, switches: Switches, keyed: tuple[IkLimb, ...], driven: tuple[IkLimb, ...]
) -> Switches:
    """The switches of a rig (`Rig.switches`) with those of limbs that IK drives set to IK. All
    limbs whose IK controls are keyed get the parents that the keys are meant for.
    """
    if not is_generated_rigify(armature_object):
        return switches
    bones = armature_object.pose.bones
    changed = {(bone, name): value for bone, name, value in switches}
    for limb in keyed:
        side, upper, *_ = LIMB_BONES[limb.limb]
        parent = f"{RIGIFY[upper][3]}.{side[0].upper()}"
        for name, value in RIGIFY_SWITCHES.items():
            if name in bones[parent] and (name != "IK_FK" or limb in driven):
                changed[parent, name] = value
    return tuple((bone, name, value) for (bone, name), value in changed.items())


def _of_rigify(armature_object) -> Iterator[IkLimb]:
    bones = armature_object.data.bones
    for limb, (side, upper, *_) in enumerate(LIMB_BONES):
        end, pole, toe, parent = (
            f"{name}.{side[0].upper()}" if name else "" for name in RIGIFY[upper]
        )
        if all(name in bones for name in (end, pole, parent)):
            toe = toe if toe in bones else ""
            found = _limb(armature_object, limb, end, pole, toe, ("root", "root"))
            yield replace(found, exact=False)


def _of_constraints(armature_object, bone_map: BoneMap) -> Iterator[IkLimb]:
    """Lower bones of limbs with an IK constraint whose target follows no bone that gets keys."""
    bones, keyed = armature_object.data.bones, bone_map.names()
    for limb, (side, _, lower, _) in enumerate(LIMB_BONES):
        bone = armature_object.pose.bones[bone_map.part(side, lower)]
        for constraint in bone.constraints:
            if constraint.type != "IK" or constraint.mute or constraint.influence <= 0:
                continue
            if constraint.target is not armature_object or constraint.chain_count != 2:
                continue
            end = constraint.subtarget
            pole = constraint.pole_subtarget if constraint.pole_target is armature_object else ""
            if all(_is_free(bones.get(name), keyed) for name in (end, pole) if name or name == end):
                tops = _topmost(bones[end]), _topmost(bones[pole]) if pole else ""
                yield _limb(armature_object, limb, end, pole, "", tops)
                break


def _is_free(bone, keyed: set[str]) -> bool:
    """Whether nothing above a bone gets keys."""
    if bone is None or bone.name in keyed:
        return False
    return not keyed.intersection(above.name for above in bone.parent_recursive)


def _topmost(bone) -> str:
    return [bone, *bone.parent_recursive][-1].name


def _limb(
    armature_object, limb: int, end: str, pole: str, toe: str, tops: tuple[str, str]
) -> IkLimb:
    def rest(name: str) -> np.ndarray:
        bones = armature_object.data.bones
        return np.array(bones[name].matrix_local, dtype=float) if name else np.eye(4)

    axis = _pole_axis(armature_object, pole) if pole else np.zeros(3)
    toe_rest = rest(toe) if toe else None
    return IkLimb(limb, end, rest(end), pole, rest(pole), axis, toe, toe_rest, tops)


def _pole_axis(armature_object, pole: str) -> np.ndarray:
    """(3,) armature space: x of the chain's first bone, turned about it by the pole angle."""
    for bone in armature_object.pose.bones:
        for constraint in bone.constraints:
            if constraint.type == "IK" and constraint.pole_subtarget == pole:
                first = [bone, *bone.parent_recursive][constraint.chain_count - 1]
                axes = np.array(first.bone.matrix_local.to_3x3())
                angle = constraint.pole_angle
                return np.cos(angle) * axes[:, 0] + np.sin(angle) * axes[:, 2]
    return np.zeros(3)
