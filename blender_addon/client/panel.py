# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The status line at the top of the tab: server, running job, what went wrong and what helps."""

import functools
import time

import bpy

from ...shared.errors import RetakeError
from .. import jobs, timer
from ..durations import timed
from ..preferences import server_python
from ..setup.operators import setup
from ..sidebar import RetakePanel, boxed_length, draw_sentence, told
from . import fixes
from .client import ServerState
from .scene import notices
from .server_process import find, server_command

STATE_ICONS = {
    ServerState.OFF: "RADIOBUT_OFF",
    ServerState.STARTING: "TIME",
    ServerState.READY: "RADIOBUT_ON",
    ServerState.BUSY: "PLAY",
    ServerState.UPDATE: "FILE_REFRESH",
    ServerState.FAILED: "ERROR",
}

LOOK_AGAIN_S = 3
NOT_INSTALLED = "The server is not installed. The sample and files work without it."
DETAIL_LINES = 12


class _Status(RetakePanel):
    """The panel, wherever it stands."""

    bl_label = "Retake"

    def draw(self, context):
        layout, client = self.layout, timer.client
        is_installed = client.is_open or _is_installed(_moment())
        if setup.is_running:
            draw_setup(layout)
            return
        if is_installed:
            draw_sentence(layout, _status(client), STATE_ICONS[client.state])
        else:
            draw_sentence(layout, NOT_INSTALLED, "INFO")
        is_running = client.state is ServerState.FAILED and _is_running(_moment())
        buttons = fixes.buttons_for_state(client.state, is_installed, client.is_open, is_running)
        draw_buttons(layout, buttons)
        if setup.failure:
            draw_failure(layout, context, setup.failure, setup.detail)
        if client.job:
            draw_job(layout, client.job)
        elif client.failure and (client.message or client.failure.frames_done):
            text = told(client.message) or _kept(client.failure)
            draw_failure(layout, context, text, client.failure.detail)
            is_detection = jobs.kind_of(client.failure.job_id) == jobs.TRACK
            draw_buttons(layout, fixes.buttons_for_failure(client.failure, is_detection))
        elif client.message:
            draw_sentence(layout, client.message, "ERROR")
        for notice in notices(context.scene):
            box = layout.box().column(align=True)
            draw_sentence(box, notice.text, "ERROR", boxed_length())
            draw_buttons(box, notice.buttons)


def _kept(failure) -> str:
    """Of a job that was cancelled; others say it themselves."""
    return told(fixes.KEPT, done=failure.frames_done, frames=failure.frames)


class RETAKE_PT_status(_Status, bpy.types.Panel):
    pass


class RETAKE_PT_status_editor(_Status, bpy.types.Panel):
    """The same beside the video."""

    bl_space_type = "CLIP_EDITOR"


def _status(client) -> str:
    """`Client.status` in the interface's language."""
    if client.state is ServerState.STARTING:  # it counts the seconds
        return told(client.status)
    state = told(client.state.value)
    return f"{state}: {told(client.text)}" if client.text else state


def _moment() -> int:
    """Files are looked up once in a while: panels are drawn at every movement of the mouse."""
    return int(time.monotonic() / LOOK_AGAIN_S)


@functools.lru_cache(maxsize=1)
def _is_running(moment: int) -> bool:
    return find() is not None


@functools.lru_cache(maxsize=1)
def _is_installed(moment: int) -> bool:
    try:
        return bool(server_command(server_python(bpy.context)))
    except RetakeError:
        return False


def draw_job(layout, job) -> None:
    row = layout.row(align=True)
    row.progress(factor=job.fraction, text=job.said(told))
    row.operator("retake.cancel_job", text="", icon="X")


def draw_setup(layout) -> None:
    minutes, seconds = divmod(int(time.monotonic() - setup.began), 60)
    text = told("Setting up the server ({minutes}:{seconds:02})", minutes=minutes, seconds=seconds)
    draw_sentence(layout, text, "IMPORT")
    row = layout.row(align=True)
    row.progress(factor=setup.share, text=told(setup.stage))
    row.operator("retake.cancel_setup", text="", icon="X")


def draw_buttons(layout, buttons) -> None:
    if not buttons:
        return
    row = layout.row(align=True)
    for button in buttons:
        label = {"text": button.text} if button.text else {}
        drawn = row.operator(button.operator, icon=button.icon, **label)
        for name, value in button.options:
            setattr(drawn, name, value)


def draw_failure(layout, context, text: str, detail: str) -> None:
    """A sentence; what else was said is folded away."""
    box = layout.box().column(align=True)
    draw_sentence(box, text, "ERROR", boxed_length())
    if not detail:
        return
    wm = context.window_manager
    row = box.row(align=True)
    icon = "DOWNARROW_HLT" if wm.retake_details else "RIGHTARROW"
    row.prop(wm, "retake_details", text="Details", icon=icon, emboss=False)
    copy = row.operator("retake.copy_details", text="", icon="COPYDOWN")
    copy.text = f"{text}\n{detail}"
    for line in detail.splitlines()[-DETAIL_LINES:] if wm.retake_details else ():
        draw_sentence(box, line, "BLANK1", boxed_length())


@timed
def draw_in_status_bar(header, context) -> None:
    """Beside the words that the timer writes there: the sidebar may be closed."""
    if timer.client.job:
        header.layout.operator("retake.cancel_job", text="Cancel", icon="X")


CLASSES = (RETAKE_PT_status, RETAKE_PT_status_editor)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.STATUSBAR_HT_header.prepend(draw_in_status_bar)


def unregister() -> None:
    bpy.types.STATUSBAR_HT_header.remove(draw_in_status_bar)
    _is_installed.cache_clear()
    _is_running.cache_clear()
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
