# pyright: basic, reportAttributeAccessIssue=false, reportMissingImports=false
"""A take shown on the character and taken back, without deciding.

A preview is a second action that is gone again without a trace. It writes no undo step, and no file
ever holds it.
"""

from __future__ import annotations

import json

import bpy

from ...shared.errors import RetakeError
from .. import session, timer
from ..durations import timed
from ..rig.armature.object_place import put_back
from ..rig.writing.channels import Manner, channels_in
from ..rig.writing.write_action import finish, keying, put_on
from ..slices import Gone, Work, action_with, by_and_by, found, with_uid
from . import reading, solves
from .ahead import once_solved, solves_of
from .before import Before, look_at, pose_again, preview_in, put_back_action, sweep_all
from .choice_track import Decision
from .half_written import half_written
from .laying import laying, wears
from .origin import OURS, provenance
from .surroundings import Piece, piece_for

PREVIEW = "Retake Preview"

_before: Before | None = None

_coming: object | None = None
"""The preview that a thread is still solving, or that is being written."""


def preview(scene, rig, decision: Decision) -> None:
    """Show one decision more on the rig until `end_preview`, as soon as it is solved. RetakeError
    if the rig cannot wear it.

    Where only a part of a long clip changes, only that is solved and the rest copied.
    """
    if _before is not None and not _is_on(rig):
        end_preview()
    _prepare(scene, rig, decision, _piece_of(scene, rig, decision))


def _prepare(scene, rig, decision: Decision, piece: Piece | None) -> None:
    """`piece`: what of the clip is solved; None: all."""
    global _coming
    own = _coming = object()

    def show(scene, rig) -> None:
        work = _showing(scene.session_uid, rig.session_uid, decision, piece)
        by_and_by(work, failed, is_wanted)

    def failed(error: RetakeError) -> None:
        if is_wanted():
            end_preview()
            timer.say(error)

    def is_wanted() -> bool:
        return _coming is own  # else another is wanted by now, or none

    worn = reading.choice_track(scene)
    choices = [worn.with_decision(decision), *([worn] if piece else [])]
    try:
        once_solved(scene, rig, choices, piece, show, failed, is_wanted)
    except RetakeError:
        if is_wanted():
            _coming = None
        raise


def _piece_of(scene, rig, decision: Decision) -> Piece | None:
    """What of the clip has to be solved to show the decision over what is worn; None: all."""
    former = with_uid(bpy.data.actions, _before.action) if _before else action_of(rig)
    if former is None or not wears(former, provenance(scene)):
        return None
    return piece_for(decision, session.takes_of(scene), session.fps_of(scene))


def _showing(scene_uid: int, rig_uid: int, decision: Decision, piece: Piece | None) -> Work[None]:
    """Put a decision that is solved on the rig. Raises Gone if another action was put on it
    meanwhile."""
    global _coming
    scene, rig = still_there(scene_uid, rig_uid)
    if _before is not None and not _is_on(rig):
        take_back()
    before = _before or look_at(rig)
    with half_written(rig, PREVIEW) as action:
        if piece:
            worn, motions = reading.choice_track(scene), solves_of(scene, rig)
            is_laid = yield from laying(action, before, motions, worn, decision, piece)
            if not is_laid:
                _show_whole(*still_there(scene_uid, rig_uid), decision)
                return
        else:
            yield from _whole(action, scene, rig, decision)
        scene, rig = still_there(scene_uid, rig_uid)
        if _before is not None and not _is_on(rig):
            raise Gone
        now = _before or look_at(rig)  # pose and fake user may be others by now
        if (now.action, now.slot) != (before.action, before.slot):
            raise Gone
        _put_on(rig, action_with(action), now)
    _coming = None
    reading.redraw()


def _show_whole(scene, rig, decision: Decision) -> None:
    """Where the decision cannot be laid over what is worn. Who asked is not here any more to be
    told of an error."""
    try:
        _prepare(scene, rig, decision, None)
    except RetakeError as error:
        end_preview()
        timer.say(error)


def _whole(action: int, scene, rig, decision: Decision) -> Work[None]:
    """The action of the whole clip."""
    uid, manner = rig.session_uid, Manner.of(rig)
    solved = solves_of(scene, rig).whole(reading.choice_track(scene).with_decision(decision))
    yield from keying(action, channels_in(manner, solved.motion), solved.frames)
    rig = found(bpy.data.objects, uid)
    if not manner.is_that_of(rig):
        raise Gone
    finish(rig, action_with(action), solved.switches, solved.frames[0])


def _put_on(rig, action, before: Before) -> None:
    global _before
    former = with_uid(bpy.data.actions, before.action)
    shown = action_of(rig) if _before else None
    put_on(rig, action)
    action[OURS] = json.dumps({"preview_of": former.name if former else "", "slot": before.slot})
    if former:
        former.use_fake_user = before.fake_user or former.users == 0
    if shown:
        bpy.data.actions.remove(shown)
    _before = before


def still_there(scene: int, rig: int):
    """By their session_uids. Raises Gone."""
    return found(bpy.data.scenes, scene), found(bpy.data.objects, rig)


def _is_on(rig) -> bool:
    """Whether the rig shows a preview, and nobody has put another action on it since."""
    shown = action_of(rig)
    is_ours = shown is not None and preview_in(shown) is not None
    return is_ours and _before is not None and _before.rig == rig.session_uid


def is_previewing() -> bool:
    """Also while a thread still solves what will be seen."""
    return _before is not None or _coming is not None


def end_preview() -> None:
    """Everything as it was before, bit by bit. An action that somebody has put on the rig meanwhile
    stays on it."""
    global _coming
    _coming = None
    take_back()


def take_back() -> None:
    """The same, but what is still coming goes on."""
    global _before
    before, _before = _before, None
    if before is None:
        return
    rig = with_uid(bpy.data.objects, before.rig)
    shown = action_of(rig) if rig is not None else None
    if shown is None or preview_in(shown) is None:
        sweep_all(bpy.data)
        return
    put_back(rig)
    put_back_action(rig, before, with_uid(bpy.data.actions, before.action))
    bpy.data.actions.remove(shown)
    bpy.context.view_layer.update()
    pose_again(rig, before.pose)


def action_of(rig):
    return rig.animation_data.action if rig.animation_data else None


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


def register() -> None:
    session.takes_listeners.append(_takes_changed)
    for handlers, handler in _handlers():
        handlers.append(handler)


def unregister() -> None:
    end_preview()
    solves.forget()
    session.takes_listeners.remove(_takes_changed)
    for handlers, handler in _handlers():
        handlers.remove(handler)
