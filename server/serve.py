"""The life of a server: one per user, found through the connection file, ended by a signal."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

import zmq

from ..shared import connection_file
from .front.front import Front, FrontOptions
from .lock import sole_holder
from .spare_memory import settle


def serve(announce: Callable[[str], None], options: FrontOptions | None = None) -> None:
    """Run the server until it has a reason to end; `announce` gets sentences for people.

    If the user's server runs already, it is named and that is all. Raises RetakeError if the
    runtime folder or a file in it, or the address to bind, cannot be used. To be called from the
    main thread, because it handles signals.
    """
    folder = connection_file.make_runtime_folder()
    with sole_holder(folder / "server.lock") as is_ours:
        if not is_ours:
            running = connection_file.read()
            where = f" at {running.address} (process {running.pid})" if running else ""
            announce(f"A Retake server is already running{where}.")
            return
        _run(announce, options or FrontOptions())


STOPPED = "The server was stopped."


class _Signals:
    """SIGTERM and Ctrl-C. The first one is a request, the second one ends whatever is under way.

    A request is noted, not raised: an exception that meets the end of one of ZeroMQ's objects is
    dropped there, and the server would go on.
    """

    def __init__(self) -> None:
        self.front: Front | None = None
        self._came = False
        # SIGINT too: a process started in the background of a shell begins with it ignored.
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, self._take)

    def _take(self, signal_number: int, frame: FrameType | None) -> None:
        if self._came or self.front is None:
            raise KeyboardInterrupt
        self._came = True
        self.front.ending = self.front.ending or STOPPED


def _run(announce: Callable[[str], None], options: FrontOptions) -> None:
    signals = _Signals()
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    try:
        signals.front = front = Front(context, options)
        try:
            _announce_and_run(announce, front, options)
        finally:
            try:
                connection_file.remove()
            finally:
                front.close()
    finally:
        context.destroy(0)  # not `term`: it waits for sockets that a second Ctrl-C has left open
    reason = front.ending.removeprefix(STOPPED)
    announce(f"The Retake server has ended. {reason}".strip())


def _announce_and_run(announce: Callable[[str], None], front: Front, options: FrontOptions) -> None:
    try:
        info = front.info(os.getpid())
        connection_file.write(info)
        announce(
            f"The Retake server listens at {info.address} (process {info.pid}). Ctrl-C ends it."
        )
        if options.bind:
            announce(
                f"Other computers reach it at {options.bind}; its public key is {info.server_key}"
            )
        settle()
        front.run()
    except KeyboardInterrupt:
        pass
