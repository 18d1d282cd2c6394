"""Who may connect: the answers to ZeroMQ's question about every new connection (ZAP, RFC 27).

A client has to show a CURVE key pair that the server knows. The pair of this start, which stands in
the connection file, opens only from this computer; keys of other computers are listed by the user.
It knows no messages.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from pathlib import Path

import zmq
from zmq.utils import z85

from ...shared.errors import RetakeError

LOCAL, REMOTE = "local", "remote"
"""The kinds of clients, as `kind_of` tells them."""

CLIENTS, WORKER = b"clients", b"worker"
"""The sockets that ask, by their ZAP domain."""


class Gate:
    """Answers for all CURVE sockets of one context."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        local_key: bytes,
        authorized_keys: Collection[bytes] = (),
    ) -> None:
        """Keys are public ones in Z85."""
        self._local_key = local_key
        self._authorized = frozenset(authorized_keys)
        self.socket = context.socket(zmq.REP)
        self.socket.linger = 0
        self.socket.bind("inproc://zeromq.zap.01")

    def answer(self) -> None:
        """One question, if there is one."""
        try:
            frames = self.socket.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            return
        version, question, domain, address, _, mechanism, *credentials = frames
        kind = None
        if mechanism == b"CURVE" and credentials:
            kind = self.judge(domain, address.decode(), z85.encode(credentials[0]))
        status = (b"200", b"OK") if kind else (b"400", b"unknown key")
        self.socket.send_multipart([version, question, *status, (kind or "").encode(), b""])

    def judge(self, domain: bytes, address: str, key: bytes) -> str | None:
        """`LOCAL` or `REMOTE`; None: not let in."""
        if domain == WORKER:  # its key goes to one process only, through a pipe
            return LOCAL if is_loopback(address) else None
        if key == self._local_key:
            return LOCAL if is_loopback(address) else None
        return REMOTE if key in self._authorized else None

    def close(self) -> None:
        self.socket.close()


def kind_of(properties: Mapping[str, str] | zmq.Frame) -> str:
    """Whose message this frame is: `LOCAL` or `REMOTE`."""
    return str(properties["User-Id"])


def is_loopback(address: str) -> bool:
    try:
        return ip_address(address.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


def read_keys(path: Path) -> frozenset[bytes]:
    """The keys of a file: one public key in Z85 (40 characters) per line.

    What follows it after a space is a remark, and so is a line that begins with #, which no key
    does. RetakeError if the file cannot be read or a line is no key.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise RetakeError(f"The authorized keys cannot be read from {path}: {error}.") from None
    words = [line.split()[0] for line in lines if line.split() and not line.startswith("#")]
    for word in words:
        if not _is_key(word):
            raise RetakeError(f"{path}: '{word}' is no public key; expected 40 characters of Z85.")
    return frozenset(word.encode() for word in words)


def _is_key(word: str) -> bool:
    try:
        return len(z85.decode(word)) == 32
    except (ValueError, KeyError, struct.error):
        return False
