# pyright: basic
"""Takes onto a rig: choice of hypotheses -> world -> scene frames -> rotations -> a new action.

Only what takes an armature object needs Blender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...shared.arrays import Floats
from ...shared.errors import RetakeError
from ...shared.ground import settle
from ...shared.keypoints import KeypointTrack
from ...shared.resample import resample
from ...shared.takes import Takes
from ..choose.combine import Choice
from .armature.limits import Limits
from .armature.rest_pose import RestPose
from .mapping.bone_map import BoneMap, find_bone_map
from .notes import notes_on_height
from .solving.ik_keys import IkLimb
from .solving.landmarks import LIMB_BONES, Body
from .solving.root_policy import RootPolicy
from .solving.solve import Asked, RigMotion, solve_motion
from .take_in_world import camera_moves, chosen_joints, contacts_in, placed
from .wishes import Wishes

if TYPE_CHECKING:  # reading a rig needs Blender
    from .armature.read_rest_pose import Rig


def solve_take(
    takes: Takes,
    choice: Choice,
    rest: RestPose,
    scene_fps: float,
    wishes: Wishes | None = None,
    limits: Mapping[str, Limits] | None = None,
    track: KeypointTrack | None = None,
    ik: tuple[IkLimb, ...] = (),
    bone_map: BoneMap | None = None,
) -> RigMotion:
    """Poses of the rig, one per scene frame. It starts where and as the rig stands in its rest
    pose, or, with the camera's place known, where the camera saw the person.

    `choice` as in `combine`; None: the takes' best per limb group. With the `track` that the takes
    were made of the way is found again where limbs of several takes are mixed. `ik`: the rig's IK
    controls. `bone_map`: None: found. Raises RetakeError if the rig lacks bones or the choice names
    no hypothesis. Needs no Blender.
    """
    wishes = wishes or Wishes()
    bone_map = bone_map or find_bone_map(rest)
    positions = chosen_joints(takes, choice, wishes, track)
    world, placement = placed(positions, takes, Body.of(rest, bone_map), wishes)
    times = scene_times(takes, scene_fps)
    motion = solve_motion(
        resample(settle(world, takes.fps), takes.times, times),
        rest,
        bone_map,
        fps=scene_fps,
        placement=placement,
        limits=limits,
        asked=Asked(
            contacts=contacts_in(takes, times, wishes),
            neutral=_nearest(times, wishes.neutral),
            root=RootPolicy(wishes.root, wishes.in_place, wishes.scale, wishes.way),
            reaches=wishes.reaches,
            times=times,
            ik=_keyed(ik, wishes),
        ),
    )
    height = () if wishes.camera is None else notes_on_height(world)
    return replace(motion, notes=(*motion.notes, *height))


def _keyed(ik: tuple[IkLimb, ...], wishes: Wishes) -> tuple[IkLimb, ...]:
    """The limbs whose IK controls get keys; arms come first in `landmarks.LIMB_BONES`."""
    if wishes.controls == "fk":
        return ()
    return tuple(limb for limb in ik if wishes.controls != "ik legs" or limb.limb > 1)


def _driven(keyed: tuple[IkLimb, ...], wishes: Wishes) -> tuple[IkLimb, ...]:
    """Of these, the limbs that IK moves; FK does the others."""
    return tuple(limb for limb in keyed if wishes.controls != "auto" or limb.exact)


def _nearest(times: np.ndarray, second: float | None) -> int | None:
    if second is None:
        return None
    if not times[0] <= second <= times[-1]:
        raise RetakeError(
            f"The neutral moment {second:g} s is not in the clip, which lasts from {times[0]:g} to "
            f"{times[-1]:g} s."
        )
    return int(np.argmin(np.abs(times - second)))


def scene_times(takes: Takes, scene_fps: float) -> np.ndarray:
    """Seconds (G,) of the scene frames that lie within the clip; the first is the clip's first."""
    duration = takes.times[-1] - takes.times[0]
    return takes.times[0] + np.arange(int(duration * scene_fps + 1e-6) + 1) / scene_fps


Switches = tuple[tuple[str, str, float], ...]
"""(bone, custom property, value)"""


@dataclass(frozen=True)
class Wearer:
    """An armature object as it was read: what all takes that it wears have in common."""

    rig: Rig
    bone_map: BoneMap
    limbs: tuple[IkLimb, ...]


@dataclass(frozen=True)
class Solved:
    """What is written as an action: a motion, its frames (F,) in the scene, switches to set.

    notes  sentences about what the action does not hold
    """

    motion: RigMotion
    frames: Floats
    switches: Switches
    notes: tuple[str, ...]


def read_wearer(armature_object) -> Wearer:
    """RetakeError if the rig lacks bones, or the bone map that it carries cannot be used."""
    from .armature.read_rest_pose import read_rig
    from .mapping.saved_map import bone_map_for
    from .solving.read_controls import read_ik

    rig = read_rig(armature_object)
    bone_map = bone_map_for(armature_object, rig.rest)
    return Wearer(rig, bone_map, tuple(read_ik(armature_object, bone_map)))


def solve_for(
    armature_object,
    wearer: Wearer,
    takes: Takes,
    choice: Choice,
    scene_fps: float,
    start_frame: float,
    wishes: Wishes,
    track: KeypointTrack | None = None,
) -> Solved:
    """A take for a rig, not yet written. Raises RetakeError as `solve_take` does."""
    switches = switches_of(armature_object, wearer, wishes)
    return solve_read(wearer, switches, takes, choice, scene_fps, start_frame, wishes, track)


def switches_of(armature_object, wearer: Wearer, wishes: Wishes) -> Switches:
    """What has to be set on the rig for an action of ours to show."""
    from .solving.read_controls import switches_for

    keyed = _keyed(wearer.limbs, wishes)
    return switches_for(armature_object, wearer.rig.switches, keyed, _driven(keyed, wishes))


def solve_read(
    wearer: Wearer,
    switches: Switches,
    takes: Takes,
    choice: Choice,
    scene_fps: float,
    start_frame: float,
    wishes: Wishes,
    track: KeypointTrack | None = None,
) -> Solved:
    """`solve_for` of a rig that was read already: without Blender, so that a thread may do it."""
    rig, keyed = wearer.rig, _keyed(wearer.limbs, wishes)
    motion = solve_take(
        takes,
        choice,
        rig.rest,
        scene_fps,
        wishes,
        rig.limits,
        track,
        wearer.limbs,
        wearer.bone_map,
    )
    frames = start_frame + np.arange(len(motion.root_location))
    notes = _notes_on_controls(wearer, keyed, motion, wishes)
    if camera_moves(wishes) and track is None:
        notes.append("The camera moves: give the track of the takes, and the way gets smoother.")
    return Solved(motion, frames, switches, (*motion.notes, *notes))


def _notes_on_controls(
    wearer: Wearer, keyed: tuple[IkLimb, ...], motion: RigMotion, wishes: Wishes
) -> list[str]:
    """On constraints at work that no key of ours commands, and on controls that are missing."""
    lower = [wearer.bone_map.part(side, name) for side, _, name, _ in LIMB_BONES]
    led = {lower[limb.limb] for limb in keyed}
    busy = wearer.rig.busy.intersection(motion.rotations) - led
    notes = [f"Constraints may overrule the action on: {', '.join(sorted(busy))}."] if busy else []
    if busy & {lower[limb.limb] for limb in wearer.limbs}:
        notes.append("The targets of their IK get keys where FK is not chosen as controls.")
    if len(_driven(keyed, wishes)) < len(keyed):
        notes.append(
            "The IK controls have keys as well, but FK is on: this rig's IK would show elbows and "
            "knees up to 3 cm off. To work with IK, switch it on (IK_FK), or choose it as controls."
        )
    if wishes.controls in ("ik", "ik legs") and not keyed:
        notes.append("The rig has no IK controls that Retake knows; its bones got the keys.")
    return notes


def apply_take(
    armature_object,
    takes: Takes,
    choice: Choice,
    scene_fps: float,
    start_frame: float,
    name: str,
    wishes: Wishes | None = None,
    track: KeypointTrack | None = None,
):
    """Writes a take onto a Blender armature object as one new action.

    Returns that and the motion's notes: sentences about what the action does not hold. Raises
    RetakeError as `solve_take` and `write_action` do; nothing is changed then.
    """
    from .writing.write_action import write_action

    wearer = read_wearer(armature_object)
    solved = solve_for(
        armature_object, wearer, takes, choice, scene_fps, start_frame, wishes or Wishes(), track
    )
    action = write_action(armature_object, solved.motion, solved.frames, name, solved.switches)
    return action, solved.notes
