# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
"""The chosen motion on the character: written as an action of ours, or shown and taken back.

A preview is a second action that is gone again without a trace. It writes no undo step, and no file
ever holds it.
"""

from __future__ import annotations

import json
import logging

import bpy

from ...shared.errors import RetakeError
from .. import session
from ..durations import timed
from ..rig import scene as rigging
from ..rig.armature.object_place import put_back
from ..rig.writing.write_action import write_action
from . import reading, solves
from .before import Before, look_at, pose_again, put_back_action
from .choice_track import Decision
from .laying import laid, wears
from .origin import OURS, keys_of, note_of, provenance

PREVIEW = "Retake Preview"

log = logging.getLogger(__name__)

_before: Before | None = None


def write_choice(scene, rig, name: str | None = None):
    """The scene's choices onto the rig. -> the action and notes about it.

    An action that was written so before, and that nobody has edited since, is replaced by the new
    one under its name; any other action stays. RetakeError if the rig cannot wear it.
    """
    end_preview()
    old = _unedited(rig)
    name = old.name if old else name or f"{session.of(scene).takes_name} chosen"
    solved = _solves(scene, rig).whole(reading.choice_track(scene))
    action = write_action(rig, solved.motion, solved.frames, name, solved.switches)
    if old:
        _take_the_place_of(old, action, name)
    action[OURS] = json.dumps({**provenance(scene), "keys": keys_of(action)})
    session.of(scene).character = rig
    return action, solved.notes


def wear_best(scene) -> None:
    """Choosing is for the exceptions: takes that arrive are worn at once, if there is somebody who
    wears this scene's takes, and nobody had to decide anything."""
    rig = session.of(scene).character
    if not reading.of(scene).apply_best or rig is None or rig.name not in scene.objects:
        return
    uid = scene.session_uid

    def wear() -> None:
        found = next((s for s in bpy.data.scenes if s.session_uid == uid), None)
        if found is None or session.of(found).character is None:
            return
        try:
            write_choice(found, session.of(found).character)
        except RetakeError as error:
            log.info("the best take was not applied: %s", error)
        else:
            session.push_undo("Apply Best Take")

    if bpy.app.background:
        wear()
    else:
        bpy.app.timers.register(wear, first_interval=0.0)


def preview(scene, rig, decision: Decision) -> None:
    """Show one decision more on the rig until `end_preview`. RetakeError if the rig cannot wear it.

    Where only a part of a long clip changes, only that is solved and the rest copied.
    """
    global _before
    if _before is not None and _before.rig != rig.session_uid:
        end_preview()
    before = _before or look_at(rig)
    shown = _action_of(rig) if _before else None
    former = _with_uid(bpy.data.actions, before.action)
    action = _shown_near(scene, rig, before, former, decision) or _shown(scene, rig, decision)
    action.name = PREVIEW
    action[OURS] = json.dumps({"preview_of": former.name if former else "", "slot": before.slot})
    if former:
        former.use_fake_user = before.fake_user or former.users == 0
    if shown:
        bpy.data.actions.remove(shown)
    _before = before


def _shown(scene, rig, decision: Decision):
    """The action of the whole clip."""
    solved = _solves(scene, rig).whole(reading.choice_track(scene).with_decision(decision))
    return write_action(rig, solved.motion, solved.frames, PREVIEW, solved.switches)


def _shown_near(scene, rig, before: Before, former, decision: Decision):
    """The action that was worn with other keys around the decision; None if that cannot be."""
    if former is None or not wears(former, provenance(scene)):
        return None
    worn = reading.choice_track(scene)
    action = laid(former, before.slot, _solves(scene, rig), worn, decision)
    if action is not None:
        put_back(rig)
        rig.animation_data.action = action
        put_on = (slot for slot in action.slots if slot.handle == before.slot)
        rig.animation_data.action_slot = next(put_on)
    return action


def is_previewing() -> bool:
    return _before is not None


def end_preview() -> None:
    """Everything as it was before, bit by bit."""
    global _before
    before, _before = _before, None
    if before is None:
        return
    rig = _with_uid(bpy.data.objects, before.rig)
    if rig is None:
        _sweep_all()
        return
    shown = _action_of(rig)
    put_back(rig)
    put_back_action(rig, before, _with_uid(bpy.data.actions, before.action))
    if shown is not None and _preview_in(shown) is not None:
        bpy.data.actions.remove(shown)
    bpy.context.view_layer.update()
    pose_again(rig, before.pose)


def _solves(scene, rig) -> solves.Solves:
    takes = session.takes_of(scene)
    asked = solves.Asked(
        takes,
        session.fps_of(scene),
        session.start_of(scene, takes),
        rigging.wishes_of(scene, rig),
        session.matching_track(scene),
    )
    return solves.solves_for(rig, asked)


def _with_uid(things, uid: int):
    return next((thing for thing in things if thing.session_uid == uid), None)


def _action_of(rig):
    return rig.animation_data.action if rig.animation_data else None


def _unedited(rig):
    """The rig's action if it is ours and as we wrote it."""
    action = _action_of(rig)
    written = note_of(action).get("keys") if action and action.library is None else None
    return action if written and written == keys_of(action) else None


def _take_the_place_of(old, new, name: str) -> None:
    """Also for strips and other objects that use it."""
    slots = {s.identifier: s for s in new.slots}
    users = [o for o in bpy.data.objects if o.animation_data and o.animation_data.action == old]
    old.use_fake_user = False
    old.user_remap(new)
    for user in users:
        user.animation_data.action_slot = next(iter(slots.values()))
    bpy.data.actions.remove(old)
    new.name = name


@bpy.app.handlers.persistent
@timed
def _before_saving(*_):
    """No file holds a preview."""
    end_preview()


@bpy.app.handlers.persistent
@timed
def _before_undo(*_):
    end_preview()


@bpy.app.handlers.persistent
@timed
def _after_loading(*_):
    """What Blender has put in place of the file knows nothing of our preview."""
    global _before
    _before = None
    reading.forget()
    _sweep_all()


def _sweep_all() -> None:
    for action in list(bpy.data.actions):
        if (kept := _preview_in(action)) is not None:
            _sweep(action, kept)


def _preview_in(action) -> dict | None:
    """What a preview says about itself; None for other actions, whatever they are called."""
    note = note_of(action)
    return note if "preview_of" in note else None


def _sweep(action, kept: dict) -> None:
    """An undo step of somebody else may have caught a preview."""
    former = bpy.data.actions.get(kept.get("preview_of") or "")
    for rig in bpy.data.objects:
        if rig.animation_data and rig.animation_data.action == action:
            rig.animation_data.action = former
            if former is not None:
                slot = next((s for s in former.slots if s.handle == kept.get("slot")), None)
                rig.animation_data.action_slot = slot
    bpy.data.actions.remove(action)


def _handlers():
    on = bpy.app.handlers
    return (
        (on.save_pre, _before_saving),
        (on.undo_pre, _before_undo),
        (on.redo_pre, _before_undo),
        (on.undo_post, _after_loading),
        (on.redo_post, _after_loading),
        (on.load_post, _after_loading),
    )


def require_character(context):
    """The armature that wears the takes. RetakeError that says how to name one."""
    rig = session.character_of(context)
    if rig is None:
        raise RetakeError("There is no character. Choose one in the step Rig, or make it active.")
    return rig


def register() -> None:
    session.arrival_listeners.append(wear_best)
    for handlers, handler in _handlers():
        handlers.append(handler)


def unregister() -> None:
    end_preview()
    solves.forget()
    session.arrival_listeners.remove(wear_best)
    for handlers, handler in _handlers():
        handlers.remove(handler)
