"""Takes in the world: their joints as wished for, where the floor is, and when their feet stand.

Knows no rig but for the place where it stands. Needs no Blender.
"""

from __future__ import annotations

import numpy as np

from ...shared.arrays import Bools, Floats
from ...shared.contact_spans import ContactSpans
from ...shared.errors import RetakeError
from ...shared.ground import find_ground, settle
from ...shared.keypoints import KeypointTrack
from ...shared.takes import Takes
from ..choose.combine import Choice, combine
from .camera_path import camera_path, through_camera
from .ground.plants import Contacts
from .path_smoothness import with_path
from .smoothing import smoothed
from .solving.landmarks import Body, Placement
from .solving.solve import found_contacts
from .wishes import Wishes


def chosen_joints(
    takes: Takes, choice: Choice, wishes: Wishes, track: KeypointTrack | None
) -> Floats:
    """Joints (F, 17, 3) in the camera frame, metres, with their way and smoothness as asked for."""
    positions = combine(takes, choice, track)
    if wishes.path_s is not None or (camera_moves(wishes) and track is not None):
        path = None if wishes.camera is None else camera_path(wishes.camera, takes.frame_count)
        positions = with_path(positions, takes, track, wishes.path_s, path)
    return smoothed(positions, takes.spread, wishes.smoothing_of(takes.times), takes.fps)


def placed(positions: Floats, takes: Takes, body: Body, wishes: Wishes) -> tuple[Floats, Placement]:
    """Joints (F, 17, 3), metres, z up, floor at 0, and where that world is put."""
    if wishes.camera is None:
        placement = body.placement()
        world = find_ground(positions, takes.fps).to_world(positions)
    else:
        seen = through_camera(positions, wishes.camera)
        floor = 0.0 if wishes.floor is None else wishes.floor
        origin = np.array([*seen[0, 0, :2], floor])
        world, placement = seen - origin, Placement(np.eye(3), origin)
    if wishes.floor is not None:
        placement = Placement(
            placement.rotation, placement.origin * (1, 1, 0) + (0, 0, wishes.floor)
        )
    return world, placement


def contacts_in(takes: Takes, times: Floats, wishes: Wishes) -> Contacts | None:
    """The animator's, else the takes'; None, to be found in the motion, where the camera moves.

    The takes were made as if it stood still. RetakeError if none of the animator's is in the clip.
    """
    if wishes.contacts is not None:
        if wishes.contacts.beyond(times):
            raise RetakeError(
                f"None of the contacts is in the clip, which lasts from {times[0]:g} to "
                f"{times[-1]:g} s. Contacts are given in the clip's own time."
            )
        return Contacts(wishes.contacts.numbered(times), exact=True)
    return None if camera_moves(wishes) else Contacts.of(standing_feet(takes, times))


def contacts_shown(
    takes: Takes, choice: Choice, wishes: Wishes, track: KeypointTrack | None = None
) -> ContactSpans:
    """When the feet of `solve_take`'s motion stand, to be edited.

    As asked for, as the takes say, or, where the camera moves, as found in the motion.
    """
    if wishes.contacts is not None:
        return wishes.contacts
    if wishes.camera is None or not camera_moves(wishes):
        return ContactSpans.of(takes.contacts, takes.times)
    seen = through_camera(chosen_joints(takes, choice, wishes, track), wishes.camera)
    floor = 0.0 if wishes.floor is None else wishes.floor
    world = settle(seen - np.array([0.0, 0.0, floor]), takes.fps)
    return ContactSpans.of(found_contacts(world, takes.fps), takes.times)


def standing_feet(takes: Takes, times: Floats) -> Bools:
    """(G, 4) whether left heel, left toe, right heel and right toe stand at `times` (G,)."""
    return ContactSpans.of(takes.contacts, takes.times).numbered(times) > 0


def camera_moves(wishes: Wishes) -> bool:
    cameras = wishes.camera
    return cameras is not None and bool(np.any(cameras != cameras[:1]))
