# pyright: basic, reportAttributeAccessIssue=false
"""The chosen motion on the character, as an action of ours."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import bpy

from ...shared.errors import RetakeError
from .. import session
from ..durations import timed
from ..rig.writing.channels import Manner, channels_in
from ..rig.writing.write_action import finish, keying, put_on
from ..slices import Gone, Work, action_with, at_once, by_and_by, found, with_uid
from . import reading, ready
from .ahead import once_solved, solves_of
from .character import action_of, end_preview, still_there, take_back
from .half_written import half_written
from .origin import OURS, note_of, provenance, reading_keys

log = logging.getLogger(__name__)


def write_choice(scene, rig, name: str | None = None):
    """The scene's choices onto the rig. -> the action and notes about it.

    An action that was written so before, and that nobody has edited since, is replaced by the new
    one under its name; any other action stays. RetakeError if the rig cannot wear it.
    """
    end_preview()
    name = name or f"{session.of(scene).takes_name} chosen"
    return at_once(_writing(scene.session_uid, rig.session_uid, name))


def wear_best(scene) -> None:
    """Choosing is for the exceptions: takes that arrive are worn as soon as a thread has solved
    them, if there is somebody who wears this scene's takes, and nobody had to decide anything."""
    rig = session.of(scene).character
    if not reading.of(scene).apply_best or rig is None or rig.name not in scene.objects:
        return
    uid, asked = scene.session_uid, _asked_of(scene)

    def is_wanted() -> bool:
        """Unless an undo, a decision or other takes came between."""
        scene = with_uid(bpy.data.scenes, uid)
        return scene is not None and _asked_of(scene) == asked

    def wear(scene, rig) -> None:
        by_and_by(_wearing(scene.session_uid, rig.session_uid), failed, is_wanted)

    def failed(error: RetakeError) -> None:
        if isinstance(error, Gone) and is_wanted():
            wear_best(found(bpy.data.scenes, uid))
            return
        log.info("the best take was not applied: %s", error)

    try:
        once_solved(scene, rig, [reading.choice_track(scene)], None, wear, failed, is_wanted)
    except RetakeError as error:
        failed(error)


def _asked_of(scene) -> tuple[str, str, int, bool]:
    own, choosing = session.of(scene), reading.of(scene)
    character = own.character.session_uid if own.character else 0
    return own.takes_path, choosing.decisions, character, choosing.apply_best


def _wearing(scene_uid: int, rig_uid: int) -> Work[None]:
    scene = found(bpy.data.scenes, scene_uid)
    yield from _writing(scene_uid, rig_uid, f"{session.of(scene).takes_name} chosen")
    session.push_undo("Apply Best Take")


def _writing(scene_uid: int, rig_uid: int, name: str) -> Work[tuple[Any, tuple[str, ...]]]:
    """`write_choice`, curve by curve. Raises Gone if what it is made of changes meanwhile."""
    scene, rig = still_there(scene_uid, rig_uid)
    take_back()
    note, manner = provenance(scene), Manner.of(rig)
    solved = solves_of(scene, rig).whole(reading.choice_track(scene))
    with half_written(rig, name) as uid, _changed_actions() as changed:
        yield from keying(uid, channels_in(manner, solved.motion), solved.frames)
        _, rig = still_there(scene_uid, rig_uid)
        finish(rig, action_with(uid), solved.switches, solved.frames[0])
        keys = yield from reading_keys(uid)
        old_uid = yield from _unedited(rig_uid)
        scene, rig = still_there(scene_uid, rig_uid)
        take_back()
        bpy.context.view_layer.update()  # has the edits of this moment told to `changed`
        if provenance(scene) != note or not manner.is_that_of(rig):
            raise Gone
        old, action = action_of(rig), action_with(uid)
        put_on(rig, action)
        if old and old.session_uid == old_uid and old_uid not in changed:
            _take_the_place_of(old, action)
        action[OURS] = json.dumps({**note, "keys": keys})
        session.of(scene).character = rig
        ready.want_review_of_character(scene)
        return action, solved.notes


@contextmanager
def _changed_actions() -> Iterator[set[int]]:
    """The session_uids of actions that anybody changes meanwhile."""
    bpy.context.view_layer.update()  # of what was done before, nothing is told
    changed: set[int] = set()
    handlers = bpy.app.handlers.depsgraph_update_post

    @timed
    def note(scene, depsgraph) -> None:
        ids = (update.id for update in depsgraph.updates)
        changed.update(i.original.session_uid for i in ids if isinstance(i, bpy.types.Action))

    handlers.append(note)
    try:
        yield changed
    finally:
        if note in handlers:  # another file takes it away
            handlers.remove(note)


def _unedited(rig: int) -> Work[int]:
    """The rig's action if it is ours and as we wrote it, else 0; both by session_uid."""
    action = action_of(found(bpy.data.objects, rig))
    written = note_of(action).get("keys") if action else None
    if not action or not written or action.library:
        return 0
    uid = action.session_uid
    keys = yield from reading_keys(uid)
    return uid if keys == written else 0


def _take_the_place_of(old, new) -> None:
    """Also for strips and other objects that use it, and in name."""
    users = [o for o in bpy.data.objects if o.animation_data and o.animation_data.action == old]
    old.use_fake_user = False
    old.user_remap(new)
    for user in users:
        user.animation_data.action_slot = new.slots[0]
    name = old.name
    bpy.data.actions.remove(old)
    new.name = name


def register() -> None:
    session.arrival_listeners.append(wear_best)


def unregister() -> None:
    session.arrival_listeners.remove(wear_best)
