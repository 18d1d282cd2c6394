# pyright: basic, reportAttributeAccessIssue=false
"""Work on Blender's data that would hold Blender up, done a little at a time by a timer.

The work is a generator that yields wherever it may be interrupted. Meanwhile Blender may undo,
load or delete, so that nothing of `bpy.data` lasts over a `yield`: it is found again by its
session_uid.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import bpy

from ..shared.errors import RetakeError
from .durations import timed

Result = TypeVar("Result")
Work = Generator[None, None, Result]

SLICE_S = 0.03
"""So long a tick works on; the step that is under way then may take longer."""

PAUSE_S = 0.01

log = logging.getLogger(__name__)


class Gone(RetakeError):
    """What the work is about is not there any more, or not as it was."""

    def __init__(self) -> None:
        super().__init__("What was being written has changed meanwhile. Do it again.")


@dataclass(eq=False)
class _Order:
    work: Work[None]
    failed: Callable[[RetakeError], None]
    is_wanted: Callable[[], bool]


_OVER = object()

_orders: list[_Order] = []


def with_uid(things, uid: int) -> Any:
    return next((thing for thing in things if thing.session_uid == uid), None)


def found(things, uid: int) -> Any:
    """Raises Gone."""
    thing = with_uid(things, uid)
    if thing is None:
        raise Gone
    return thing


def action_with(uid: int) -> Any:
    """Raises Gone."""
    return found(bpy.data.actions, uid)


def at_once(work: Work[Result]) -> Result:
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def by_and_by(
    work: Work[None], failed: Callable[[RetakeError], None], is_wanted=lambda: True
) -> None:
    """Have it done by a timer, after what was ordered before; what nobody wants any more is closed.

    Where no timer runs, it is done at once, and raises itself what it would fail with.
    """
    if bpy.app.background:
        at_once(work)
        return
    _orders.append(_Order(work, failed, is_wanted))
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=0.0, persistent=True)


def guarded(step: Callable[[], Result], failed: Callable[[RetakeError], None]) -> Result | None:
    """A step that a timer takes; `failed(error)` if it ends with one."""
    try:
        return step()
    except RetakeError as error:
        failed(error)
    except Exception as error:  # the timers' border: what was ordered besides is done all the same
        log.exception("what a timer was asked for failed")
        failed(RetakeError(f"Retake failed unexpectedly: {error}."))
    return None


def _step(order: _Order) -> bool:
    """Whether there is more to do after it."""
    if not order.is_wanted():
        order.work.close()
        return False
    return next(order.work, _OVER) is not _OVER


@timed
def _tick() -> float | None:
    until = time.perf_counter() + SLICE_S
    while _orders:
        order = _orders[0]
        goes_on = guarded(partial(_step, order), order.failed)
        if not goes_on and order in _orders:
            _orders.remove(order)
        if time.perf_counter() > until:
            break
    return PAUSE_S if _orders else None


def register() -> None:
    """Nothing to do: the timer begins when something is ordered."""


def unregister() -> None:
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    while _orders:
        _orders.pop().work.close()
