"""The clients' socket: whom it lets in, and sending that never waits.

It knows bytes and who sent them, no messages.
"""

from __future__ import annotations

from dataclasses import dataclass

import zmq

from ...shared.connection_file import ConnectionInfo
from ...shared.errors import RetakeError
from ...shared.processes import start_of
from ...shared.protocol import LARGEST_REQUEST, PROTOCOL_VERSION
from .gate import CLIENTS, LOCAL, REMOTE, Gate, kind_of

MOST_UNREAD = 500
"""Messages per client that wait to be read before it counts as gone. One of them may be large
(`outbox`), the others are a few hundred bytes."""

MOST_UNHANDLED = 8
"""Messages per client that wait to be handled. A client that sends more waits in its own send."""

_HEARTBEAT_MS, _SILENCE_MS = 3000, 30_000
"""A computer or process that is suspended is disconnected after this silence, which frees what
waits for it."""


@dataclass(frozen=True)
class Incoming:
    """A message as it came. `client` is ZeroMQ's name of the connection."""

    client: bytes
    frames: list[bytes]
    is_local: bool


class Clients:
    """A ROUTER on a loopback port that the system chose, and on `bind` if there is one."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        bind: str = "",
        authorized_keys: frozenset[bytes] = frozenset(),
    ) -> None:
        """`bind` is an endpoint like tcp://0.0.0.0:5577; RetakeError if it cannot be had."""
        public, secret = zmq.curve_keypair()
        self._client_key, self._client_secret = zmq.curve_keypair()
        self.gate = Gate(context, self._client_key, authorized_keys)
        self.socket = _router(context, public, secret)
        self._server_key = public.decode()
        self._address = self.socket.get_string(zmq.LAST_ENDPOINT)
        if bind:
            self._bind(bind)

    def info(self, pid: int) -> ConnectionInfo:
        """What the clients of this computer need to know."""
        return ConnectionInfo(
            self._address,
            self._server_key,
            pid,
            PROTOCOL_VERSION,
            start_of(pid),
            self._client_key.decode(),
            self._client_secret.decode(),
        )

    def receive(self) -> Incoming | None:
        try:
            name, *frames = self.socket.recv_multipart(zmq.NOBLOCK, copy=False)
        except zmq.Again:
            return None
        kind = kind_of(frames[0]) if frames else REMOTE
        return Incoming(name.bytes, [frame.bytes for frame in frames], kind == LOCAL)

    def send(self, client: bytes, data: bytes) -> bool:
        """Whether it is on its way; False if the client is gone, or has not read for very long."""
        try:
            self.socket.send_multipart([client, data], zmq.NOBLOCK)
        except zmq.ZMQError as error:
            if error.errno not in (zmq.EHOSTUNREACH, zmq.EAGAIN):
                raise
            return False
        return True

    def close(self, linger_ms: int) -> None:
        """`linger_ms`: how long last words may take to leave."""
        self.socket.close(linger_ms)
        self.gate.close()

    def _bind(self, endpoint: str) -> None:
        try:
            self.socket.bind(endpoint)
        except zmq.ZMQError as error:
            self.close(0)
            raise RetakeError(
                f"The server cannot listen at {endpoint}: {error.strerror}. "
                "Expected an address of this computer, as in tcp://192.168.1.20:5577."
            ) from None


def _router(
    context: zmq.Context[zmq.Socket[bytes]], public: bytes, secret: bytes
) -> zmq.Socket[bytes]:
    socket = context.socket(zmq.ROUTER)
    socket.curve_server = True
    socket.curve_publickey, socket.curve_secretkey = public, secret
    socket.zap_domain = CLIENTS
    socket.linger = 0
    socket.router_mandatory = True  # sending to a client that is gone raises, instead of nothing
    socket.maxmsgsize = LARGEST_REQUEST
    socket.sndhwm, socket.rcvhwm = MOST_UNREAD, MOST_UNHANDLED
    socket.heartbeat_ivl, socket.heartbeat_timeout = _HEARTBEAT_MS, _SILENCE_MS
    socket.bind("tcp://127.0.0.1:0")
    return socket
