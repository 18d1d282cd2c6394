"""One connection to the server: a network thread that owns the socket, and two queues to it.

The thread finds the server, greets it, sends what `send` was given, and keeps asking whether the
server still lives. Everything else happens on the caller's thread, which takes events whenever it
likes; a failure is an event too, never an exception there. It does not know what the messages are
for.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import zmq

from ...shared.connection_file import ConnectionInfo
from ...shared.errors import RetakeError
from ...shared.kept_file import read_kept
from ...shared.processes import start_of
from ...shared.protocol import (
    PROTOCOL_VERSION,
    Deliver,
    Detect,
    Failed,
    Hello,
    Kept,
    Lift,
    Ping,
    Pong,
    Received,
    Reply,
    Request,
    Result,
    Track,
    Welcome,
    decode_reply,
    encode,
)
from ..version import VERSION

POLL_MS = 50
"""The longest a request waits in the queue before the thread sees it."""

PING_EVERY_S = 1.0
DEADLINE_S = 10.0
"""Silence after which the server counts as lost.

It answers within milliseconds, even while a job runs.
"""

Find = Callable[[threading.Event, ConnectionInfo | None], ConnectionInfo]
"""Finds or starts the server; RetakeError if that fails; gives up soon when the event is set. The
second argument is a server that was found but did not answer, and does not count."""

IsAlive = Callable[[ConnectionInfo], bool]
"""Whether the server's process still exists: its death is noticed at once and not by silence."""

Translated = TypeVar("Translated")

log = logging.getLogger(__name__)


class SilentServer(RetakeError):
    """Nobody answered at the server's address."""


class OtherVersion(RetakeError):
    """The server speaks another version of the protocol."""


@dataclass(frozen=True)
class Lost:
    """There is no connection any more, or there never was one. `text` says why, for people.

    `update`: because one of the two ends has to be updated.
    """

    text: str
    update: bool = False


class Connection(Generic[Translated]):
    """A DEALER socket with CURVE, in its own thread, from construction until `close` or `Lost`.

    Every reply goes through `translate`, on the network thread, and comes out as an event; a Pong
    only if the server's state has changed.
    """

    def __init__(
        self,
        find: Find,
        is_alive: IsAlive,
        translate: Callable[[Reply], Translated],
        *,
        ping_every_s: float = PING_EVERY_S,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._find = find
        self._is_alive = is_alive
        self._translate = translate
        self._ping_every_s = ping_every_s
        self._deadline_s = deadline_s
        self._state = ("", "")
        self._requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._events: queue.SimpleQueue[Translated | Lost] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retake-client", daemon=True)
        self._thread.start()

    def send(self, request: Request) -> None:
        """Queue a request, from any thread. It leaves once the server has welcomed us."""
        self._requests.put(request)

    def next_event(self, timeout_s: float = 0.0) -> Translated | Lost | None:
        """The oldest event not yet taken; None if there is none within `timeout_s`."""
        try:
            return self._events.get(block=timeout_s > 0, timeout=timeout_s or None)
        except queue.Empty:
            return None

    def close(self) -> None:
        """End the thread and wait for it. No event follows."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            info = self._find(self._stop, None)
            try:
                self._talk(info)
            except SilentServer:
                self._talk(self._find(self._stop, info))
        except OtherVersion as error:
            self._lose(str(error), update=True)
        except RetakeError as error:
            self._lose(str(error))
        except Exception as error:  # the thread's border: becomes an event
            log.exception("the network thread failed")
            self._lose(f"The connection to the server failed unexpectedly: {error}.")

    def _talk(self, info: ConnectionInfo) -> None:
        with zmq.Context() as context, context.socket(zmq.DEALER) as socket:
            _connect(socket, info)
            self._greet(socket)
            self._exchange(socket, info)

    def _lose(self, text: str, update: bool = False) -> None:
        if not self._stop.is_set():
            self._events.put(Lost(text, update))

    def _greet(self, socket: zmq.Socket[bytes]) -> None:
        hello = Hello(
            job_id="hello",
            protocol_version=PROTOCOL_VERSION,
            package_version=VERSION,
            pid=os.getpid(),
            start=start_of(os.getpid()),
        )
        socket.send(encode(hello))
        deadline = time.monotonic() + self._deadline_s
        while not self._stop.is_set():
            if socket.poll(POLL_MS):
                welcome = _accept(decode_reply(socket.recv()))
                self._state = (welcome.state, welcome.text)
                self._events.put(self._translate(welcome))
                return
            if time.monotonic() > deadline:
                raise SilentServer(
                    "The server was found but does not answer. Stop it and try again."
                )

    def _exchange(self, socket: zmq.Socket[bytes], info: ConnectionInfo) -> None:
        heard = asked = time.monotonic()
        while not self._stop.is_set():
            self._send_waiting(socket, reads_files=info.pid != 0)
            if socket.poll(POLL_MS):
                self._pass_on(decode_reply(socket.recv()), socket)
                heard = time.monotonic()
            now = time.monotonic()
            if now - asked > self._ping_every_s:
                if not self._is_alive(info):
                    raise RetakeError("The server ended unexpectedly.")
                socket.send(encode(Ping(job_id="ping")))
                asked = now
            if now - heard > self._deadline_s:
                raise RetakeError(
                    f"The server has not answered for {self._deadline_s:.0f} seconds."
                )

    def _send_waiting(self, socket: zmq.Socket[bytes], reads_files: bool) -> None:
        while not self._requests.empty():
            request = self._requests.get()
            if isinstance(request, Lift | Detect):
                request = replace(request, by_file=reads_files)
            socket.send(encode(request))

    def _pass_on(self, reply: Reply, socket: zmq.Socket[bytes]) -> None:
        if isinstance(reply, Pong):
            if (reply.state, reply.text) == self._state:
                return
            self._state = (reply.state, reply.text)
        if isinstance(reply, Kept):
            try:
                reply = read_kept(reply)
            except RetakeError as error:
                log.warning("%s It is asked for as a message.", error)
                socket.send(encode(Deliver(job_id=reply.job_id)))
                return
        self._events.put(self._translate(reply))
        if isinstance(reply, Result | Track):
            socket.send(encode(Received(job_id=reply.job_id)))


def _connect(socket: zmq.Socket[bytes], info: ConnectionInfo) -> None:
    socket.linger = 0
    socket.sndtimeo = 5000
    if info.client_key:
        socket.curve_publickey = info.client_key.encode()
        socket.curve_secretkey = info.client_secret.encode()
    else:
        socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
    socket.curve_serverkey = info.server_key.encode()
    socket.connect(info.address)


def _accept(reply: Reply) -> Welcome:
    """The answer to Hello, if it is a welcome. RetakeError with the server's reason if not."""
    if isinstance(reply, Failed):
        raise (OtherVersion if reply.code == "version" else RetakeError)(reply.text)
    if not isinstance(reply, Welcome):
        raise RetakeError(f"The server greeted with {type(reply).__name__} instead of Welcome.")
    if reply.protocol_version != PROTOCOL_VERSION:
        raise OtherVersion(
            f"This add-on speaks version {PROTOCOL_VERSION}, the server speaks version "
            f"{reply.protocol_version}. Update the older of the two."
        )
    return reply
