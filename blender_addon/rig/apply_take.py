# pyright: basic
"""Takes onto a rig: choice of hypotheses -> world -> scene frames -> rotations -> a new action.

Only `apply_take` needs Blender.
"""

from __future__ import annotations

import numpy as np

from ...shared.ground import find_ground, settle
from ...shared.resample import resample
from ...shared.takes import Takes
from .bone_map import find_bone_map
from .combine import choice_of, combine
from .landmarks import Body
from .rest_pose import RestPose
from .solve import RigMotion, solve_motion


def solve_take(takes: Takes, hypothesis: int | None, rest: RestPose, scene_fps: float) -> RigMotion:
    """Poses of the rig, one per scene frame, starting where and as the rig stands in its rest pose.

    `hypothesis` None: the takes' best per limb group. Raises RetakeError if the rig lacks bones or
    there is no such hypothesis. Needs no Blender.
    """
    bone_map = find_bone_map(rest)
    positions = combine(takes, choice_of(takes, hypothesis))
    world = settle(find_ground(positions, takes.fps).to_world(positions), takes.fps)
    world = resample(world, takes.times, scene_times(takes, scene_fps))
    placement = Body.of(rest, bone_map).placement()
    return solve_motion(world, rest, bone_map, fps=scene_fps, placement=placement)


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
):
    """Writes a take onto a Blender armature object as one new action.

    Returns that and the motion's notes: sentences about what the action does not hold. Raises
    RetakeError as `solve_take` and `write_action` do; nothing is changed then.
    """
    from .read_rest_pose import read_rest_pose
    from .write_action import write_action

    motion = solve_take(takes, hypothesis, read_rest_pose(armature_object), scene_fps)
    frames = start_frame + np.arange(len(motion.root_location))
    return write_action(armature_object, motion, frames, name), motion.notes
