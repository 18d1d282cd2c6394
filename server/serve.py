"""The life of a server: one per user, found through the connection file, ended by a signal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

import zmq

from ..shared import connection_file
from ..shared.connection_file import ConnectionInfo
from ..shared.protocol import PROTOCOL_VERSION
from .front import Front
from .lock import sole_holder


def serve(announce: Callable[[str], None], parent: int | None = None) -> None:
    """Run the server until it is interrupted; `announce` gets sentences for people.

    If the user's server runs already, it is named and that is all. With `parent`, a process number,
    the server ends by itself when that process is gone and nobody else uses it. Raises RetakeError
    if the runtime folder or a file in it cannot be used. To be called from the main thread, because
    it handles signals.
    """
    folder = connection_file.make_runtime_folder()
    with sole_holder(folder / "server.lock") as is_ours:
        if not is_ours:
            running = connection_file.read()
            where = f" at {running.address} (process {running.pid})" if running else ""
            announce(f"A Retake server is already running{where}.")
            return
        _run(announce, parent)


def _run(announce: Callable[[str], None], parent: int | None) -> None:
    # SIGINT too: a process started in the background of a shell begins with it ignored.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _interrupt)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    front = Front(context, parent)
    try:
        info = ConnectionInfo(front.address, front.server_key, os.getpid(), PROTOCOL_VERSION)
        connection_file.write(info)
        announce(
            f"The Retake server listens at {info.address} (process {info.pid}). Ctrl-C ends it."
        )
        front.run()
    except KeyboardInterrupt:
        pass
    finally:
        try:
            connection_file.remove()
        finally:
            front.close()
            context.term()
    announce("The Retake server has ended.")


def _interrupt(signal_number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
