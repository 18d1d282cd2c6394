# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""Brings what the network thread received into Blender, a few milliseconds at a time.

The only place that holds the client. In background mode Blender never calls timers: `pump` does the
same and waits. It does not know what a take is worth; `session` does.
"""

import logging
from functools import partial

import bpy

from . import session
from .client.client import Client, JobFailed, Outcome, TakesReady
from .client.server_process import find, find_or_start, is_alive, server_command

INTERVAL_S = 0.1
BUDGET_S = 0.003

log = logging.getLogger(__name__)

client = Client()

_drawn = ()
"""What the sidebar showed of the client when it was last told to draw."""


def connect(python: str) -> None:
    """Find or start the server, in the background. RetakeError if there is nothing to start."""
    command = partial(server_command, python)
    if find() is None:
        command()  # what is missing is said here and now, not later by the thread
    client.open(
        partial(find_or_start, command, session.user_folder("logs") / "server.log"), is_alive
    )
    if not bpy.app.background and not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=INTERVAL_S, persistent=True)


def tick() -> float | None:
    """Blender's timer: goes on as long as there is a connection."""
    try:
        for outcome in client.outcomes(BUDGET_S):
            _take_in(outcome)
        _redraw_if_changed()
    except Exception as error:  # the timer's border: Blender would drop the timer
        log.exception("the timer failed")
        client.message = f"Retake failed unexpectedly: {error}."
    return INTERVAL_S if client.is_open else None


def pump(timeout_s: float) -> Outcome | None:
    """What `tick` does, without an event loop: wait, at most `timeout_s`, for a job's end."""
    outcome = client.wait(timeout_s)
    if outcome:
        _take_in(outcome)
    return outcome


def _take_in(outcome: Outcome) -> None:
    match outcome:
        case TakesReady(job_id, takes, path):
            session.show_takes(job_id, takes, path)
        case JobFailed(text=text):
            log.info("job ended: %s", text)


def _redraw_if_changed() -> None:
    """Only the sidebars, and only if they would look different: a viewport may be slow to draw."""
    global _drawn
    now = (client.status, client.message, client.job)
    if now == _drawn:
        return
    _drawn = now
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions if area.type == "VIEW_3D" else ():
                if region.type == "UI":
                    region.tag_redraw()


def register() -> None:
    """Nothing to do: the timer begins with the first connection."""


def unregister() -> None:
    client.close()
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
