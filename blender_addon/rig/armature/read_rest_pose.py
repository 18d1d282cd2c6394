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


_probed: dict[int, tuple[tuple, np.ndarray]] = {}
"""Armature object's session_uid -> what its mechanism was when it was probed, what follows what."""


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
    """The rest pose to solve for: all bones, or the FK controls of a generated Rigify rig.

    RetakeError while its bones are being edited: Blender knows what they were before, and poses
    nothing.
    """
    if armature_object.data.is_editmode:
        raise RetakeError(
            f"The bones of '{armature_object.name}' are being edited. Leave Edit Mode first."
        )
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
    key = _mechanism_of(armature_object, rest)
    follows = _known_follows(armature_object, key)
    if follows is None:
        with _probing(armature_object, switches):
            follows = _follows(armature_object, _controls(rest))
        _probed.clear()  # of one character at a time
        _probed[armature_object.session_uid] = (key, follows)
    return Rig(_rest_of_controls(rest, follows), limits, busy, switches)


def known_rest(armature_object) -> RestPose | None:
    """That of `read_rig` where nothing has to be turned for it; else None."""
    rest = read_rest_pose(armature_object)
    if not is_generated_rigify(armature_object):
        return rest
    follows = _known_follows(armature_object, _mechanism_of(armature_object, rest))
    return None if follows is None else _rest_of_controls(rest, follows)


def was_probed(armature_object) -> bool:
    return armature_object.session_uid in _probed


def _rest_of_controls(rest: RestPose, follows: np.ndarray) -> RestPose:
    """Of the controls that turn the body, each below what it follows."""
    controls = _controls(rest)
    legs = follows[[name.startswith("thigh_fk") for name in controls]].any(axis=0)
    kept = [
        i for i, name in enumerate(controls) if name in TRUNK or not legs[i] or "spine" not in name
    ]
    controls, parents = tuple(controls[i] for i in kept), _parents(follows[np.ix_(kept, kept)])
    index = [rest.index[name] for name in controls]
    return RestPose(
        name=rest.name,
        bones=controls,
        parents=parents,
        matrices=rest.matrices[index],
        tails=rest.tails[index],
        world=rest.world,
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
        matrices=_numbers_of(bones, "matrix_local", 16).reshape(-1, 4, 4).swapaxes(1, 2),
        tails=_numbers_of(bones, "tail_local", 3),
        world=standing_matrix(armature_object),
    )


def _known_follows(armature_object, mechanism: tuple) -> np.ndarray | None:
    """What was found when the same rig was probed; None: it was not, or has changed since."""
    known = _probed.get(armature_object.session_uid)
    return known[1] if known is not None and known[0] == mechanism else None


def _mechanism_of(armature_object, rest: RestPose) -> tuple:
    """What says which bone follows which. How much a constraint does is left out: in such a rig
    drivers set it, and the switches that these read are set before it is probed."""
    animation = armature_object.animation_data
    drivers = [(d.data_path, d.driver.expression) for d in animation.drivers] if animation else []
    constraints = [
        (bone.name, c.type, c.mute, getattr(c, "subtarget", ""))
        for bone in armature_object.pose.bones
        for c in bone.constraints
    ]
    places = rest.matrices.tobytes(), rest.tails.tobytes()
    return tuple(drivers), tuple(constraints), rest.bones, rest.parents, places


def _numbers_of(bones, name: str, size: int) -> np.ndarray:
    """(B, size) of a property of all bones; Blender gives matrices column by column."""
    values = np.empty(len(bones) * size, np.float32)
    bones.foreach_get(name, values)
    return values.reshape(-1, size).astype(float)


def _limits(armature_object) -> Iterator[tuple[str, Limits]]:
    for bone in armature_object.pose.bones:
        holding = [
            c for c in _at_work(bone) if c.type == "LIMIT_ROTATION" and c.owner_space == "LOCAL"
        ]
        if not holding and not any((*bone.lock_rotation, *bone.lock_location)):
            continue
        euler = bone.rotation_mode not in ("QUATERNION", "AXIS_ANGLE")
        order = bone.rotation_mode if euler else "XYZ"
        low, high = np.full(3, -np.inf), np.full(3, np.inf)
        for constraint in holding:
            order = order if constraint.euler_order == "AUTO" else constraint.euler_order
            for axis, letter in enumerate("xyz"):
                if getattr(constraint, f"use_limit_{letter}"):
                    low[axis] = getattr(constraint, f"min_{letter}")
                    high[axis] = getattr(constraint, f"max_{letter}")
        for axis in np.flatnonzero(bone.lock_rotation):
            low[axis] = high[axis] = bone.rotation_euler[axis] if euler else 0.0
        place = np.where(bone.lock_location, np.array(bone.location), np.nan)
        yield bone.name, Limits(order, low, high, place)


def _at_work(bone) -> list:
    return [c for c in bone.constraints if not c.mute and c.influence > 0]


def _others(bone) -> list:
    return [c for c in _at_work(bone) if c.type != "LIMIT_ROTATION"]


def _controls(rest: RestPose) -> tuple[str, ...]:
    return tuple(name for name in rest.bones if _is_control(name))


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
    data, shown = armature_object.data, armature_object.data.pose_position
    try:
        if shown == "REST":  # nothing moves there
            data.pose_position = "POSE"
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
        if shown == "REST":
            data.pose_position = shown
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
