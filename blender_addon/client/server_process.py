"""Finds the user's running server, or starts one that outlives the caller.

Knows processes, not sockets.

What it starts is told nothing about Blender: no console, no inherited streams; what it says goes to
a log file. Whether it is ready is seen by its connection file.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ...shared import connection_file
from ...shared.connection_file import ConnectionInfo
from ...shared.errors import RetakeError

START_LIMIT_S = 60.0
LOOK_EVERY_S = 0.1
LOG_LINES_SHOWN = 3

PYTHON_VARIABLE = "RETAKE_SERVER_PYTHON"
"""Environment variable with the path of the Python that has the server."""

_MODULE = ("-P", "-m", "retake.cli")
"""-P: nothing is imported from the current folder, which may be that of somebody's shot."""

IDLE_MINUTES = 30
"""After so long without a job, the server gives its memory back. The next job starts another."""

_SERVE = ("serve", "--parent", str(os.getpid()), "--idle", str(IDLE_MINUTES))

_started: dict[int, subprocess.Popen[bytes]] = {}
"""Our children by process number. Only their parent can see that they have ended."""


def server_command(python: str) -> list[str]:
    """The command that starts a server.

    `python` is the user's choice; empty: the variable, then a search.

    Raises RetakeError that says what to install if there is nothing to start.
    """
    chosen = python or os.environ.get(PYTHON_VARIABLE, "")
    if chosen:
        if not Path(chosen).is_file():
            raise RetakeError(
                f"There is no Python at {chosen}. Correct 'Server Python' in the preferences."
            )
        return [chosen, *_MODULE, *_SERVE]
    if program := shutil.which("retake"):
        return [program, *_SERVE]
    if _can_serve_here():
        return [sys.executable, *_MODULE, *_SERVE]
    raise RetakeError(
        "The Retake server is not installed. Press Set Up Server, or name the Python that has it "
        "under 'Server Python' in the preferences."
    )


def is_alive(info: ConnectionInfo) -> bool:
    """Whether the server's process still exists."""
    child = _started.get(info.pid)
    return child.poll() is None if child else connection_file.is_alive(info)


def find() -> ConnectionInfo | None:
    """The running server, if there is one."""
    info = connection_file.read()
    return info if info and is_alive(info) else None


def find_or_start(
    command: Callable[[], list[str]],
    log: Path,
    stop: threading.Event,
    silent: ConnectionInfo | None = None,
    limit_s: float = START_LIMIT_S,
) -> ConnectionInfo:
    """The running server, else a new one once it is ready.

    Blocks; gives up soon when `stop` is set. `silent` is one that was found but did not answer,
    perhaps only the file of a dead one whose process number is in use again: it does not count.

    `command` is asked only if none runs: a server started by hand needs nothing installed here.
    Raises RetakeError if it ends at once (with the end of its log) or is not ready within
    `limit_s`.
    """
    return _find_other(silent) or _wait_until_ready(
        _start(command(), log), log, stop, silent, limit_s
    )


def _find_other(silent: ConnectionInfo | None) -> ConnectionInfo | None:
    info = find()
    return info if info != silent else None


def _can_serve_here() -> bool:
    """Whether this very Python has the server: beside the `bpy` package, not inside Blender."""
    try:
        return importlib.util.find_spec("retake.server") is not None
    except ModuleNotFoundError:
        return False


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                creationflags=_windows_flags(),
            )
    except OSError as error:
        raise RetakeError(f"The server could not be started: {error.strerror or error}.") from None
    _started[process.pid] = process
    return process


def _windows_flags() -> int:
    """No console window, and no Ctrl-C meant for Blender."""
    if sys.platform != "win32":
        return 0
    return subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP


def _wait_until_ready(
    process: subprocess.Popen[bytes],
    log: Path,
    stop: threading.Event,
    silent: ConnectionInfo | None,
    limit_s: float,
) -> ConnectionInfo:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline and not stop.wait(LOOK_EVERY_S):
        if info := _find_other(silent):
            return info
        # One that ends well leaves the field to another that somebody else has just started.
        if process.poll():
            raise RetakeError(f"The server ended while starting. {_end_of(log)}")
    process.terminate()
    process.wait(5)
    raise RetakeError(f"The server was not ready within {limit_s:.0f} seconds. {_end_of(log)}")


def _end_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    if not lines:
        return f"Its log is empty: {log}"
    return f"Its last words: {' / '.join(lines[-LOG_LINES_SHOWN:])} (log: {log})"
