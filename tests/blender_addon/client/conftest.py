"""A server whose answers a test writes: a ROUTER with CURVE in a thread, the real protocol."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence

import pytest
import zmq
from retake.shared.connection_file import ConnectionInfo
from retake.shared.protocol import (
    PROTOCOL_VERSION,
    Hello,
    Ping,
    Pong,
    Reply,
    Request,
    Welcome,
    decode_request,
    encode,
)

Script = Callable[[Request], Sequence[Reply]]


class FakeServer:
    """Answers `script(request)` to every request; if `polite`, greets and answers Ping."""

    def __init__(self, script: Script, polite: bool = True) -> None:
        self.seen: list[Request] = []
        self.polite = polite
        self._script = script
        self._stop = threading.Event()
        self._context = zmq.Context[zmq.Socket[bytes]]()
        self._socket = self._context.socket(zmq.ROUTER)
        public, self._socket.curve_secretkey = zmq.curve_keypair()
        self._socket.curve_publickey, self._socket.curve_server = public, True
        self._socket.linger = 0
        port = self._socket.bind_to_random_port("tcp://127.0.0.1")
        self.info = ConnectionInfo(
            f"tcp://127.0.0.1:{port}", public.decode(), os.getpid(), PROTOCOL_VERSION
        )
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def find(self, stop: threading.Event, silent: ConnectionInfo | None) -> ConnectionInfo:
        return self.info

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()
        self._context.term()

    def _run(self) -> None:
        while not self._stop.is_set():
            if self._socket.poll(10):
                client, data = self._socket.recv_multipart()
                request = decode_request(data)
                self.seen.append(request)
                for reply in (*self._manners(request), *self._script(request)):
                    self._socket.send_multipart([client, encode(reply)])

    def _manners(self, request: Request) -> Sequence[Reply]:
        match request:
            case Hello() if self.polite:
                return [welcome(request.job_id)]
            case Ping() if self.polite:
                return [Pong(job_id=request.job_id)]
            case _:
                return []


def welcome(job_id: str, protocol_version: int = PROTOCOL_VERSION) -> Welcome:
    return Welcome(
        job_id=job_id,
        protocol_version=protocol_version,
        package_version="0.1.0",
        device="cpu",
        models=["small", "large"],
    )


@pytest.fixture
def serve() -> Iterator[Callable[..., FakeServer]]:
    """Starts fake servers and ends them after the test."""
    servers: list[FakeServer] = []

    def start(script: Script = lambda request: [], polite: bool = True) -> FakeServer:
        servers.append(FakeServer(script, polite))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
