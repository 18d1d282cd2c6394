"""The worker process: computes jobs, each in a thread. `python -m retake.server.worker.worker`.

Its messages are those of `shared.protocol`, in two frames: the job's token, then the message. Where
to connect comes as one JSON line on standard input, so that no key ever stands on a command line.
Standard input stays open as long as the front lives: its end, however the front died, is the end of
the worker. When it is ready it sends a Welcome with the device.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import threading
import time
from functools import partial
from importlib.metadata import version

import zmq

from ...shared.protocol import (
    PROTOCOL_VERSION,
    Cancel,
    Detect,
    Lift,
    Ping,
    Pong,
    Progress,
    Reply,
    Welcome,
    decode_request,
    encode,
)
from ..models import open_folder
from ..results import Results
from ..spare_memory import REST_S, give_back, settle
from .crew import Crew
from .journal import Journals
from .tasks import Task
from .turns import Turns, is_shared
from .workshop import Loader, ModelCache, Workshop, warm_up

log = logging.getLogger("retake.server.worker")

NOBODY = b"-"
"""Token in front of messages that concern no job."""


class Worker:
    """Gives every job a thread and passes on what they say; answers Ping whatever they do."""

    def __init__(self, socket: zmq.Socket[bytes], workshop: Workshop) -> None:
        self._front = socket
        self._crew = Crew(socket.context)
        self._workshop = workshop
        self._tasks: dict[bytes, Task] = {}
        self._spare_since: float | None = time.monotonic()

    def run(self) -> None:
        """Serves jobs for ever."""
        poller = zmq.Poller()
        poller.register(self._front, zmq.POLLIN)
        poller.register(self._crew.replies, zmq.POLLIN)
        while True:
            for socket, _ in poller.poll(int(REST_S * 1000)):
                if socket is self._front:
                    self._take(*self._front.recv_multipart())
                else:
                    self._front.send_multipart(self._crew.replies.recv_multipart())
            self._rest_if_idle(time.monotonic())

    def warm_up(self, name: str) -> None:
        """Load a model and use it once, beside everything else."""
        self._crew.start(NOBODY, partial(warm_up, self._workshop, name))

    def _take(self, token: bytes, data: bytes) -> None:
        match decode_request(data):
            case Ping(job_id=job_id):
                self._front.send_multipart([token, encode(Pong(job_id=job_id))])
            case Lift() | Detect() as request:
                self._tasks = {t: k for t, k in self._tasks.items() if not k.is_over}
                task = self._tasks[token] = Task(request, data, self._workshop)
                self._spare_since = time.monotonic()
                self._crew.start(token, task.run)
            case Cancel() if task := self._tasks.get(token):
                task.cancel()
            case _:
                pass  # a Cancel that comes too late

    def _rest_if_idle(self, now: float) -> None:
        """Once after each spell of work, memory is given back."""
        if not all(task.is_over for task in self._tasks.values()):
            self._spare_since = now
        elif self._spare_since is not None and now - self._spare_since > REST_S:
            self._spare_since = None
            self._tasks.clear()  # with their requests, of which each may have 32 MiB
            give_back()


def main() -> None:
    """Connect to the front named on standard input and serve it until it ends."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    # Ctrl-C reaches a terminal's whole group, SIGTERM a service's; the front says when we end.
    for request in (signal.SIGINT, signal.SIGTERM):
        signal.signal(request, signal.SIG_IGN)
    _die_with_front()
    where = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_front, daemon=True).start()
    socket = connect(where["address"], where["server_key"])
    _tell(socket, Progress(job_id="", stage="loading PyTorch", done=0, total=0))
    device, load = _prepare_torch()
    turns = Turns(is_shared(device))
    worker = Worker(socket, Workshop(ModelCache(load), Results(), Journals(), turns, device))
    settle()
    _tell(socket, _welcome(device))
    if where.get("warm_up") is not None:
        worker.warm_up(where["warm_up"])
    worker.run()


def _die_with_front() -> None:
    """Linux kills a process when its parent dies, even while it loads libraries of 500 MB."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def _end_with_front() -> None:
    # Not through sys.stdin: its lock, held by a waiting thread, stops the interpreter from ending.
    while os.read(0, 1):
        pass
    os._exit(0)  # from a thread, and whatever the main thread computes: there is nothing to save


def connect(address: str, server_key: str) -> zmq.Socket[bytes]:
    """The socket to the front."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(zmq.DEALER)
    public, secret = zmq.curve_keypair()
    socket.curve_publickey, socket.curve_secretkey = public, secret
    socket.curve_serverkey = server_key.encode()
    socket.linger = 0
    socket.connect(address)
    return socket


def _tell(socket: zmq.Socket[bytes], reply: Reply) -> None:
    socket.send_multipart([NOBODY, encode(reply)])


def _welcome(device: str) -> Welcome:
    return Welcome(
        job_id="",
        protocol_version=PROTOCOL_VERSION,
        package_version=version("retake"),
        device=device,
        models=[],
    )


def _prepare_torch() -> tuple[str, Loader]:
    """The device models run on, and what loads them.

    The only place of the server that imports torch.
    """
    from ...shared.model.device import best_device

    device = best_device()
    return device, partial(open_folder, device=device)


if __name__ == "__main__":
    main()
