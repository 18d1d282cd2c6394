"""The front of the server: what clients ask for, what the worker says, and how it ends.

It computes nothing and never waits for anything but messages, so that it always answers at once. It
does not import torch: a worker that runs out of memory or crashes is started again, while the front
and its clients live on.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from importlib.metadata import version

import zmq

from ...shared.connection_file import ConnectionInfo
from ...shared.errors import FieldError
from ...shared.processes import start_of
from ...shared.protocol import (
    PROTOCOL_VERSION,
    Bye,
    Cancel,
    Deliver,
    Detect,
    Failed,
    Hello,
    Kept,
    Lift,
    Partial,
    Ping,
    Pong,
    Progress,
    ProtocolError,
    Received,
    Reply,
    Request,
    Result,
    Stop,
    Track,
    Welcome,
    decode_reply,
    decode_request,
    encode,
    job_id_of,
)
from ..failures import failed, sentence_of
from ..models import available_models
from ..spare_memory import collect
from .care import Care
from .clients import Clients, Incoming
from .desk import Desk
from .presence import Presence, Process

log = logging.getLogger("retake.server")

TICK_MS = 200
"""How often, at least, the front looks after its worker."""

MOST_AT_ONCE = 100
"""Messages of clients handled before the worker gets a hearing: a flood must not drown it."""

LAST_WORDS_MS = 300


@dataclass(frozen=True)
class FrontOptions:
    """How a server is to live.

    parent           process number of who started it: it ends soon after that one and all others
                     that have said Hello are gone; None: it stays
    idle_s           it ends when nobody has had a job for so long; None: never
    bind             one more endpoint, for other computers
    authorized_keys  public keys in Z85 of those who may come from there
    warm_up          model to load before anybody asks for it; empty: the default of the device,
                     which only the worker knows; None: none
    """

    parent: int | None = None
    idle_s: float | None = None
    bind: str = ""
    authorized_keys: frozenset[bytes] = frozenset()
    warm_up: str | None = None


class Front:
    """Serves clients on a loopback port that the system chose, until `run` ends or is stopped."""

    def __init__(
        self, context: zmq.Context[zmq.Socket[bytes]], options: FrontOptions | None = None
    ) -> None:
        """RetakeError if `bind` cannot be had."""
        self._options = options = options or FrontOptions()
        self._clients = Clients(context, options.bind, options.authorized_keys)
        self._care = Care(context, options.warm_up)
        self._desk = Desk(self._clients.send, self._care)
        owner = (
            None if options.parent is None else Process(options.parent, start_of(options.parent))
        )
        self._presence = Presence(owner)
        self._busy_at = time.monotonic()
        self.ending = ""
        """Why the server shall end, once it shall. May be set from another thread."""

    def info(self, pid: int) -> ConnectionInfo:
        """For the connection file; `pid` is the server's process."""
        return self._clients.info(pid)

    def run(self) -> None:
        """The server loop, until there is a reason to end."""
        self._look_around()
        while not self.ending:
            self._wait()
            self._clients.gate.answer()
            self._read_clients()
            self._read_worker()
            self._look_around()

    def close(self) -> None:
        """Cancel all jobs, say goodbye, end the worker, close the ports."""
        text = self.ending or "The server was stopped."
        self._desk.close(text)
        for client in self._presence.names():
            self._clients.send(client, encode(Bye(job_id="", text=text)))
        self._clients.close(LAST_WORDS_MS)
        self._care.bury()
        self._desk.tidy_up()

    def _wait(self) -> None:
        poller = zmq.Poller()
        poller.register(self._clients.socket, zmq.POLLIN)
        poller.register(self._clients.gate.socket, zmq.POLLIN)
        if self._care.worker:
            poller.register(self._care.worker.socket, zmq.POLLIN)
        poller.poll(TICK_MS)

    # Clients

    def _read_clients(self) -> None:
        for _ in range(MOST_AT_ONCE):
            if (incoming := self._clients.receive()) is None:
                return
            self._answer(incoming)

    def _answer(self, incoming: Incoming) -> None:
        data = incoming.frames[0] if len(incoming.frames) == 1 else b""
        try:
            if len(incoming.frames) != 1:
                raise ProtocolError(
                    "", f"expected a message of one frame, got {len(incoming.frames)}"
                )
            self._dispatch(incoming, decode_request(data), data)
        except FieldError as error:
            reply = failed(job_id_of(data), "invalid", str(error), field=error.field)
            self._send(incoming.client, reply)
        except Exception as error:  # border: no message may end the server
            log.exception("A message could not be handled")
            text = "The server failed at this message; its log says more."
            reply = failed(job_id_of(data), "crashed", text, detail=sentence_of(error))
            self._send(incoming.client, reply)

    def _dispatch(self, incoming: Incoming, request: Request, data: bytes) -> None:
        client = incoming.client
        match request:
            case Hello():
                self._send(client, self._greet(incoming, request))
            case Ping():
                self._send(client, self._pong(request))
            case Detect() | Stop() if not incoming.is_local:
                text = "This is only for clients on the server's own computer."
                self._send(client, failed(request.job_id, "refused", text))
            case Lift() | Detect():
                self._busy_at = time.monotonic()
                self._desk.take(client, request, data, incoming.is_local)
            case Cancel():
                self._desk.cancel(client, request.job_id)
            case Received():
                self._desk.received(client, request.job_id)
            case Deliver():
                self._desk.send_again(client, request.job_id)
            case Stop():
                self.ending = "The server was asked to end."
                self._presence.add(client, Process(0, ""))  # hears Bye, like all others

    def _greet(self, incoming: Incoming, hello: Hello) -> Reply:
        if hello.protocol_version != PROTOCOL_VERSION:
            text = (
                f"The client (Retake {hello.package_version}) speaks protocol version "
                f"{hello.protocol_version}, the server (Retake {version('retake')}) speaks "
                f"{PROTOCOL_VERSION}. Update the older of the two."
            )
            return Failed(job_id=hello.job_id, code="version", text=text, field="protocol_version")
        pid = hello.pid if incoming.is_local else 0
        self._presence.add(incoming.client, Process(pid, hello.start))
        state, text = self._state()
        return Welcome(
            job_id=hello.job_id,
            protocol_version=PROTOCOL_VERSION,
            package_version=version("retake"),
            device=self._care.device,
            models=list(available_models()),
            state=state,
            text=text,
        )

    def _pong(self, ping: Ping) -> Pong:
        state, text = self._state()
        return Pong(
            job_id=ping.job_id,
            state=state,
            text=text,
            device=self._care.device,
            jobs=self._desk.open_jobs,
            clients=self._presence.count(),
        )

    def _state(self) -> tuple[str, str]:
        """For people to see: (starting, ready, busy or failed, what more there is to say)."""
        if self._care.failure:
            return "failed", self._care.failure
        if self._desk.open_jobs and self._care.is_ready:
            return "busy", ""
        if self._care.stage or not self._care.is_ready:
            return "starting", self._care.stage
        return "ready", ""

    def _send(self, client: bytes, reply: Reply) -> None:
        self._desk.send(client, encode(reply))

    # The worker

    def _read_worker(self) -> None:
        while (worker := self._care.worker) and (message := worker.receive()):
            self._care.heard()
            try:
                self._hear(*message)
            except ProtocolError:
                log.exception("The worker has sent something that is no reply")
                worker.kill()

    def _hear(self, token: bytes, data: bytes) -> None:
        match decode_reply(data):
            case Welcome(device=device):
                self._care.greet(device)
            case Progress(job_id="") as progress:
                self._care.stage = progress.stage
            case Progress() as progress:
                self._desk.report(token, progress)
            case Partial():
                self._desk.preview(token, data)
            case Result() | Track() | Kept() | Failed() as outcome:
                self._busy_at = time.monotonic()
                self._desk.deliver(token, outcome, data)
                collect()
            case _:
                pass

    def _look_around(self) -> None:
        now = time.monotonic()
        if end := self._care.ended():
            self._read_worker()  # its last words
            self._care.bury()
            self._desk.worker_ended(end)
        self._care.start_if_needed(now)
        self._care.ask(now)
        for client in self._presence.take_dead(now):
            self._desk.drop_client(client)
        self._desk.tidy(now)
        self._end_if_not_needed(now)

    def _end_if_not_needed(self, now: float) -> None:
        if self._desk.open_jobs:
            self._busy_at = now
        idle_s = self._options.idle_s
        if self._presence.is_abandoned():
            self.ending = "All programs that used the server have ended."
        elif idle_s is not None and now - self._busy_at > idle_s:
            self.ending = f"The server ended after {idle_s / 60:.0f} minutes without work."
