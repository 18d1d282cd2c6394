"""From joint positions to the rotations of an arbitrary humanoid rig, all frames at once.

Every mapped bone gets a *turn* = semantic frame now x the same frame of the rig's rest pose,
transposed (`frames.py`), so that A-pose, T-pose and bone roll cancel and nothing of the rig has to
be changed.

- Trunk, neck and head (`trunk.py`): a weighted fit of all their directions at once. The spine's
  bones bend at other places than the source's two straight pieces, so the fit poses the rig itself.
- Clavicles follow shoulders, damped; upper and lower arm and leg (`limbs.py`): their directions
  equal the source's exactly; twist by `twist.py`.
- Hips: the source's hip scaled by the ratio of leg lengths (or where the rig as a whole covers the
  source), at a height that puts the lower ankle as far above its standing height as the source's.
- Feet: `footing.py`. 17 joints show none: they follow the shin in the air, lie flat on the
  floor, and where they stand they stay.
- Hands and all other bones keep their rest pose; toes bend where the floor demands it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ....shared.arrays import Bools, Floats
from ....shared.contacts import STANDS, contact_probabilities
from ....shared.errors import RetakeError
from ....shared.rotations import continuous, frame
from ..armature.limits import Limits, kept_in_place, limited
from ..armature.rest_pose import RestPose
from ..ground.footing import stand
from ..ground.plants import Contacts
from ..ground.standing import hip_path, leg_length, shortest_leg_bone, shortest_trunk
from ..mapping.bone_map import BoneMap
from ..notes import notes_on
from ..wishes import Reach
from .hands import reaching
from .head import head_turns
from .ik_keys import IkLimb, ik_keys
from .kinematics import all_turns, basis_quaternion, posed_heads
from .landmarks import WORLD, Body, Placement
from .limbs import clavicle_turns, limb_turns, rest_hinges
from .root_policy import Carried, RootPolicy, carried
from .trunk import trunk_turns
from .twist_bones import twist_bone_turns
from .vectors import mul, rows_of_frames

Turns = dict[str, Floats]

HUMAN_LEG_M = 0.835
"""Contacts are told by speeds and heights of a body of 1.70 m (Drillis and Contini 1966)."""

SHORTEST_M = 1e-3
"""A source with a shorter thigh, shin or trunk in any frame is no body: nothing could be scaled to
it, no knee bent, no pelvis turned."""

HIPS_CARRY = RootPolicy()


@dataclass(frozen=True)
class RigMotion:
    """Poses of one rig: what is written as F-curves.

    rotations      bone -> (F, 4) unit quaternions wxyz of its matrix_basis, without sign flips
    root_bone      the bone that carries the translation
    root_location  (F, 3) its basis location: its own rest axes, armature units
    notes          what could not be seen or not be applied, as sentences
    locations      further bones that move, in the same way: IK controls, a root bone
    object_travel  (F, 3) how the object itself moves, in the world; None: it stays
    """

    rotations: dict[str, Floats]
    root_bone: str
    root_location: Floats
    notes: tuple[str, ...]
    locations: dict[str, Floats] = field(default_factory=dict[str, Floats])
    object_travel: Floats | None = None


@dataclass(frozen=True)
class Asked:
    """What of an animator's wishes the solver has to know.

    contacts  when feet or their heels and toes stand; None: found in the joints
    neutral   frame in which the trunk stands as in the rest pose, whatever the joints say
    root      what carries the way over the floor
    reaches   where hands are, at `times` (F,) of the frames in seconds
    ik        limbs whose IK controls get keys as well
    """

    contacts: Contacts | Bools | None = None
    neutral: int | None = None
    root: RootPolicy = HIPS_CARRY
    reaches: tuple[Reach, ...] = ()
    times: Floats | None = None
    ik: tuple[IkLimb, ...] = ()


def solve_motion(
    positions_world: Floats,
    rest: RestPose,
    bone_map: BoneMap,
    *,
    fps: float = 24.0,
    placement: Placement = WORLD,
    limits: Mapping[str, Limits] | None = None,
    asked: Asked | None = None,
) -> RigMotion:
    """Rotations and hip location of the rig for joints (F, 17, 3): metres, z up, floor at z = 0.

    Directions are true in the world, however the armature object is turned; sizes are the rig's.
    `placement` turns and moves the whole motion, its floor included, after scaling. `fps` sets the
    time scale of the smoothing. `limits` of bones are respected. Raises RetakeError if the rig or
    the source cannot be used.
    """
    asked = asked or Asked()
    body = Body.of(rest, bone_map)
    joints = rows_of_frames(np.asarray(positions_world, dtype=float) @ placement.rotation.T, 2)
    _refuse_no_body(joints)
    turns, hinges = body_turns(joints, body, fps, asked.neutral), rest_hinges(body)
    posed = _shown_joints(body, turns, len(joints))
    policy = asked.root
    by_legs = policy.way == "legs"
    path = hip_path(joints, posed, body, fps, placement.origin, policy.scale, by_legs)
    move, floor = path - posed[:, 0], float(placement.origin[2])
    contacts = (
        asked.contacts if asked.contacts is not None else found_contacts(joints, fps) > STANDS
    )
    contacts = contacts if isinstance(contacts, Contacts) else Contacts.of(contacts)
    posed = posed + move[:, None]
    footing = stand(joints, posed, body, turns, hinges[2:], contacts, fps, floor)
    turns |= footing.turns
    move = move + footing.move
    notes: tuple[str, ...] = ()
    if asked.reaches:
        times = asked.times if asked.times is not None else np.arange(len(joints)) / fps
        posed = _shown_joints(body, turns, len(joints)) + move[:, None]
        arms, notes = reaching(posed, body, turns, hinges[:2], asked.reaches, times, fps)
        turns |= arms
    turns |= twist_bone_turns(body, turns)
    filled, bound = limited(body.rest, all_turns(body.rest, turns, len(joints)), limits or {})
    way = carried(policy, move + body.rest_joints[0], move, body, fps)
    places, locked = _locations(body, way, limits or {})
    held = bound | {bone: taken | bound.get(bone, taken) for bone, taken in locked.items()}
    motion = RigMotion(
        rotations={
            name: continuous(basis_quaternion(body.rest, filled, body.bone(name))) for name in turns
        },
        root_bone=bone_map.hips,
        root_location=places.pop(bone_map.hips),
        notes=(*notes_on(body, joints, held), *notes),
        locations=places,
        object_travel=way.travel if policy.root == "object" and not policy.in_place else None,
    )
    return with_ik(motion, asked.ik, body, turns, way, rest.world)


def _refuse_no_body(joints: Floats) -> None:
    """RetakeError where legs or trunk have no length: nothing would be a direction."""
    if shortest_leg_bone(joints) < SHORTEST_M:
        raise RetakeError("The legs of this take have no length. Choose or sample another take.")
    if shortest_trunk(joints) < SHORTEST_M:
        raise RetakeError("The trunk of this take has no length. Choose or sample another take.")


def with_ik(
    motion: RigMotion,
    ik: tuple[IkLimb, ...],
    body: Body,
    turns: Turns,
    way: Carried,
    world: Floats,
) -> RigMotion:
    """The motion with keys of IK controls too."""
    if not ik:
        return motion
    posed = _shown_joints(body, turns, len(way.hips)) + way.hips[:, None]
    keys = ik_keys(ik, posed, body, turns, world, way)
    return replace(
        motion,
        rotations=motion.rotations | keys.rotations,
        locations=motion.locations | keys.locations,
    )


def body_turns(joints: Floats, body: Body, fps: float, neutral: int | None) -> Turns:
    """Turns (F, 3, 3) of trunk, head, arms and legs that show the directions of the joints."""
    turns = trunk_turns(joints, body, fps)
    turns |= head_turns(joints, body, turns, fps)
    if neutral is not None:
        turns = calibrated(turns, body, neutral)
    turns |= clavicle_turns(joints, body, turns[body.bone_map.chest])
    return turns | limb_turns(joints, body, turns, fps)


def found_contacts(joints: Floats, fps: float) -> Floats:
    """(F, 4) probabilities that heels and toes of joints (F, 17, 3) stand, as of a human's size."""
    human = joints * (HUMAN_LEG_M / leg_length(joints))
    return contact_probabilities(human[None], fps)


def _locations(
    body: Body, way: Carried, limits: Mapping[str, Limits]
) -> tuple[dict[str, Floats], dict[str, Bools]]:
    """Basis locations of the bones that carry the body, and where locks hold them back."""
    moved = {body.bone_map.hips: way.hips} | ({way.bone: way.travel} if way.bone else {})
    wanted = {bone: _basis_location(body, bone, move) for bone, move in moved.items()}
    return kept_in_place(wanted, limits, body.leg_length / body.per_unit)


def _basis_location(body: Body, bone: str, move: Floats) -> Floats:
    """(F, 3) of a world movement (F, 3): the bone's rest axes, armature units."""
    return move @ body.rest.rotations[body.bone(bone)] / body.per_unit


def _shown_joints(body: Body, turns: Turns, count: int) -> Floats:
    """The rig's joints (F, 17, 3) under the turns; its topmost bones stay in their place."""
    filled = all_turns(body.rest, turns, count)
    return body.joints(posed_heads(body.rest, filled), filled[:, body.bone(body.bone_map.head)])


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
    return {name: mul(turn, turn[neutral].T @ upright) for name, turn in turns.items()}
