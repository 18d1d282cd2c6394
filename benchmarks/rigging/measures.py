"""What an animator would see: the rig's joints as Blender poses them, and figures about them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import BoneMap
from retake.blender_addon.rig.solving.landmarks import Body
from retake.blender_addon.rig.solving.solve import RigMotion
from retake.shared.arrays import Bools, Floats
from retake.shared.bones import decompose, recompose
from retake.shared.rotations import matrix_from_quaternion
from retake.shared.skeleton import HUMAN36M

LEG_M = 0.835
"""Every rig is measured as if its legs were so long: hip to ankle of a body of 1.70 m."""

ANKLES = (6, 3)
"""Left, right."""


@dataclass(frozen=True)
class Shown:
    """A motion on a rig, world space, Blender units.

    joints (F, 17, 3); heels, balls (F, 2, 3) of the left and of the right foot: the sole's points
    below the ankle and where the toes begin; soles (F, 2, N, 3): heads and tails of the foot's
    bones and of those below; turns: bone -> (F, 3, 3) from rest to pose.
    """

    joints: Floats
    heels: Floats
    balls: Floats
    soles: tuple[Floats, Floats]
    turns: dict[str, Floats]


def shown(rest: RestPose, bone_map: BoneMap, motion: RigMotion) -> Shown:
    """By Blender's own rule: pose = parent pose x rest offset x basis."""
    feet = [(foot, *rest.descendants(foot)) for foot in _feet(rest, bone_map)]
    body = Body.of(rest, bone_map)
    world = rest.in_world().only(
        {*body.rest.bones, *motion.rotations, *(rest.bones[b] for foot in feet for b in foot)}
    )
    poses = _poses(world, motion, body.per_unit)
    index = [world.index[name] for name in body.rest.bones]
    turns = poses[..., :3, :3] @ np.swapaxes(world.rotations, -1, -2)
    joints = body.joints(poses[..., :3, 3][:, index], turns[:, world.index[bone_map.head]])
    soles = tuple(_points(world, poses, [rest.bones[b] for b in foot]) for foot in feet)
    names = {name: turns[:, world.index[name]] for name in bone_map.names()}
    under = [-foot.ankle_height * foot.up for foot in body.feet]
    heels, balls = (
        np.stack(
            [
                joints[:, ankle] + names[side.foot] @ place
                for ankle, side, place in zip(
                    ANKLES, (bone_map.left, bone_map.right), places, strict=True
                )
            ],
            axis=1,
        )
        for places in (under, [foot.ball for foot in body.feet])
    )
    return Shown(joints, heels, balls, (soles[0], soles[1]), names)


def _feet(rest: RestPose, bone_map: BoneMap) -> list[int]:
    return [rest.index[side.foot] for side in (bone_map.left, bone_map.right)]


def _poses(world: RestPose, motion: RigMotion, per_unit: float) -> Floats:
    """(F, B, 4, 4) of an unscaled twin of the rig that stands in the world."""
    poses = np.empty((len(motion.root_location), len(world.bones), 4, 4))
    for bone in world.parents_first:
        basis = np.tile(np.eye(4), (len(poses), 1, 1))
        name, parent = world.bones[bone], world.parents[bone]
        if name in motion.rotations:
            basis[:, :3, :3] = matrix_from_quaternion(motion.rotations[name])
        if name == motion.root_bone:
            basis[:, :3, 3] = motion.root_location * per_unit
        above = (
            poses[:, parent] @ np.linalg.inv(world.matrices[parent]) if parent >= 0 else np.eye(4)
        )
        poses[:, bone] = above @ world.matrices[bone] @ basis
    return poses


def _points(world: RestPose, poses: Floats, names: list[str]) -> Floats:
    bones = [world.index[name] for name in names]
    lengths = np.linalg.norm(world.tails[bones] - world.heads[bones], axis=-1)
    heads, along = (poses[..., :3, column][:, bones] for column in (3, 1))
    return np.concatenate([heads, heads + along * lengths[:, None]], axis=1)


def joint_error(source: Floats, joints: Floats) -> float:
    """Mean millimetres from the source's pose in the rig's own lengths, hips laid together."""
    apart = joints - joints[:, :1] - (in_lengths_of(source, joints) - source[:, :1])
    return 1000 * float(np.linalg.norm(apart, axis=-1).mean())


def in_lengths_of(source: Floats, joints: Floats) -> Floats:
    """The source (F, 17, 3) with the lengths of other joints' bones; its own hip and directions."""
    lengths = decompose(joints, HUMAN36M)[0].mean(axis=0)
    return recompose(lengths, decompose(source, HUMAN36M)[1], HUMAN36M) + source[:, :1]


def direction_error(source: Floats, joints: Floats, slots: list[int]) -> float:
    """Largest angle in degrees between the bones that end at the joints `slots`."""
    ours, theirs = (decompose(j, HUMAN36M)[1][:, slots] for j in (source, joints))
    sine = np.linalg.norm(np.cross(ours, theirs), axis=-1)
    return float(np.degrees(np.arctan2(sine, np.sum(ours * theirs, axis=-1))).max())


def slides(found: Shown, contacts: Bools) -> Floats:
    """Units (N,) that heels and balls that stand move sideways from frame to frame. contacts
    (F, 4): heel and toe of the left and the right foot.
    """
    stays = contacts[1:] & contacts[:-1]
    return np.concatenate(
        [
            np.linalg.norm(np.diff(points[..., :2], axis=0), axis=-1)[stays[:, part::2]]
            for part, points in enumerate((found.heels, found.balls))
        ]
    )


def penetration(soles: tuple[Floats, Floats]) -> Floats:
    """Metres (F,) that the lowest point of both feet is below the floor, at least 0."""
    lowest = np.minimum(*(foot[..., 2].min(axis=1) for foot in soles))
    return np.maximum(-lowest, 0.0)


def jerk(joints: Floats, fps: float) -> float:
    """Mean length of the third derivative, m/s^3."""
    return float(np.linalg.norm(np.diff(joints, n=3, axis=0), axis=-1).mean()) * fps**3


def twist_degrees(turn: Floats, other: Floats, along_rest: Floats) -> Floats:
    """(F,) how far two turns (F, 3, 3) of a bone that lies along `along_rest` differ about it."""
    relative = np.swapaxes(turn, -1, -2) @ other
    axial = np.stack(
        [
            relative[:, 2, 1] - relative[:, 1, 2],
            relative[:, 0, 2] - relative[:, 2, 0],
            relative[:, 1, 0] - relative[:, 0, 1],
        ],
        axis=-1,
    )
    trace = np.trace(relative, axis1=1, axis2=2)
    return np.degrees(2 * np.arctan2(axial @ along_rest, 1 + trace))
