"""Ending the user's server from outside: asked first, then told, then forced."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from ..shared import connection_file
from ..shared.connection_file import ConnectionInfo, is_alive
from ..shared.errors import RetakeError
from ..shared.protocol import Bye, Stop
from .caller import Caller

ANSWER_S = 3.0
END_S = 10.0
"""How long it may take to end its jobs and its worker."""


def stop(announce: Callable[[str], None]) -> None:
    """End the user's server, if one runs; `announce` gets a sentence for people.

    RetakeError if it could not be ended.
    """
    info = connection_file.read()
    if info is None or not is_alive(info):
        announce("No Retake server is running.")
        return
    if info.pid == 0:
        raise RetakeError("The server runs on another computer; end it there.")
    for end in (_ask, _interrupt, _kill):
        end(info)
        if _is_gone(info):
            announce(f"The Retake server (process {info.pid}) has ended.")
            return
    raise RetakeError(f"The server (process {info.pid}) does not end. End it by hand.")


def _ask(info: ConnectionInfo) -> None:
    try:
        with Caller(info) as caller:
            caller.ask(Stop(job_id="stop"), Bye, ANSWER_S)
    except RetakeError:
        _interrupt(info)  # it does not answer: its file is old, or it hangs


def _interrupt(info: ConnectionInfo) -> None:
    _signal(info, signal.SIGTERM)


def _kill(info: ConnectionInfo) -> None:
    _signal(info, getattr(signal, "SIGKILL", signal.SIGTERM))


def _signal(info: ConnectionInfo, number: int) -> None:
    if not info.start:  # then another process may have the number by now
        return
    try:
        if is_alive(info):
            os.kill(info.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def _is_gone(info: ConnectionInfo) -> bool:
    deadline = time.monotonic() + END_S
    while is_alive(info) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not is_alive(info)
