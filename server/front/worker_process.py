"""The front's handle on its worker: a process and the socket to it, started and stopped.

Every start gets a socket and keys of its own, so that nothing a dead worker left behind is ever
read.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections import deque
from collections.abc import Sequence

import zmq

from .. import worker
from .gate import WORKER

log = logging.getLogger("retake.server")

# -P: the folder in which the user happens to be must not shadow any module.
COMMAND = (sys.executable, "-P", "-m", f"{worker.__name__}.worker")

_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
"""NumPy solves thousands of 3 x 3 systems here; threads cost several times what they gain. PyTorch
has threads of its own. glibc would give each job's thread a heap of its own, which keeps what that
job needed at most."""

MOST_STARTS = 5
WINDOW_S = 60.0
FIRST_PAUSE_S = 0.25
"""Before the second start within the window; every further pause is twice as long."""

_GRACE_S = 2.0


class StartBudget:
    """At most `most` starts in `window_s` seconds, farther and farther apart.

    A worker that dies at once must not spin.
    """

    def __init__(
        self, most: int = MOST_STARTS, window_s: float = WINDOW_S, pause_s: float = FIRST_PAUSE_S
    ) -> None:
        self._most = most
        self._window_s = window_s
        self._pause_s = pause_s
        self._starts: deque[float] = deque()

    def spend(self, now: float) -> bool:
        """Whether a start is allowed now; if so, it is counted."""
        self._forget(now)
        if self.is_spent(now) or now < self._next():
            return False
        self._starts.append(now)
        return True

    def is_spent(self, now: float) -> bool:
        """Whether there will be no start for long."""
        self._forget(now)
        return len(self._starts) >= self._most

    def _forget(self, now: float) -> None:
        while self._starts and now - self._starts[0] >= self._window_s:
            self._starts.popleft()

    def _next(self) -> float:
        if not self._starts:
            return float("-inf")
        return self._starts[-1] + self._pause_s * 2 ** (len(self._starts) - 1)


class WorkerProcess:
    """A worker that was started. `ready` is set by whoever reads its Welcome."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        command: Sequence[str] = COMMAND,
        warm_up: str | None = None,
    ) -> None:
        """`warm_up`: as in `FrontOptions`."""
        self.ready = False
        self.socket, address, public_key = _private_socket(context)
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            env=_ENVIRONMENT | os.environ,
            # Without it, a console window opens on Windows under a program that has none.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._tell({"address": address, "server_key": public_key, "warm_up": warm_up})

    @property
    def pid(self) -> int:
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative if a signal killed it."""
        return self._process.poll()

    def send(self, token: bytes, data: bytes) -> None:
        """To a worker that is ready. One that does not take it is as good as dead: it is killed."""
        try:
            self.socket.send_multipart([token, data], zmq.NOBLOCK)
        except zmq.Again:
            self.kill()

    def receive(self) -> tuple[bytes, bytes] | None:
        """(token of the job, message), or None if there is nothing to read."""
        try:
            token, data = self.socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return None
        return token, data

    def kill(self) -> None:
        self._process.kill()

    def close(self) -> None:
        """End the process, if it still runs, and forget the socket."""
        self.socket.close()
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()  # a worker ends with its standard input
        except OSError:
            log.debug("The worker was gone before it had read its first line")
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tell(self, what: dict[str, str | None]) -> None:
        assert self._process.stdin is not None
        line = json.dumps(what) + "\n"
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except OSError:
            log.warning("The worker ended before it could be told where to connect")


def _private_socket(context: zmq.Context[zmq.Socket[bytes]]) -> tuple[zmq.Socket[bytes], str, str]:
    """A bound socket, its address, and the key that only the worker gets to know."""
    socket = context.socket(zmq.DEALER)
    public, secret = zmq.curve_keypair()
    socket.curve_server = True
    socket.zap_domain = WORKER
    socket.curve_publickey, socket.curve_secretkey = public, secret
    socket.linger = 0
    socket.bind("tcp://127.0.0.1:0")
    return socket, socket.get_string(zmq.LAST_ENDPOINT), public.decode()
