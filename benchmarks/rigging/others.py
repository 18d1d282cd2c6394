"""Other tools' ways from joints to rotations, written from their descriptions for comparison only.

Each gives turns of the mapped bones for world joints (F, 17, 3): what a bone does from rest to now.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import BoneMap
from retake.blender_addon.rig.solving.kinematics import all_turns, basis_quaternion
from retake.blender_addon.rig.solving.landmarks import LIMB_JOINTS, Body
from retake.blender_addon.rig.solving.solve import RigMotion
from retake.blender_addon.rig.solving.vectors import between
from retake.shared.arrays import Floats
from retake.shared.rotations import continuous, frame, normalise

Turns = dict[str, Floats]
Pull = Callable[[Floats, Floats, Floats], Floats]
"""Turn (F, 3, 3) of a bone from its parent's turn, its direction at rest (3,) and now (F, 3)."""

T_POSE = {
    **dict.fromkeys((11, 12, 13, 4), (1, 0, 0)),
    **dict.fromkeys((14, 15, 16, 1), (-1, 0, 0)),
    **dict.fromkeys((2, 3, 5, 6), (0, 0, -1)),
    **dict.fromkeys((7, 8, 9, 10), (0, 0, 1)),
}
"""Directions of a source skeleton's bones in its own rest pose, facing -Y."""


def damped_track(joints: Floats, body: Body) -> Turns:
    """Every bone is swung the shortest way from where its parent leaves it, as FreeMoCap's
    constraints do; the roll of limbs is whatever comes of it.
    """

    def pull(parent: Floats, rest: Floats, now: Floats) -> Floats:
        carried = parent @ rest
        return between(carried, now) @ parent

    return _chains(joints, body, pull)


def world_up(joints: Floats, body: Body) -> Turns:
    """The roll of every bone is taken from the world's vertical, as BlendArMocap does."""
    up = np.array([0.0, 0.0, 1.0])

    def pull(_: Floats, rest: Floats, now: Floats) -> Floats:
        helper = up if abs(rest @ up) < 0.95 else np.array([0.0, -1.0, 0.0])
        helpers = np.where(np.abs(now @ helper)[:, None] < 0.999, helper, [0.3, 0.9, 0.1])
        return frame(now, helpers) @ frame(rest, helper).T

    return _chains(joints, body, pull)


def copied_from_t_pose(joints: Floats, body: Body) -> Turns:
    """Turns of a source skeleton that rests in a T-pose, copied bone by bone onto the rig, as
    Rokoko's retargeting does when the rest poses are not brought together by hand.
    """
    source = {slot: np.array(along, float) for slot, along in T_POSE.items()}
    facing = np.column_stack([body.axes[:, 0], -body.axes[:, 2], [0.0, 0.0, 1.0]])
    trunk = _trunk(joints, body)
    turns = dict(trunk)
    for limb, (_, hinge, end) in enumerate(LIMB_JOINTS):
        above = trunk[body.bone_map.chest if limb < 2 else body.bone_map.hips]
        for bone, slot in zip(body.limb_bones[limb], (hinge, end), strict=False):
            now = normalise(joints[:, slot] - joints[:, HUMAN_PARENT[slot]])
            above = between(above @ (facing @ source[slot]), now) @ above
            turns[bone] = above
    return turns


HUMAN_PARENT = {12: 11, 13: 12, 15: 14, 16: 15, 5: 4, 6: 5, 2: 1, 3: 2}


def _trunk(joints: Floats, body: Body) -> Turns:
    """Hips by the line of the hips, spine by that of the shoulders, head up along the neck."""
    rest = body.rest_joints

    def turn(side: tuple[int, int], along: tuple[int, int]) -> Floats:
        now, then = (
            frame(
                j[..., side[1], :] - j[..., side[0], :], j[..., along[1], :] - j[..., along[0], :]
            )
            for j in (joints, rest)
        )
        return now @ then.T

    names = body.bone_map
    hips, chest = turn((1, 4), (0, 7)), turn((14, 11), (7, 8))
    turns = {names.hips: hips} | dict.fromkeys(names.spine, chest)
    swing = between(chest @ normalise(rest[10] - rest[9]), normalise(joints[:, 10] - joints[:, 9]))
    return turns | {names.head: swing @ chest}


def _chains(joints: Floats, body: Body, pull: Pull) -> Turns:
    turns, rest = _trunk(joints, body), body.rest_joints
    for limb, chain in enumerate(LIMB_JOINTS):
        turn = turns[body.bone_map.chest if limb < 2 else body.bone_map.hips]
        for bone, (start, end) in zip(body.limb_bones[limb], pairwise(chain), strict=False):
            now = normalise(joints[:, end] - joints[:, start])
            turn = pull(turn, normalise(rest[end] - rest[start]), now)
            turns[bone] = turn
    return turns


def motion_of(
    way: Callable[[Floats, Body], Turns], joints: Floats, rest: RestPose, bone_map: BoneMap
) -> RigMotion:
    """The hip follows the source's, scaled by the legs; feet keep their place on the shin."""
    body = Body.of(rest, bone_map)
    turns = way(joints, body)
    filled = all_turns(body.rest, turns, len(joints))
    legs = [np.linalg.norm(joints[:, a] - joints[:, b], axis=-1) for a, b in ((4, 5), (5, 6))]
    path = joints[:, 0] * (body.leg_length / float(np.median(legs[0] + legs[1])))
    hips = body.bone(bone_map.hips)
    moved = path - body.rest_joints[0]
    return RigMotion(
        rotations={n: continuous(basis_quaternion(body.rest, filled, body.bone(n))) for n in turns},
        root_bone=bone_map.hips,
        root_location=moved @ body.rest.rotations[hips] / body.per_unit,
        notes=(),
    )
