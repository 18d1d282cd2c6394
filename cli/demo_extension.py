# pyright: basic, reportAttributeAccessIssue=false
"""Retake's extension, installed in the Blender of this process and used as an animator would.

Only its operators and its timer do the work; the server that it starts is its own process behind
ZeroMQ. Blender itself must have been given a user folder of its own (BLENDER_USER_RESOURCES) and
the server a runtime folder (RETAKE_RUNTIME_DIR).
"""

from __future__ import annotations

import importlib
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import bpy

from ..blender_addon.packaging.build_zip import stage
from ..shared import connection_file
from ..shared.errors import RetakeError

EXTENSION = "bl_ext.user_default.retake"

TICK_S = 0.05
PATIENCE_S = 300.0
"""Longest time without any news from the server."""

END_S = 10.0
"""How long a server may take to end before it is killed."""


def install() -> None:
    """Put the extension's folder, without wheels, where Blender looks for it, and enable it."""
    stage(Path(bpy.utils.user_resource("EXTENSIONS"), "user_default", "retake"), ())
    operate(bpy.ops.preferences.addon_enable, module=EXTENSION)
    if not hasattr(bpy.types.Scene, "retake"):
        raise RetakeError("Blender did not load the Retake extension.")


def part(name: str) -> ModuleType:
    """A module of the installed extension."""
    return importlib.import_module(f"{EXTENSION}.blender_addon.{name}")


def operate(operator: Callable[..., set[str]], **options) -> None:
    """Call an operator. What it reports as an error is raised as RetakeError."""
    try:
        operator(**options)
    except RuntimeError as error:
        text = str(error).strip().removeprefix("Error: ")
        if "Traceback" in text:
            raise
        raise RetakeError(text) from None


def wait_for_takes(scene, on_progress: Callable[[str, float], None]) -> None:
    """Until the running job has put its takes into `scene`, by the extension's own timer.

    on_progress(stage, share done) is called often. RetakeError if no takes come.
    """
    timer = part("timer")
    news, deadline = None, time.monotonic() + PATIENCE_S
    while job := timer.client.job:
        on_progress(job.stage, job.fraction)
        if (job.stage, job.done) != news:
            news, deadline = (job.stage, job.done), time.monotonic() + PATIENCE_S
        if time.monotonic() > deadline:
            raise RetakeError(f"The server sent nothing for {PATIENCE_S:.0f} seconds.")
        time.sleep(TICK_S)
        timer.tick()
    if not scene.retake.takes:
        raise RetakeError(timer.client.message or timer.client.status)


def stop_server() -> None:
    """End the server of this process's runtime folder, if one runs, and wait until it is gone."""
    info = connection_file.read()
    if info is None:
        return
    part("timer").client.close()
    is_alive = part("client.server_process").is_alive
    for ending in (signal.SIGTERM, getattr(signal, "SIGKILL", signal.SIGTERM)):
        if is_alive(info):
            os.kill(info.pid, ending)
        deadline = time.monotonic() + END_S
        while is_alive(info) and time.monotonic() < deadline:
            time.sleep(TICK_S)
