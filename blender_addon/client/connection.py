"""One connection to the server: a network thread that owns the socket, and two queues to it.

The thread finds the server, greets it, sends what `send` was given, and keeps asking whether the
server still lives. Everything else happens on the caller's thread, which takes events whenever it
likes; a failure is an event too, never an exception there. It does not know what the messages are
for.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
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

LOOK_EVERY_S = 0.5
"""How often the thread looks at the clock while nothing happens."""

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

Wait = Callable[[], bytes | None]
"""Until there is a message of the server, which it returns, or something else to be done."""

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
        self._rope: socket.socket | None = None
        """Pulling it rings the thread's bell: the thread waits for that and the server alike."""
        self._thread = threading.Thread(target=self._run, name="retake-client", daemon=True)
        self._thread.start()

    def send(self, request: Request) -> None:
        """Queue a request, from any thread. It leaves once the server has welcomed us."""
        self._requests.put(request)
        self._wake()

    def next_event(self, timeout_s: float = 0.0) -> Translated | Lost | None:
        """The oldest event not yet taken; None if there is none within `timeout_s`."""
        try:
            return self._events.get(block=timeout_s > 0, timeout=timeout_s or None)
        except queue.Empty:
            return None

    def close(self) -> None:
        """End the thread and wait for it. No event follows."""
        self._stop.set()
        self._wake()
        self._thread.join()

    def _wake(self) -> None:
        if rope := self._rope:  # without it the thread has not begun to wait
            with contextlib.suppress(OSError):  # the bell rings already, or the thread has ended
                rope.send(b"!")

    def _run(self) -> None:
        try:
            bell, rope = socket.socketpair()  # not on the caller's thread, where it may not fail
            with bell, rope:
                rope.setblocking(False)
                self._rope = rope
                self._find_and_talk(bell)
        except OtherVersion as error:
            self._lose(str(error), update=True)
        except RetakeError as error:
            self._lose(str(error))
        except Exception as error:  # the thread's border: becomes an event
            log.exception("the network thread failed")
            self._lose(f"The connection to the server failed unexpectedly: {error}.")

    def _find_and_talk(self, bell: socket.socket) -> None:
        info = self._find(self._stop, None)
        try:
            self._talk(info, bell)
        except SilentServer:
            self._talk(self._find(self._stop, info), bell)

    def _talk(self, info: ConnectionInfo, bell: socket.socket) -> None:
        with zmq.Context() as context, context.socket(zmq.DEALER) as server:
            _connect(server, info)
            wait = partial(self._wait, server, bell)
            self._greet(server, wait)
            self._exchange(server, info, wait)

    def _wait(self, server: zmq.Socket[bytes], bell: socket.socket) -> bytes | None:
        """The server's next message; None if something else is to be done, or nothing."""
        poller = zmq.Poller()
        poller.register(server, zmq.POLLIN)
        poller.register(bell, zmq.POLLIN)
        look_every_s = min(LOOK_EVERY_S, self._ping_every_s, self._deadline_s)
        ready = dict(poller.poll(int(look_every_s * 1000)))
        if bell.fileno() in ready:
            bell.recv(4096)
        return server.recv() if server in ready else None

    def _lose(self, text: str, update: bool = False) -> None:
        if not self._stop.is_set():
            self._events.put(Lost(text, update))

    def _greet(self, server: zmq.Socket[bytes], wait: Wait) -> None:
        hello = Hello(
            job_id="hello",
            protocol_version=PROTOCOL_VERSION,
            package_version=VERSION,
            pid=os.getpid(),
            start=start_of(os.getpid()),
        )
        server.send(encode(hello))
        deadline = time.monotonic() + self._deadline_s
        while not self._stop.is_set():
            if (data := wait()) is not None:
                welcome = _accept(decode_reply(data))
                self._state = (welcome.state, welcome.text)
                self._events.put(self._translate(welcome))
                return
            if time.monotonic() > deadline:
                raise SilentServer(
                    "The server was found but does not answer. Stop it and try again."
                )

    def _exchange(self, server: zmq.Socket[bytes], info: ConnectionInfo, wait: Wait) -> None:
        heard = asked = time.monotonic()
        while not self._stop.is_set():
            self._send_waiting(server, reads_files=info.pid != 0)
            if (data := wait()) is not None:
                self._pass_on(decode_reply(data), server)
                heard = time.monotonic()
            now = time.monotonic()
            if now - asked > self._ping_every_s:
                if not self._is_alive(info):
                    raise RetakeError("The server ended unexpectedly.")
                server.send(encode(Ping(job_id="ping")))
                asked = now
            if now - heard > self._deadline_s:
                raise RetakeError(
                    f"The server has not answered for {self._deadline_s:.0f} seconds."
                )

    def _send_waiting(self, server: zmq.Socket[bytes], reads_files: bool) -> None:
        while not self._requests.empty():
            request = self._requests.get()
            if isinstance(request, Lift | Detect):
                request = replace(request, by_file=reads_files)
            server.send(encode(request))

    def _pass_on(self, reply: Reply, server: zmq.Socket[bytes]) -> None:
        if isinstance(reply, Pong):
            if (reply.state, reply.text) == self._state:
                return
            self._state = (reply.state, reply.text)
        if isinstance(reply, Kept):
            try:
                reply = read_kept(reply)
            except RetakeError as error:
                log.warning("%s It is asked for as a message.", error)
                server.send(encode(Deliver(job_id=reply.job_id)))
                return
        self._events.put(self._translate(reply))
        if isinstance(reply, Result | Track):
            server.send(encode(Received(job_id=reply.job_id)))


def _connect(server: zmq.Socket[bytes], info: ConnectionInfo) -> None:
    server.linger = 0
    server.sndtimeo = 5000
    if info.client_key:
        server.curve_publickey = info.client_key.encode()
        server.curve_secretkey = info.client_secret.encode()
    else:
        server.curve_publickey, server.curve_secretkey = zmq.curve_keypair()
    server.curve_serverkey = info.server_key.encode()
    server.connect(info.address)


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
