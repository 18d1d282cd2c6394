"""A client for programs that wait: one question, one answer.

It belongs to one thread. The add-on, which must not wait, has a client of its own.
"""

from __future__ import annotations

import time
from dataclasses import replace
from importlib.metadata import version
from types import TracebackType
from typing import Any, TypeVar

import zmq

from ..shared.connection_file import ConnectionInfo, is_alive
from ..shared.errors import RetakeError
from ..shared.kept_file import read_kept
from ..shared.protocol import (
    PROTOCOL_VERSION,
    Deliver,
    Detect,
    Failed,
    Hello,
    Kept,
    Lift,
    Ping,
    Received,
    Reply,
    Request,
    Result,
    Track,
    Welcome,
    decode_reply,
    encode,
)

Kind = TypeVar("Kind")

ASK_EVERY_S = 2.0
MOST_SILENT = 10
"""Questions without an answer, after which the server counts as lost."""


class SilentServerError(RetakeError):
    """Nobody answered in time."""


class Caller:
    """A connection to the server at `info`; use it in a `with` block."""

    def __init__(self, info: ConnectionInfo) -> None:
        self._context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self._info = info
        self._socket = self._context.socket(zmq.DEALER)
        self._socket.linger = 0
        show_keys(self._socket, info)
        self._socket.connect(info.address)

    def __enter__(self) -> Caller:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()
        self._context.term()

    def send(self, request: Request) -> None:
        if isinstance(request, Lift | Detect) and self._info.pid:
            request = replace(request, by_file=True)
        self._socket.send(encode(request))

    def receive(self, limit_s: float) -> Reply:
        """The next reply; outcomes are acknowledged. SilentServerError if there is none in time."""
        deadline = time.monotonic() + limit_s
        while self._socket.poll(int(max(deadline - time.monotonic(), 0) * 1000)):
            reply = decode_reply(self._socket.recv())
            if isinstance(reply, Kept):
                try:
                    reply = read_kept(reply)
                except RetakeError:
                    self.send(Deliver(job_id=reply.job_id))
                    continue
            if isinstance(reply, Result | Track):
                self.send(Received(job_id=reply.job_id))
            return reply
        raise SilentServerError(f"The server has not answered within {limit_s:.0f} seconds.")

    def ask(self, request: Request, kind: type[Kind], limit_s: float) -> Kind:
        """The first reply of this kind. RetakeError if the request fails or nobody answers."""
        self.send(request)
        deadline = time.monotonic() + limit_s
        while True:
            reply = self.receive(max(deadline - time.monotonic(), 0))
            if isinstance(reply, kind):
                return reply
            if isinstance(reply, Failed) and reply.job_id == request.job_id:
                raise RetakeError(reply.text)

    def work(self, request: Request, kind: type[Kind]) -> Kind:
        """As `ask`, for a job that may take hours: the server is asked meanwhile if it lives."""
        self.send(request)
        silent = 0
        while silent < MOST_SILENT:
            try:
                reply = self.receive(ASK_EVERY_S)
            except SilentServerError:
                if not is_alive(self._info):
                    raise SilentServerError("The server ended unexpectedly.") from None
                self.send(Ping(job_id="ping"))
                silent += 1
                continue
            silent = 0
            if isinstance(reply, kind):
                return reply
            if isinstance(reply, Failed) and reply.job_id == request.job_id:
                raise RetakeError(reply.text)
        raise SilentServerError("The server does not answer any more.")

    def hello(self, limit_s: float, **process: Any) -> Welcome:
        """`process`: pid and start, for a server that shall not end before."""
        hello = Hello(
            job_id="hello",
            protocol_version=PROTOCOL_VERSION,
            package_version=version("retake"),
            **process,
        )
        return self.ask(hello, Welcome, limit_s)


def show_keys(socket: zmq.Socket[bytes], info: ConnectionInfo) -> None:
    """Make it a CURVE client with the keys of `info`."""
    if info.client_key:
        socket.curve_publickey = info.client_key.encode()
        socket.curve_secretkey = info.client_secret.encode()
    else:
        socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
    socket.curve_serverkey = info.server_key.encode()
