# pyright: basic, reportAttributeAccessIssue=false
"""What draw callbacks only look up: ghosts, doubt and strip, computed in a thread beforehand."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

import bpy

from ...shared.errors import RetakeError
from ...shared.takes import Alternative, Takes
from .. import session
from ..durations import timed
from ..slices import guarded
from ..takes.held import FREE
from ..takes.rows import BEST
from . import reading, review
from .agreement import Doubt
from .background import Later, in_thread
from .ghosts import Ghosts, ghosts_on
from .strips import Quads, heat_of

POLL_S = 0.05

_takes: Later[Takes] = Later()
_ghosts: Later[Ghosts] = Later()
_heat: Later[Quads] = Later()
_review: Later[review.Review] = Later()

LATER = (_takes, _ghosts, _heat, _review)

_orders: list[tuple[Future[Any], Callable[[Any], None], Callable[[RetakeError], None]]] = []
"""What `afterwards` was asked for and has not come yet."""


def takes_at_hand(scene) -> Takes | None:
    """For callbacks: the scene's takes; None while a thread reads their file, or there are none."""
    takes = session.known_takes(scene)
    if takes is None and session.of(scene).takes_path and not _takes.is_busy:
        try:
            file = session.takes_file(scene)
        except RetakeError:  # the panel says so
            return None
        if _takes.last[0] != file:  # else it is damaged
            _takes.want(file, partial(Takes.load, file))
            _watch()
    return takes


def is_damaged(scene) -> bool:
    """Whether the thread could not read the scene's takes."""
    try:
        return bool(_takes.problem) and _takes.last[0] == session.takes_file(scene)
    except RetakeError:
        return False


def frame_shown(scene, seconds: float) -> int:
    """For panels: `reading.frame_of`, but the clip's start until a thread has read the takes."""
    if takes_at_hand(scene) is None and not bpy.app.background:
        return scene.frame_start
    return reading.frame_of(scene, seconds)


def want(scene, wait: bool = False) -> None:
    """Have the ghosts of what is open computed, in a thread unless somebody waits for them."""
    takes = reading.takes_or_none(scene)
    if takes is None or not len(reading.of(scene).alternatives):
        _ghosts.forget()
        return
    state, key, place = (
        reading.of(scene),
        reading.key_of(scene),
        reading.place_of(reading.character_of(scene)),
    )
    rows = [Alternative(row.name, row.share, row.hypothesis) for row in state.alternatives]
    first, last = reading.range_of(scene, takes)
    work = partial(
        ghosts_on, takes, reading.decided(scene), rows, state.group, first, last, place, key
    )
    _ghosts.want(key, work, wait or bpy.app.background)
    _watch()


def ghosts(scene) -> Ghosts | None:
    """What is ready to be drawn; None if it is not, or nothing is open."""
    return _ghosts.get(reading.key_of(scene))


def _list(scene, found: review.Review) -> None:
    """Put what the thread has found into the lists."""
    state, done = reading.of(scene), reading.reviewed(scene)
    state.stretches.clear()
    for stretch in found.stretches:
        row = state.stretches.add()
        row.name, row.first, row.last = stretch.key, stretch.first, stretch.last
        row.groups = ",".join(stretch.groups)
        row.degrees, row.millimetres = stretch.degrees, stretch.millimetres
        row.done = review.is_done(stretch, done)
    state.active_stretch = min(state.active_stretch, max(0, len(state.stretches) - 1))
    best = session.takes_of(scene).best["torso_head"]
    for row in session.of(scene).takes:
        hypothesis = best if row.hypothesis == BEST else row.hypothesis
        row.slide_cm_s = found.costs.slide_cm_s[hypothesis]
        row.wrong_knees = found.costs.wrong_knees[hypothesis]
        row.through = found.costs.through[hypothesis]
        row.too_far = found.costs.too_far[hypothesis]
        row.joint = found.costs.joints[hypothesis]
        held = found.costs.held.get(hypothesis, FREE)
        row.held, row.held_bone, row.held_degrees = held.share, held.bone, held.degrees


def want_review(scene, wait: bool = False) -> None:
    """Have the takes looked through: in a thread, unless somebody waits for it."""
    takes = reading.takes_or_none(scene)
    if takes is None:
        return
    key, about = _review_of(scene)
    _review.want(key, partial(review.review_of, takes, *about), wait or bpy.app.background)
    found = _review.get(key)
    if found is not None:
        _list(scene, found)
    _watch()


def want_review_of_character(scene) -> None:
    """The same if it was made for another character, or for one with other limits."""
    if _review.last[0] != _review_of(scene)[0]:
        want_review(scene)


def _review_of(scene) -> tuple[tuple, tuple]:
    """What a review of the scene's takes depends on, as a key and as `review.review_of` wants it;
    the key begins with scene and takes."""
    character, degrees = reading.character_of(scene), reading.of(scene).doubt_degrees
    place, limited = reading.place_of(character), reading.limits_of(character)
    leg_length = place.leg_length if place else None
    key = (degrees, leg_length, limited.key if limited else None)
    takes = (scene.session_uid, session.of(scene).takes_path)
    return (*takes, *key), (degrees, leg_length, limited)


def doubt(scene) -> Doubt | None:
    """The disagreement of the scene's takes; None until somebody has looked through them."""
    key, found = _review.last
    if found is None or key[:2] != (scene.session_uid, session.of(scene).takes_path):
        return None
    return found.doubt


def heat(scene, key) -> Quads | None:
    """The doubt in the timeline's strip, made of `key`; None until it is computed."""
    found, takes = doubt(scene), takes_at_hand(scene)
    if found is None or takes is None:
        want_soon()
        return None
    frames, limit = reading.exact_frame_of(scene, takes), reading.of(scene).doubt_degrees
    _heat.want(key, partial(heat_of, takes, found, frames, limit), bpy.app.background)
    _watch()
    return _heat.get(key)


def want_soon() -> None:
    """From a draw callback, which must not compute: an undo may have brought another range."""
    if _ghosts.is_busy or _review.is_busy:  # what comes is drawn, and asks again if need be
        return
    if not bpy.app.background and not bpy.app.timers.is_registered(_want_now):
        bpy.app.timers.register(_want_now, first_interval=0.0, persistent=True)


@timed
def _want_now() -> None:
    scene = bpy.context.scene
    if takes_at_hand(scene) is None:
        return
    want(scene)
    if doubt(scene) is None:
        want_review(scene)


def afterwards(work, then, failed) -> None:
    """Do `work` in a thread, then `then(result)` in Blender's own.

    Or `failed(error)`, a RetakeError.
    """
    _orders.append((in_thread(work), then, failed))
    _watch()


def _is_busy() -> bool:
    return bool(_orders) or any(later.is_busy for later in LATER)


def _watch() -> None:
    if _is_busy() and not bpy.app.background and not bpy.app.timers.is_registered(_look):
        bpy.app.timers.register(_look, first_interval=POLL_S, persistent=True)


@timed
def _look() -> float | None:
    """Blender's timer while something is being computed."""
    for order in [order for order in _orders if order[0].done()]:
        _orders.remove(order)
        coming, then, failed = order
        guarded(lambda then=then, coming=coming: then(coming.result()), failed)
    if _takes.arrived():
        file, takes = _takes.last
        if takes is not None:
            session.remember_takes(file, takes)
            _takes.forget()
        reading.redraw()
    if _review.arrived():
        key, found = _review.last
        scene = next((s for s in bpy.data.scenes if s.session_uid == key[0]), None)
        if scene is not None and found is not None:
            want_review(scene)  # which lists it, or begins anew if something else is wanted by now
        reading.redraw()
    if any([_ghosts.arrived(), _heat.arrived()]):
        reading.redraw()
    return POLL_S if _is_busy() else None


def register() -> None:
    """Nothing to do: the timer begins when something is computed."""


def unregister() -> None:
    for timer in (_look, _want_now):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    _orders.clear()
    forget()


def forget() -> None:
    reading.forget()
    for later in LATER:
        later.forget()
