# pyright: basic, reportAttributeAccessIssue=false
"""The step Rig in a scene: which bones a rig has for which part, and what is wished of a motion."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass

import bpy
import numpy as np

from ...shared.contact_spans import ContactSpans
from ...shared.errors import RetakeError
from .. import session
from ..choose.choice_track import WHOLE
from .apply_take import scene_times
from .armature.read_rest_pose import known_rest, read_rig, was_probed
from .camera_path import matrices_over_time
from .mapping import saved_map
from .mapping.map_slots import OPTIONAL, SLOTS, Slots, found_slots, problems
from .wishes import Reach, Smoothing, Wishes

SEVEN_DIGITS_S = 1e-4
"""Blender keeps times with seven digits; a range may not lose its first or last frame by that."""

TARGET = "retake_hand"
"""The custom property of empties that say where a hand shall be, and when, as JSON."""

LOOK_AGAIN_S = 0.3
"""A panel asks for every slot at every movement of the mouse; the rig is looked at once."""


@dataclass(frozen=True)
class Shown:
    """What the panel shows of a rig's map.

    wrong    slot -> what is wrong with it
    is_own   the rig carries the map; otherwise it is found
    damaged  why the map that it carries cannot be read; empty: it can
    """

    slots: Slots
    wrong: dict[str, str]
    is_own: bool
    damaged: str = ""


_shown: dict[int, tuple[float, tuple, Shown]] = {}
"""Armature object's session_uid -> when it was looked at, what it was then, what was found."""


def of(scene):
    return scene.retake_rig


def rig_of(scene):
    """Who wears the takes: the chosen armature object, else the active one; or None."""
    return session.character_of(bpy.context) if bpy.context.scene == scene else None


def shown_map(rig) -> Shown:
    """Cheap enough for drawing; nothing of the rig is touched."""
    now, known = time.monotonic(), _shown.get(rig.session_uid)
    if known and now - known[0] < LOOK_AGAIN_S:
        return known[2]
    key = _key_of(rig)
    shown = known[2] if known and known[1] == key else _look_at(rig)
    if len(_shown) > 8:
        _shown.clear()
    _shown[rig.session_uid] = (now, key, shown)
    return shown


def forget_shown() -> None:
    _shown.clear()


def _key_of(rig) -> tuple:
    bones = rig.data.bones
    places = np.empty(3 * len(bones), np.float32)
    bones.foreach_get("head_local", places)
    return (saved_map.text_of(rig), tuple(bones.keys()), places.tobytes(), was_probed(rig))


def _look_at(rig) -> Shown:
    own, damaged = None, ""
    try:
        own = saved_map.saved_slots(rig)
    except RetakeError as error:
        damaged = str(error)
    if not len(rig.data.bones):
        return Shown(Slots({}, {}), {slot: "is missing" for slot in SLOTS}, False, damaged)
    rest = known_rest(rig)
    if rest is None:
        slots = own or control_slots(rig)
        return Shown(slots, _absent(slots, rig), own is not None, damaged)
    slots = own or found_slots(rest)
    return Shown(slots, problems(slots, rest, rig.data.bones.keys()), own is not None, damaged)


def control_slots(rig) -> Slots:
    """The controls of a generated Rigify rig by their names. What hangs on what is found only by
    turning them, which is not for a panel to do."""
    spine = sorted(bone.name for bone in rig.data.bones if bone.name.startswith("spine_fk"))
    bones = {"hips": "torso", "neck": "neck", "head": "head"}
    bones |= {"spine": spine[-1], "chest": spine[-1]} if spine else {}
    names = {"clavicle": "shoulder", "upper_arm": "upper_arm_fk", "forearm": "forearm_fk"}
    names |= {"hand": "hand_fk", "thigh": "thigh_fk", "shin": "shin_fk", "foot": "foot_fk"}
    for side in ("left", "right"):
        letter = side[0].upper()
        bones |= {f"{side}_{part}": f"{name}.{letter}" for part, name in names.items()}
        toes = [f"{name}.{letter}" for name in ("toe_fk", "toe")]
        bones[f"{side}_toe"] = next((toe for toe in toes if toe in rig.data.bones), "")
    return Slots({slot: bone for slot, bone in bones.items() if bone in rig.data.bones}, {})


def _absent(slots: Slots, rig) -> dict[str, str]:
    wrong = {s: "is missing" for s in SLOTS if s not in OPTIONAL and s not in slots.bones}
    return wrong | {
        slot: f"is '{bone}', which the rig does not have"
        for slot, bone in slots.bones.items()
        if bone not in rig.data.bones
    }


def exact_slots(rig) -> Slots:
    """The map that the rig carries, else what is found on what is solved for.

    Turns the controls of a generated Rigify rig and puts them back: not for drawing. RetakeError if
    the rig has no bones.
    """
    return saved_map.saved_slots(rig) or found_slots(read_rig(rig).rest)


def set_bone(rig, slot: str, bone: str) -> None:
    """The animator has chosen a bone, or none: the rig carries the whole map from now on."""
    keep(rig, exact_slots(rig).with_bone(slot, bone))


def keep(rig, slots: Slots) -> None:
    """The rig carries these slots from now on; what hangs on what is known to the table then."""
    saved_map.keep(rig, slots)
    read_rig(rig)
    forget_shown()


def wishes_of(scene, rig) -> Wishes:
    """What the scene asks of motions on `rig`; previews and Apply ask the same. RetakeError if
    something that is asked for is not there."""
    state = of(scene)
    return Wishes(
        smoothing=_smoothing_of(state),
        neutral=state.neutral if state.use_neutral else None,
        contacts=contacts_of(scene) if state.contacts else None,
        reaches=tuple(_reach_of(scene, target) for target in targets_in(scene)),
        controls=state.controls.lower().replace("_", " "),
        root=state.root.lower(),
        way=state.way.lower(),
        in_place=state.in_place,
        scale=state.scale if state.use_scale else None,
        floor=state.floor if state.use_floor else None,
        path_s=state.path if state.use_path else None,
        camera=_cameras(scene) if state.place == "CAMERA" else None,
    )


def active_smoothing(scene):
    """The line of the list that is open for editing; None if there is none."""
    state = of(scene)
    inside = 0 <= state.active_smoothing < len(state.smoothings)
    return state.smoothings[state.active_smoothing] if inside else None


def _smoothing_of(state) -> float | tuple[Smoothing, ...]:
    if not len(state.smoothings):
        return state.smoothing
    return (Smoothing(state.smoothing), *(_smoothing_in(row) for row in state.smoothings))


def _smoothing_in(row) -> Smoothing:
    groups = () if row.group == WHOLE else (row.group,)
    if not row.use_range:
        return Smoothing(row.seconds, groups)
    return Smoothing(row.seconds, groups, row.first - SEVEN_DIGITS_S, row.last + SEVEN_DIGITS_S)


DAMAGED_CONTACTS = "The contacts kept in this scene are damaged. Press As the Takes Say."


def contacts_of(scene) -> ContactSpans:
    """The animator's, else the takes'. RetakeError if there are none or they are damaged."""
    text = of(scene).contacts
    if text:
        try:
            return ContactSpans.from_json(text, "The scene")
        except RetakeError as error:
            raise RetakeError(DAMAGED_CONTACTS) from error
    takes = session.takes_of(scene)
    return ContactSpans.of(takes.contacts, takes.times)


def targets_in(scene) -> list:
    """The empties that say where a hand shall be, the earliest first."""
    found = [thing for thing in scene.objects if TARGET in thing]
    return sorted(found, key=lambda thing: (span_of(thing)[1:], thing.name))


def span_of(target) -> tuple[str, float, float]:
    """Hand, and first and last second of the clip. RetakeError if somebody has damaged it."""
    try:
        kept = json.loads(target[TARGET])
        return str(kept["hand"]), float(kept["first"]), float(kept["last"])
    except (ValueError, KeyError, TypeError):
        raise RetakeError(
            f"What '{target.name}' says of a hand cannot be read. Delete it, and add another."
        ) from None


def _reach_of(scene, target) -> Reach:
    hand, first, last = span_of(target)
    place = np.array(target.matrix_world.translation)
    if target.animation_data or target.parent or len(target.constraints):
        takes = session.takes_of(scene)
        fps = session.fps_of(scene)
        seconds = scene_times(takes, fps) - takes.times[0]
        frames = session.start_of(scene, takes) + seconds * fps
        place = matrices_over_time(target, scene, frames)[:, :3, 3]
    return Reach(hand, first, last, place)


def _cameras(scene) -> np.ndarray:
    """(F, 4, 4) of the shot camera, one per frame of the takes."""
    camera = scene.retake_clip.camera or scene.camera
    if camera is None:
        raise RetakeError("There is no shot camera to place the motion by. Add one in step Clip.")
    takes = session.takes_of(scene)
    if not (camera.animation_data or camera.parent or len(camera.constraints)):
        return np.tile(np.array(camera.matrix_world), (takes.frame_count, 1, 1))
    seconds = takes.times - takes.times[0]
    frames = session.start_of(scene, takes) + seconds * session.fps_of(scene)
    return matrices_over_time(camera, scene, frames)
