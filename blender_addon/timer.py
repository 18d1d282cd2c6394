# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""Brings what the network thread received into Blender, a few milliseconds at a time.

The only place that holds the client. In background mode Blender never calls timers: `pump` does the
same and waits. It does not know what a take is worth; `session` does.
"""

import logging
from collections.abc import Callable
from functools import partial

import bpy

from ..shared.errors import RetakeError
from . import jobs, session
from .choose import shaders
from .client.client import Client
from .client.outcomes import JobFailed, Outcome, TakesReady, TrackReady
from .client.server_process import find, find_or_start, is_alive, server_command
from .durations import timed
from .sidebar import told
from .track import scene as track_scene

INTERVAL_S = 0.1
BUDGET_S = 0.003

log = logging.getLogger(__name__)

client = Client()

_drawn = ()
"""What the sidebar showed of the client when it was last told to draw."""

_watched = []
"""Called at every tick, as long as they return True."""

_told = False
"""Whether the status bar shows a job of ours."""


def connect(python: str) -> None:
    """Find or start the server, in the background. RetakeError if there is nothing to start."""
    command = partial(server_command, python)
    if find() is None:
        command()  # what is missing is said here and now, not later by the thread
    shaders.finish()
    client.open(
        partial(find_or_start, command, session.user_folder("logs") / "server.log"), is_alive
    )
    _begin()


def watch(look: Callable[[], bool]) -> None:
    """Have something looked at every tick until it says False: a child process, a preview."""
    if look not in _watched:
        _watched.append(look)
    _begin()


def _begin() -> None:
    if not bpy.app.background and not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=INTERVAL_S, persistent=True)


@timed
def tick() -> float | None:
    """Blender's timer: goes on as long as there is a connection, or something to watch."""
    try:
        for outcome in client.outcomes(BUDGET_S):
            _take_in(outcome)
        _watched[:] = [look for look in _watched if _goes_on(look)]
        _show_in_status_bar()
        _redraw_if_changed()
    except Exception as error:  # the timer's border: Blender would drop the timer
        log.exception("the timer failed")
        client.message = f"Retake failed unexpectedly: {error}."
    return INTERVAL_S if client.is_open or _watched else None


def _goes_on(look: Callable[[], bool]) -> bool:
    """What fails once is not looked at again: it would fail ten times a second."""
    try:
        return look()
    except Exception as error:  # the timer's border
        log.exception("what the timer watches failed")
        client.message = f"Retake failed unexpectedly: {error}."
        return False


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
        case TrackReady(job_id, track, path):
            track_scene.show_track(job_id, track, path)
        case JobFailed(job_id, text):
            jobs.end(job_id)
            log.info("job ended: %s", text)


def _show_in_status_bar() -> None:
    """What runs, so that it is seen with the sidebar closed too."""
    global _told
    if client.job is None and not _told:
        return
    _told = client.job is not None
    if client.job is None:
        _clear_status_bar()
        return
    for window in bpy.context.window_manager.windows:
        window.workspace.status_text_set(f"Retake: {client.job.said(told)}")


def _clear_status_bar() -> None:
    """In all workspaces: the animator may have gone to another one meanwhile."""
    for workspace in bpy.data.workspaces:
        workspace.status_text_set(None)


def _redraw_if_changed() -> None:
    now = (client.status, client.message, client.job)
    if now != _drawn:
        redraw_sidebars()


def say(error: RetakeError) -> None:
    """In the status panel: nobody waits for what a timer does."""
    client.message = str(error)
    redraw_sidebars()


def redraw_sidebars() -> None:
    """Only the sidebars: a viewport may be slow to draw."""
    global _drawn
    _drawn = (client.status, client.message, client.job)
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions if area.type in ("VIEW_3D", "CLIP_EDITOR") else ():
                if region.type == "UI":
                    region.tag_redraw()


def register() -> None:
    """Nothing to do: the timer begins with the first connection."""


def unregister() -> None:
    global _told
    client.close()
    if _told:
        _clear_status_bar()
    _told = False
    _watched.clear()
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
