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
from .. import session, timer
from ..durations import timed
from ..rig.armature.object_place import put_back
from ..rig.writing.write_action import write_action
from . import reading, ready, solves
from .ahead import once_solved, solves_of, with_uid
from .before import Before, look_at, pose_again, preview_in, put_back_action, sweep_all
from .choice_track import Decision
from .laying import laid, wears
from .origin import OURS, keys_of, note_of, provenance
from .surroundings import Piece, piece_for

PREVIEW = "Retake Preview"

log = logging.getLogger(__name__)

_before: Before | None = None

_coming: object | None = None
"""The preview that a thread is still solving."""


def write_choice(scene, rig, name: str | None = None):
    """The scene's choices onto the rig. -> the action and notes about it.

    An action that was written so before, and that nobody has edited since, is replaced by the new
    one under its name; any other action stays. RetakeError if the rig cannot wear it.
    """
    end_preview()
    old = _unedited(rig)
    name = old.name if old else name or f"{session.of(scene).takes_name} chosen"
    solved = solves_of(scene, rig).whole(reading.choice_track(scene))
    action = write_action(rig, solved.motion, solved.frames, name, solved.switches)
    if old:
        _take_the_place_of(old, action, name)
    action[OURS] = json.dumps({**provenance(scene), "keys": keys_of(action)})
    session.of(scene).character = rig
    ready.want_review_of_character(scene)
    return action, solved.notes


def wear_best(scene) -> None:
    """Choosing is for the exceptions: takes that arrive are worn as soon as a thread has solved
    them, if there is somebody who wears this scene's takes, and nobody had to decide anything."""
    rig = session.of(scene).character
    if not reading.of(scene).apply_best or rig is None or rig.name not in scene.objects:
        return

    asked = session.of(scene).takes_path, reading.of(scene).decisions

    def wear(scene, rig) -> None:
        own = session.of(scene)
        if (own.takes_path, reading.of(scene).decisions) != asked or own.character != rig:
            return  # an undo, a decision or other takes came between
        write_choice(scene, rig)
        session.push_undo("Apply Best Take")

    def failed(error: RetakeError) -> None:
        log.info("the best take was not applied: %s", error)

    try:
        once_solved(scene, rig, [reading.choice_track(scene)], None, wear, failed)
    except RetakeError as error:
        failed(error)


def preview(scene, rig, decision: Decision) -> None:
    """Show one decision more on the rig until `end_preview`, as soon as it is solved. RetakeError
    if the rig cannot wear it.

    Where only a part of a long clip changes, only that is solved and the rest copied.
    """
    global _coming
    if _before is not None and not _is_on(rig):
        end_preview()
    worn, piece = reading.choice_track(scene), _piece_of(scene, rig, decision)
    own = _coming = object()

    def show(scene, rig) -> None:
        global _coming
        _show(scene, rig, decision)
        _coming = None
        reading.redraw()

    def failed(error: RetakeError) -> None:
        if is_wanted():
            end_preview()
            timer.say(error)

    def is_wanted() -> bool:
        return _coming is own  # else another is wanted by now, or none

    choices = [worn.with_decision(decision), *([worn] if piece else [])]
    try:
        once_solved(scene, rig, choices, piece, show, failed, is_wanted)
    except RetakeError:
        _coming = None
        raise


def _piece_of(scene, rig, decision: Decision) -> Piece | None:
    """What of the clip has to be solved to show the decision over what is worn; None: all."""
    former = with_uid(bpy.data.actions, _before.action) if _before else _action_of(rig)
    if former is None or not wears(former, provenance(scene)):
        return None
    return piece_for(decision, session.takes_of(scene), session.fps_of(scene))


def _show(scene, rig, decision: Decision) -> None:
    """Put a decision that is solved on the rig."""
    global _before
    if _before is not None and not _is_on(rig):
        end_preview()
    before, piece = _before or look_at(rig), _piece_of(scene, rig, decision)
    shown = _action_of(rig) if _before else None
    former = with_uid(bpy.data.actions, before.action)
    near = _shown_near(scene, rig, before, former, decision, piece) if former and piece else None
    action = near or _shown(scene, rig, decision)
    action.name = PREVIEW
    action[OURS] = json.dumps({"preview_of": former.name if former else "", "slot": before.slot})
    if former:
        former.use_fake_user = before.fake_user or former.users == 0
    if shown:
        bpy.data.actions.remove(shown)
    _before = before


def _shown(scene, rig, decision: Decision):
    """The action of the whole clip."""
    solved = solves_of(scene, rig).whole(reading.choice_track(scene).with_decision(decision))
    return write_action(rig, solved.motion, solved.frames, PREVIEW, solved.switches)


def _shown_near(scene, rig, before: Before, former, decision: Decision, piece: Piece):
    """The action that was worn with other keys around the decision; None if that cannot be."""
    worn = reading.choice_track(scene)
    action = laid(former, before.slot, solves_of(scene, rig), worn, decision, piece)
    if action is not None:
        put_back(rig)
        rig.animation_data.action = action
        put_on = (slot for slot in action.slots if slot.handle == before.slot)
        rig.animation_data.action_slot = next(put_on)
    return action


def _is_on(rig) -> bool:
    """Whether the rig shows a preview, and nobody has put another action on it since."""
    shown = _action_of(rig)
    is_ours = shown is not None and preview_in(shown) is not None
    return is_ours and _before is not None and _before.rig == rig.session_uid


def is_previewing() -> bool:
    """Also while a thread still solves what will be seen."""
    return _before is not None or _coming is not None


def end_preview() -> None:
    """Everything as it was before, bit by bit. An action that somebody has put on the rig meanwhile
    stays on it."""
    global _before, _coming
    before, _coming = _before, None
    if before is None:
        return
    rig = with_uid(bpy.data.objects, before.rig)
    is_shown = rig is not None and _is_on(rig)
    _before = None
    if not is_shown:
        sweep_all(bpy.data)
        return
    shown = _action_of(rig)
    put_back(rig)
    put_back_action(rig, before, with_uid(bpy.data.actions, before.action))
    bpy.data.actions.remove(shown)
    bpy.context.view_layer.update()
    pose_again(rig, before.pose)


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


def _takes_changed(scene, continues: bool) -> None:
    """What is previewed was one of the takes before."""
    if not continues:
        end_preview()


@bpy.app.handlers.persistent
@timed
def _after_loading(*_):
    """What Blender has put in place of the file knows nothing of our preview."""
    global _before, _coming
    _before, _coming = None, None
    reading.forget()
    sweep_all(bpy.data)


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
    session.takes_listeners.append(_takes_changed)
    session.arrival_listeners.append(wear_best)
    for handlers, handler in _handlers():
        handlers.append(handler)


def unregister() -> None:
    end_preview()
    solves.forget()
    session.arrival_listeners.remove(wear_best)
    session.takes_listeners.remove(_takes_changed)
    for handlers, handler in _handlers():
        handlers.remove(handler)
