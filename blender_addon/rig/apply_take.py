# pyright: basic
"""Takes onto a rig: choice of hypotheses -> world -> scene frames -> rotations -> a new action.

Only `apply_take` needs Blender.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...shared.errors import RetakeError
from ...shared.ground import find_ground, settle
from ...shared.resample import resample
from ...shared.takes import Takes
from ..choose.combine import choice_of, combine
from .bone_map import find_bone_map
from .landmarks import Body
from .limits import Limits
from .rest_pose import RestPose
from .smoothing import smoothed
from .solve import RigMotion, solve_motion

STANDS = 0.5
"""Probability of contact from which a foot is taken to stand."""


@dataclass(frozen=True)
class Wishes:
    """What an animator may ask of a motion.

    smoothing  seconds: faster movements of uncertain bones are smoothed away; 0 keeps everything
    neutral    seconds of the clip (as in `Takes.times`) at which the trunk stands as in the rig's
               rest pose; None: nobody said so
    """

    smoothing: float = 0.0
    neutral: float | None = None


def solve_take(
    takes: Takes,
    hypothesis: int | None,
    rest: RestPose,
    scene_fps: float,
    wishes: Wishes | None = None,
    limits: Mapping[str, Limits] | None = None,
) -> RigMotion:
    """Poses of the rig, one per scene frame, starting where and as the rig stands in its rest pose.

    `hypothesis` None: the takes' best per limb group. Raises RetakeError if the rig lacks bones or
    there is no such hypothesis. Needs no Blender.
    """
    wishes = wishes or Wishes()
    bone_map = find_bone_map(rest)
    positions = combine(takes, choice_of(takes, hypothesis))
    positions = smoothed(positions, takes.spread, wishes.smoothing, takes.fps)
    world = settle(find_ground(positions, takes.fps).to_world(positions), takes.fps)
    times = scene_times(takes, scene_fps)
    return solve_motion(
        resample(world, takes.times, times),
        rest,
        bone_map,
        fps=scene_fps,
        placement=Body.of(rest, bone_map).placement(),
        contacts=standing_feet(takes, times),
        limits=limits,
        neutral=_nearest(times, wishes.neutral),
    )


def _nearest(times: np.ndarray, second: float | None) -> int | None:
    if second is None:
        return None
    if not times[0] <= second <= times[-1]:
        raise RetakeError(
            f"The neutral moment {second:g} s is not in the clip, which lasts from {times[0]:g} to "
            f"{times[-1]:g} s."
        )
    return int(np.argmin(np.abs(times - second)))


def standing_feet(takes: Takes, times: np.ndarray) -> np.ndarray:
    """(G, 2) whether the left and the right foot stand at `times` (G,), by heel or toe."""
    points = [np.interp(times, takes.times, track) for track in takes.contacts.T]
    return np.stack([np.maximum(*points[:2]), np.maximum(*points[2:])], axis=-1) > STANDS


def scene_times(takes: Takes, scene_fps: float) -> np.ndarray:
    """Seconds (G,) of the scene frames that lie within the clip; the first is the clip's first."""
    duration = takes.times[-1] - takes.times[0]
    return takes.times[0] + np.arange(int(duration * scene_fps + 1e-6) + 1) / scene_fps


def apply_take(
    armature_object,
    takes: Takes,
    hypothesis: int | None,
    scene_fps: float,
    start_frame: float,
    name: str,
    wishes: Wishes | None = None,
):
    """Writes a take onto a Blender armature object as one new action.

    Returns that and the motion's notes: sentences about what the action does not hold. Raises
    RetakeError as `solve_take` and `write_action` do; nothing is changed then.
    """
    from .read_rest_pose import read_rig
    from .write_action import write_action

    rig = read_rig(armature_object)
    motion = solve_take(takes, hypothesis, rig.rest, scene_fps, wishes, rig.limits)
    frames = start_frame + np.arange(len(motion.root_location))
    action = write_action(armature_object, motion, frames, name, rig.switches)
    busy = sorted(rig.busy.intersection(motion.rotations))
    notes = [f"Constraints may overrule the action on: {', '.join(busy)}."] if busy else []
    return action, (*motion.notes, *notes)
