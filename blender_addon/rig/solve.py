"""From joint positions to the rotations of an arbitrary humanoid rig, all frames at once.

Every mapped bone gets a *turn* = semantic frame now x the same frame of the rig's rest pose,
transposed (`frames.py`), so that A-pose, T-pose and bone roll cancel and nothing of the rig has to
be changed.

- Trunk: pelvis and chest by their frames; the spine between them shares the difference. Because the
  spine's bones bend at other places than the source's two straight pieces, both turns are corrected
  until the posed rig, measured by the same recipes, shows the same frames as the source.
- Head likewise; neck bones share the way from chest to head. Clavicles go half the way.
- Upper and lower arm and leg: their directions equal the source's exactly; twist by `twist.py`.
- Hips: the source's hip scaled by the ratio of leg lengths, at a height that puts the lower ankle
  as far above its standing height as the source's, scaled.
- Feet: `footing.py`. 17 joints show none: they follow the shin in the air, lie flat on the
  floor, and where they stand they stay.
- Hands, toes and all other bones keep their rest pose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ...shared.arrays import Bools, Floats
from ...shared.contacts import contact_probabilities
from ...shared.errors import RetakeError
from ...shared.rotations import (
    continuous,
    frame,
    rotation_between,
)
from . import frames
from .bone_map import BoneMap
from .footing import stand
from .frames import direction, smoothstep, transposed, turned
from .kinematics import all_turns, basis_quaternion, partway, posed_heads
from .landmarks import LIMB_JOINTS, WORLD, Body, Placement
from .limits import Limits, limited
from .notes import notes_on
from .rest_pose import RestPose
from .standing import hip_path, leg_length
from .twist import ELBOW, KNEE, hinge_at_rest, hinge_track
from .twist_bones import twist_bone_turns

Turns = dict[str, Floats]

CORRECTION_ROUNDS = 12
"""Each brings the frames that the rig shows closer to the source's, by half or more."""

CORRECT_ENOUGH = 1e-5
"""Largest element of a correction, less the identity, after which no more rounds are needed."""

CLAVICLE_SHARE = 0.5
"""Of the way to the seen shoulder: joint 8 is too roughly defined to trust it all."""

LOWER_SPINE, UPPER_SPINE = 0.2, 0.76
"""Between these fractions of the way from hips to neck the spine goes over from pelvis to chest."""


HUMAN_LEG_M = 0.835
"""Contacts are told by speeds and heights of a body of 1.70 m (Drillis and Contini 1966)."""

SHORTEST_LEG_M = 1e-3
"""A source with shorter legs is no body: nothing could be scaled to it."""


@dataclass(frozen=True)
class RigMotion:
    """Poses of one rig: what is written as F-curves.

    rotations      bone -> (F, 4) unit quaternions wxyz of its matrix_basis, without sign flips
    root_bone      the bone that carries the translation
    root_location  (F, 3) its basis location: its own rest axes, armature units
    notes          what could not be seen or not be applied, as sentences
    """

    rotations: dict[str, Floats]
    root_bone: str
    root_location: Floats
    notes: tuple[str, ...]


def solve_motion(
    positions_world: Floats,
    rest: RestPose,
    bone_map: BoneMap,
    *,
    fps: float = 24.0,
    placement: Placement = WORLD,
    contacts: Bools | None = None,
    limits: Mapping[str, Limits] | None = None,
    neutral: int | None = None,
) -> RigMotion:
    """Rotations and hip location of the rig for joints (F, 17, 3): metres, z up, floor at z = 0.

    Directions are true in the world, however the armature object is turned; sizes are the rig's.
    `placement` turns and moves the whole motion, its floor included, after scaling. `fps` sets the
    time scale of the smoothing. `contacts` (F, 2) says when the left and the right foot stand;
    None: found in the joints. `limits` of bones are respected. In the frame `neutral` the trunk
    stands as in the rest pose, whatever the joints say (`calibrated`). Raises RetakeError if the
    rig or the source cannot be used.
    """
    body = Body.of(rest, bone_map)
    joints = np.asarray(positions_world, dtype=float) @ placement.rotation.T
    if leg_length(joints) < SHORTEST_LEG_M:
        raise RetakeError("The legs of this take have no length. Choose or sample another take.")
    turns = _trunk(joints, body)
    turns |= _head_and_neck(joints, body, turns)
    if neutral is not None:
        turns = calibrated(turns, body, neutral)
    turns |= _clavicles(joints, body, turns[bone_map.chest])
    turns |= _limbs(joints, body, turns, fps)
    if contacts is None:
        human = joints * (HUMAN_LEG_M / leg_length(joints))
        contacts = contact_probabilities(human[None], fps)[:, ::2] > 0.5

    posed = _shown_joints(body, turns, len(joints))
    move = hip_path(joints, posed, body, fps, placement.origin) - posed[:, 0]
    footing = stand(
        joints,
        posed + move[:, None],
        body,
        turns,
        _rest_hinges(body)[2:],
        contacts,
        fps,
        float(placement.origin[2]),
    )
    turns |= footing.turns
    move += footing.move
    turns |= twist_bone_turns(body, turns)
    filled, bound = limited(body.rest, all_turns(body.rest, turns, len(joints)), limits or {})
    hips = body.bone(bone_map.hips)
    return RigMotion(
        rotations={
            name: continuous(basis_quaternion(body.rest, filled, body.bone(name))) for name in turns
        },
        root_bone=bone_map.hips,
        root_location=move @ body.rest.rotations[hips] / body.per_unit,
        notes=notes_on(body, joints, bound),
    )


def _trunk(joints: Floats, body: Body) -> Turns:
    """Turns of hips and spine. One spine bone alone cannot show two frames: no correction then."""
    pelvis_now, chest_now = frames.pelvis(joints), frames.chest(joints)
    pelvis_rest, chest_rest = frames.pelvis(body.rest_joints), frames.chest(body.rest_joints)
    pelvis, chest = pelvis_now @ pelvis_rest.T, chest_now @ chest_rest.T
    for _ in range(CORRECTION_ROUNDS if len(body.bone_map.spine) > 1 else 0):
        shown = _shown_joints(body, _spine(body, pelvis, chest), len(joints))
        below = pelvis_now @ transposed(frames.pelvis(shown))
        above = chest_now @ transposed(frames.chest(shown))
        pelvis, chest = below @ pelvis, above @ chest
        if _slight(below) and _slight(above):
            break
    return _spine(body, pelvis, chest)


def _spine(body: Body, pelvis: Floats, chest: Floats) -> Turns:
    shares = smoothstep(LOWER_SPINE, UPPER_SPINE, body.spine_shares)
    turns = {body.bone_map.hips: pelvis}
    turns |= {
        name: partway(pelvis, chest, share)
        for name, share in zip(body.bone_map.spine[:-1], shares, strict=False)
    }
    return turns | {body.bone_map.chest: chest}


def _head_and_neck(joints: Floats, body: Body, trunk: Turns) -> Turns:
    chest = trunk[body.bone_map.chest]
    forward_rest = -frames.chest(body.rest_joints)[:, 2]
    forward = turned(chest, forward_rest)
    head_now = frames.head(joints, forward)
    head = head_now @ frames.head(body.rest_joints, forward_rest).T
    for _ in range(CORRECTION_ROUNDS):
        shown = _shown_head(body, _neck(body, chest, head))
        change = head_now @ transposed(frames.head(shown, forward))
        head = change @ head
        if _slight(change):
            break
    return _neck(body, chest, head)


def _shown_head(body: Body, turns: Turns) -> Floats:
    """Joints (F, 17, 3) of which only 8, 9 and 10 are filled in, from joint 8."""
    names = (*body.bone_map.neck, body.bone_map.head)
    points = [body.rest.heads[body.bone(name)] for name in names] + [body.rest_joints[9]]
    joints = np.zeros((len(turns[names[0]]), 17, 3))
    for name, (start, end) in zip(names, pairwise(points), strict=True):
        joints[:, 9] += turned(turns[name], end - start)
    joints[:, 10] = joints[:, 9] + turned(turns[names[-1]], body.rest_joints[10] - points[-1])
    return joints


def _slight(turns: Floats) -> bool:
    return bool(np.abs(turns - np.eye(3)).max() < CORRECT_ENOUGH)


def _neck(body: Body, chest: Floats, head: Floats) -> Turns:
    neck = body.bone_map.neck
    turns = {name: partway(chest, head, (i + 1) / (len(neck) + 1)) for i, name in enumerate(neck)}
    return turns | {body.bone_map.head: head}


def _shown_joints(body: Body, turns: Turns, count: int) -> Floats:
    """The rig's joints (F, 17, 3) under the turns; its topmost bones stay in their place."""
    filled = all_turns(body.rest, turns, count)
    return body.joints(posed_heads(body.rest, filled), filled[:, body.bone(body.bone_map.head)])


def _clavicles(joints: Floats, body: Body, chest: Floats) -> Turns:
    turns: Turns = {}
    for bone, shoulder in ((body.bone_map.left.clavicle, 11), (body.bone_map.right.clavicle, 14)):
        if bone:
            at_rest = direction(body.rest_joints, 8, shoulder)
            now = turned(transposed(chest), direction(joints, 8, shoulder))
            swing = rotation_between(np.broadcast_to(at_rest, now.shape), now)
            turns[bone] = partway(chest, chest @ swing, CLAVICLE_SHARE)
    return turns


def _limbs(joints: Floats, body: Body, trunk: Turns, fps: float) -> Turns:
    chest, pelvis = trunk[body.bone_map.chest], trunk[body.bone_map.hips]
    parents = np.stack([chest, chest, pelvis, pelvis], axis=1)
    upper_rest, lower_rest = _directions(body.rest_joints)
    hinge_rest = _rest_hinges(body)
    upper, lower = (turned(transposed(parents), along) for along in _directions(joints))
    hinge = hinge_track(upper, lower, upper_rest, hinge_rest, (ELBOW, ELBOW, KNEE, KNEE), fps)

    upper_turns = (
        parents @ frames.limb(upper, hinge) @ transposed(frames.limb(upper_rest, hinge_rest))
    )
    hinge = turned(rotation_between(upper, lower), hinge)
    hinge_rest = turned(rotation_between(upper_rest, lower_rest), hinge_rest)
    lower_turns = (
        parents @ frames.limb(lower, hinge) @ transposed(frames.limb(lower_rest, hinge_rest))
    )
    turns: Turns = {}
    for limb, (upper_bone, lower_bone, _) in enumerate(body.limb_bones):
        turns |= {upper_bone: upper_turns[:, limb], lower_bone: lower_turns[:, limb]}
    return turns


def _directions(joints: Floats) -> tuple[Floats, Floats]:
    """Unit directions (..., 4, 3) of the upper and of the lower bones of the four limbs."""
    upper = np.stack([direction(joints, start, hinge) for start, hinge, _ in LIMB_JOINTS], axis=-2)
    lower = np.stack([direction(joints, hinge, end) for _, hinge, end in LIMB_JOINTS], axis=-2)
    return upper, lower


def _rest_hinges(body: Body) -> Floats:
    """(4, 3) axes of elbows and knees in the rest pose."""
    upper, lower = _directions(body.rest_joints)
    return hinge_at_rest(upper, lower, _anatomical_hinges(body, upper))


def _anatomical_hinges(body: Body, upper_rest: Floats) -> Floats:
    """(4, 3): elbows bend the forearm forwards, knees the shin backwards.

    Upwards where the arm itself points forwards.
    """
    left, up, forward = body.axes[:, 0], body.axes[:, 1], body.axes[:, 2]
    across: Floats = np.cross(upper_rest[:2], forward)
    pointing_forward = np.linalg.norm(across, axis=-1, keepdims=True) < 0.3
    elbows = np.where(pointing_forward, np.cross(upper_rest[:2], up), across)
    return np.concatenate([elbows, [left, left]])


def calibrated(turns: Turns, body: Body, neutral: int) -> Turns:
    """Turns of the trunk with those of the frame `neutral` taken for the rest pose.

    Joints of the source and of the rig are not quite the same places of a body, which leaves an
    offset of some degrees in pelvis, spine, neck and head. The heading of that frame is kept.
    RetakeError if there is no such frame.
    """
    hips = turns[body.bone_map.hips]
    if not 0 <= neutral < len(hips):
        raise RetakeError(
            f"There is no frame {neutral}: the motion has frames 0 to {len(hips) - 1}."
        )
    left = hips[neutral] @ body.axes[:, 0]
    upright = frame(np.array([0.0, 0.0, 1.0]), left) @ frame(body.up, body.axes[:, 0]).T
    return {name: turn @ (turn[neutral].T @ upright) for name, turn in turns.items()}
