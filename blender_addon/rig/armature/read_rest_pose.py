# pyright: basic, reportAttributeAccessIssue=false
"""Reads an armature object's rest pose, also through the mechanism of a generated Rigify rig.

In such a rig the bones that an animator turns hang on helper bones and constraints. What follows
what is found by turning every control once and looking; everything is put back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Matrix, Quaternion  # pyright: ignore[reportMissingImports]

from ....shared.errors import RetakeError
from .limits import Limits
from .object_place import standing_matrix
from .rest_pose import RestPose

MARKS = ("torso", "upper_arm_fk.L", "thigh_fk.L")
"""Bones that every generated human Rigify rig has."""

SWITCHES = {"IK_FK": 1.0, "neck_follow": 1.0, "head_follow": 1.0}
"""Custom properties of its bones -> values with which the FK controls drive the body."""

# The waist's control that turns only the pelvis is left out: the torso turns it already.
TRUNK = ("root", "torso", "neck", "head", "shoulder.L", "shoulder.R")
LIMBS = ("upper_arm_fk", "forearm_fk", "hand_fk", "thigh_fk", "shin_fk", "foot_fk", "toe_fk", "toe")

TURN = Quaternion((1.0, 2.0, -0.5), 0.6)
FOLLOWS = 1e-3
"""Largest difference between the movements of two bones of which one follows the other."""


@dataclass(frozen=True)
class Rig:
    """A rest pose whose parents say what follows what, and what has to be switched for that.

    switches: (bone, custom property, value)
    limits: bone -> what its locks and its constraints of type Limit Rotation leave it
    busy: bones with other constraints at work, which may overrule an action
    """

    rest: RestPose
    limits: dict[str, Limits]
    busy: frozenset[str]
    switches: tuple[tuple[str, str, float], ...] = ()


def read_rig(armature_object) -> Rig:
    """The rest pose to solve for: all bones, or the FK controls of a generated Rigify rig."""
    rest = read_rest_pose(armature_object)
    limits = dict(_limits(armature_object))
    busy = frozenset(bone.name for bone in armature_object.pose.bones if any(_others(bone)))
    if not is_generated_rigify(armature_object):
        return Rig(rest, limits, busy)
    switches = tuple(
        (bone.name, name, value)
        for bone in armature_object.pose.bones
        for name, value in SWITCHES.items()
        if name in bone
    )
    controls = tuple(name for name in rest.bones if _is_control(name))
    with _probing(armature_object, switches):
        follows = _follows(armature_object, controls)
    legs = follows[[name.startswith("thigh_fk") for name in controls]].any(axis=0)
    kept = [
        i for i, name in enumerate(controls) if name in TRUNK or not legs[i] or "spine" not in name
    ]
    controls, parents = tuple(controls[i] for i in kept), _parents(follows[np.ix_(kept, kept)])
    index = [rest.index[name] for name in controls]
    return Rig(
        RestPose(
            name=rest.name,
            bones=controls,
            parents=parents,
            matrices=rest.matrices[index],
            tails=rest.tails[index],
            world=rest.world,
        ),
        limits,
        busy,
        switches,
    )


def is_generated_rigify(armature_object) -> bool:
    return all(mark in armature_object.data.bones for mark in MARKS)


def read_rest_pose(armature_object) -> RestPose:
    """RestPose of a Blender armature object, at its present place in the world."""
    bones = armature_object.data.bones
    if not len(bones):
        raise RetakeError(f"The armature '{armature_object.name}' has no bones.")
    index = {bone.name: i for i, bone in enumerate(bones)}
    return RestPose(
        name=armature_object.name,
        bones=tuple(index),
        parents=tuple(index[bone.parent.name] if bone.parent else -1 for bone in bones),
        matrices=np.array([bone.matrix_local for bone in bones], dtype=float),
        tails=np.array([bone.tail_local for bone in bones], dtype=float),
        world=standing_matrix(armature_object),
    )


def _limits(armature_object) -> Iterator[tuple[str, Limits]]:
    for bone in armature_object.pose.bones:
        euler = bone.rotation_mode not in ("QUATERNION", "AXIS_ANGLE")
        order = bone.rotation_mode if euler else "XYZ"
        low, high = np.full(3, -np.inf), np.full(3, np.inf)
        for constraint in _at_work(bone):
            if constraint.type == "LIMIT_ROTATION" and constraint.owner_space == "LOCAL":
                order = order if constraint.euler_order == "AUTO" else constraint.euler_order
                for axis, letter in enumerate("xyz"):
                    if getattr(constraint, f"use_limit_{letter}"):
                        low[axis] = getattr(constraint, f"min_{letter}")
                        high[axis] = getattr(constraint, f"max_{letter}")
        for axis in np.flatnonzero(bone.lock_rotation):
            low[axis] = high[axis] = bone.rotation_euler[axis] if euler else 0.0
        if np.isfinite([low, high]).any():
            yield bone.name, Limits(order, low, high)


def _at_work(bone) -> list:
    return [c for c in bone.constraints if not c.mute and c.influence > 0]


def _others(bone) -> list:
    return [c for c in _at_work(bone) if c.type != "LIMIT_ROTATION"]


def _is_control(name: str) -> bool:
    limb = name.rpartition(".")[0] in LIMBS and name[-2:] in (".L", ".R")
    return limb or name in TRUNK or (name.startswith("spine_fk.") and name[9:].isdigit())


@contextmanager
def _probing(armature_object, switches) -> Iterator[None]:
    """The rig at rest, switched, without its action; afterwards as it was."""
    bones, animation = armature_object.pose.bones, armature_object.animation_data
    action = animation.action if animation else None
    slot = animation.action_slot if action else None
    poses = [bone.matrix_basis.copy() for bone in bones]
    values = [bones[bone][name] for bone, name, _ in switches]
    try:
        if action:
            animation.action = None
        for bone in bones:
            bone.matrix_basis = Matrix()
        for bone, name, value in switches:
            bones[bone][name] = type(bones[bone][name])(value)
        yield
    finally:
        for (bone, name, _), value in zip(switches, values, strict=True):
            bones[bone][name] = value
        for bone, pose in zip(bones, poses, strict=True):
            bone.matrix_basis = pose
        if action:
            animation.action = action
            animation.action_slot = slot
        _update(armature_object)


def _follows(armature_object, controls: tuple[str, ...]) -> np.ndarray:
    """(C, C): whether a control moves with another (column) as if it were parented to it."""
    bones = [armature_object.pose.bones[name] for name in controls]
    _update(armature_object)
    at_rest = [bone.matrix.copy() for bone in bones]
    follows = np.zeros((len(bones), len(bones)), bool)
    for turned, bone in enumerate(bones):
        bone.matrix_basis = TURN.to_matrix().to_4x4()
        _update(armature_object)
        moves = [
            np.array(b.matrix @ rest.inverted()) for b, rest in zip(bones, at_rest, strict=True)
        ]
        follows[:, turned] = [np.abs(move - moves[turned]).max() < FOLLOWS for move in moves]
        bone.matrix_basis = Matrix()
    np.fill_diagonal(follows, False)
    return follows


def _parents(follows: np.ndarray) -> tuple[int, ...]:
    """The nearest that each follows: the one that follows most others itself; -1 for none."""
    depth = follows.sum(axis=1)
    return tuple(
        max(np.flatnonzero(row).tolist(), key=lambda other: depth[other], default=-1)
        for row in follows
    )


def _update(armature_object) -> None:
    """Custom properties that drivers read do not always make Blender look again by themselves."""
    armature_object.update_tag()
    bpy.context.view_layer.update()
