"""The worker process: loads models, samples, answers the front. `python -m retake.server.worker`.

Its messages are those of `shared.protocol`, in two frames: the client's identity, then the message.
Where to connect comes as one JSON line on standard input, so that no key ever stands on a command
line. Standard input stays open as long as the front lives: its end, however the front died, is the
end of the worker. It speaks first: a Welcome with the device, when it is ready.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import cast

import zmq

from ..shared.errors import FieldError, RetakeError
from ..shared.protocol import (
    PROTOCOL_VERSION,
    Cancel,
    Failed,
    Lift,
    Progress,
    Reply,
    Welcome,
    decode_request,
    encode,
)
from .lift import LiftOptions, OpenModel, Sampler, lift
from .models import find_model, weights_hash
from .requests import read_lift, result_of

log = logging.getLogger("retake.server.worker")

NOBODY = b"-"
"""Identity in front of messages that concern no client."""


class Cancelled(Exception):
    """The client has cancelled the job."""


Loader = Callable[[Path], Sampler]
"""Opens a model folder."""


class ModelCache:
    """Loads models by name and keeps the last one."""

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._last: tuple[str, OpenModel] | None = None

    def holds(self, name: str) -> bool:
        return self._last is not None and self._last[0] == name

    def get(self, name: str) -> OpenModel:
        """Raises RetakeError if there is no such model or it cannot be read."""
        if self._last is None or self._last[0] != name:
            self._last = None  # never two models in memory
            folder = find_model(name)
            self._last = (name, OpenModel(self._load(folder), weights_hash(folder)))
        return self._last[1]


class Worker:
    """One job at a time, from the front's socket."""

    def __init__(self, socket: zmq.Socket[bytes], models: ModelCache) -> None:
        self._socket = socket
        self._models = models

    def run(self) -> None:
        """Serves jobs for ever."""
        while True:
            client, data = self._socket.recv_multipart()
            request = decode_request(data)
            if isinstance(
                request, Lift
            ):  # a Cancel that comes too late is for a job already answered
                self._send(client, self._answer(client, request))

    def _answer(self, client: bytes, request: Lift) -> Reply:
        failed = partial(Failed, job_id=request.job_id)
        try:
            return self._lift(client, request)
        except Cancelled:
            return failed(code="cancelled", text="The job was cancelled.")
        except FieldError as error:
            return failed(code="invalid", text=str(error), field=error.field)
        except RetakeError as error:
            return failed(code="invalid", text=str(error))
        except Exception as error:  # border: the worker outlives any failing job
            log.exception("A job has failed")
            return failed(code="crashed", text=f"The server failed at this job: {_sentence(error)}")

    def _lift(self, client: bytes, request: Lift) -> Reply:
        track, options = read_lift(request)
        report = self._reporter(client, request.job_id)
        try:
            model = self._load(options, report)
        except RetakeError as error:
            return Failed(
                job_id=request.job_id, code="unknown_model", text=str(error), field="model"
            )
        return result_of(request.job_id, lift(track, model, options, report))

    def _load(self, options: LiftOptions, report: Callable[[str, int, int], None]) -> OpenModel:
        if not self._models.holds(options.model):
            report("loading the model", 0, options.iterations + options.hypotheses)
        return self._models.get(options.model)

    def _reporter(self, client: bytes, job_id: str) -> Callable[[str, int, int], None]:
        def report(stage: str, done: int, total: int) -> None:
            self._send(client, Progress(job_id=job_id, stage=stage, done=done, total=total))
            if self._is_cancelled():
                raise Cancelled

        return report

    def _is_cancelled(self) -> bool:
        """The front gives one job at a time: all that can come during a job is its Cancel."""
        while self._socket.poll(0):
            _, data = self._socket.recv_multipart()
            if isinstance(decode_request(data), Cancel):
                return True
        return False

    def _send(self, client: bytes, reply: Reply) -> None:
        self._socket.send_multipart([client, encode(reply)])


def main() -> None:
    """Connect to the front named on standard input and serve it until it ends."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    # Ctrl-C reaches the whole terminal group; the front decides when the worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    where = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_front, daemon=True).start()
    device, loader = _prepare_torch()
    socket = connect(where["address"], where["server_key"])
    welcome = Welcome(
        job_id="",
        protocol_version=PROTOCOL_VERSION,
        package_version=version("retake"),
        device=device,
        models=[],
    )
    socket.send_multipart([NOBODY, encode(welcome)])
    Worker(socket, ModelCache(loader)).run()


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


def _prepare_torch() -> tuple[str, Loader]:
    """The device models run on, and what loads them.

    The only place of the server that imports torch.
    """
    import torch

    from ..shared.model.artifact import load_model
    from ..shared.model.windows import sample_clip

    device = "cuda" if torch.cuda.is_available() else "cpu"

    def load(folder: Path) -> Sampler:
        return cast(Sampler, partial(sample_clip, load_model(folder, device)))

    return device, load


def _sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


if __name__ == "__main__":
    main()
