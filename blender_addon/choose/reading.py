# pyright: basic, reportAttributeAccessIssue=false
"""What a scene says about choosing: decisions, what is open, who wears it. Changes nothing."""

from __future__ import annotations

import json

import bpy
import numpy as np

from ...shared.errors import RetakeError
from .. import session
from ..rig.apply_take import read_wearer
from ..rig.armature.read_rest_pose import known_rest, read_rest_pose
from ..rig.mapping.saved_map import bone_map_for, text_of
from ..rig.solving.landmarks import Body
from ..takes.held import Limited
from . import review, stage
from .choice_track import ChoiceTrack

PIN = "retake_pin"
"""The custom property of pins: which joint at which second, as JSON."""

_places: dict[int, tuple[tuple, stage.Place | None, str]] = {}
"""Armature object's session_uid -> what it depends on, its place, its hip bone."""


def of(scene):
    return scene.retake_choose


def takes_or_none(scene):
    """The scene's takes; None if there are none that can be read."""
    try:
        return session.takes_of(scene)
    except RetakeError:
        return None


def choice_track(scene) -> ChoiceTrack:
    """The scene's decisions. RetakeError if somebody has damaged them."""
    text = of(scene).decisions
    return ChoiceTrack.from_json(text) if text else ChoiceTrack()


def decided(scene) -> ChoiceTrack:
    """For callbacks: nothing if the decisions are damaged, which the panel says."""
    try:
        return choice_track(scene)
    except RetakeError:
        return ChoiceTrack()


def frame_of(scene, seconds: float) -> int:
    """The frame of the scene that shows a moment of the clip."""
    takes = takes_or_none(scene)
    if takes is None:
        return scene.frame_start
    return round(exact_frame_of(scene, takes)(seconds))


def seconds_of(scene, frame: float) -> float:
    """The moment of the clip that a frame of the scene shows."""
    takes = takes_or_none(scene)
    if takes is None:
        return 0.0
    fps, start = session.fps_of(scene), session.start_of(scene, takes)
    return stage.seconds_of(frame, takes, fps, start)


def exact_frame_of(scene, takes):
    """seconds -> frame of the scene, not rounded."""
    fps, start = session.fps_of(scene), session.start_of(scene, takes)
    return lambda seconds: stage.frame_of(seconds, takes, fps, start)


def clip_frame(scene, takes) -> int:
    """The clip's frame that is shown now."""
    now = scene.frame_current + scene.frame_subframe
    return stage.nearest_frame(seconds_of(scene, now), takes)


def range_of(scene, takes) -> tuple[int, int]:
    """First and last frame of the clip that are open for choosing."""
    state = of(scene)
    first, last = (stage.nearest_frame(s, takes) for s in (state.first, state.last))
    return first, max(first, last)


def seconds_open(scene) -> tuple[float, float]:
    """The range as exact times of the clip: Blender keeps numbers with seven digits."""
    takes = session.takes_of(scene)
    first, last = range_of(scene, takes)
    last = takes.frame_count - 1 if of(scene).from_here else last
    return float(takes.times[first]), float(takes.times[last])


def stretches_in(scene) -> list[review.Stretch]:
    """The review list as it is shown."""
    return [
        review.Stretch(r.first, r.last, tuple(r.groups.split(",")), r.degrees, r.millimetres)
        for r in of(scene).stretches
    ]


def reviewed(scene) -> list[str]:
    """Keys of what was ticked off."""
    try:
        rows = json.loads(of(scene).reviewed or "[]")
    except ValueError:
        return []
    return [str(row) for row in rows] if isinstance(rows, list) else []


def character_of(scene):
    """The armature object that wears the takes, or None."""
    chosen = session.of(scene).character
    if chosen is not None and chosen.name in scene.objects:
        return chosen
    active = bpy.context.view_layer.objects.active if bpy.context.scene == scene else None
    return active if active is not None and active.type == "ARMATURE" else None


def place_of(rig) -> stage.Place | None:
    """Where a rig stands, as ghosts need it; None if there is none or it is no body."""
    if rig is None:
        return None
    key = _key_of_rig(rig)
    known = _places.get(rig.session_uid)
    if known is None or known[0] != key:
        known = _places[rig.session_uid] = (key, *_looked_at(rig))
    return known[1]


def _looked_at(rig) -> tuple[stage.Place | None, str]:
    """Its place and the name of its hip bone; nothing of either if it is no body."""
    try:
        rest = read_rest_pose(rig)
        body = Body.of(rest, bone_map_for(rig, rest))
    except RetakeError:
        return None, ""
    place = body.placement()
    found = stage.Place(body.leg_length, place.rotation, place.origin)
    return found, body.bone_map.hips


def limits_of(rig) -> Limited | None:
    """Of a rig that has limits; None if it has none, is no body, or would have to be moved to be
    read."""
    try:
        if rig is None or known_rest(rig) is None:
            return None
        wearer = read_wearer(rig)
    except RetakeError:
        return None
    read = wearer.rig
    return Limited(read.rest, wearer.bone_map, read.limits) if read.limits else None


def _key_of_rig(rig):
    """What a place depends on. Where bones are edited their heads tell."""
    bones = rig.data.bones
    heads = np.empty(3 * len(bones), np.float32)
    bones.foreach_get("head_local", heads)
    return (text_of(rig), heads.tobytes(), tuple(np.ravel(rig.matrix_world)))


def hip_now(scene, otherwise):
    """Where the character's hip is now (3,): what ghosts hang on; without a character, `otherwise`.

    Read from the pose as it was evaluated for the view, nothing is evaluated for it.
    """
    rig = character_of(scene)
    if rig is not None and rig.session_uid not in _places:
        place_of(rig)  # a file was opened, or an undo step
    known = _places.get(rig.session_uid) if rig else None
    bone = rig.pose.bones.get(known[2]) if rig and rig.pose and known else None
    if rig is None or bone is None:
        return otherwise
    return np.array(rig.matrix_world @ bone.head)


def camera_place(scene, stage) -> np.ndarray:
    """Where the video's camera stands in the scene."""
    clip = getattr(scene, "retake_clip", None)
    camera = clip.camera if clip else None
    return np.array(camera.matrix_world.translation) if camera else stage.camera


def pins_in(scene):
    """The empties that hold joints when a range is sampled again."""
    return [thing for thing in scene.objects if PIN in thing]


def key_of(scene):
    """What ghosts are made of; cheap enough for every redraw."""
    state, own, rig = of(scene), session.of(scene), character_of(scene)
    shown = tuple(row.hypothesis for row in state.alternatives)
    place = tuple(np.ravel(rig.matrix_world)) if rig else None
    return (own.takes_path, state.decisions, state.group, state.first, state.last, shown, place)


def redraw() -> None:
    """The views that show takes."""
    manager = getattr(bpy.context, "window_manager", None)
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type in ("VIEW_3D", "DOPESHEET_EDITOR"):
                area.tag_redraw()


def forget() -> None:
    _places.clear()
