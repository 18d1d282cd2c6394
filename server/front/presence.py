"""Which processes the server is there for, and whether any of them still lives.

A process says its number and start in Hello. It knows no sockets: a client is a name.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from ...shared.processes import is_running

CHECK_EVERY_S = 1.0
MOST_CLIENTS = 1000
"""Names remembered. Connections come and go, and nothing says that one has gone."""


@dataclass(frozen=True)
class Process:
    """`start` as in `shared.processes`; pid 0: on another computer, or not told."""

    pid: int
    start: str

    def lives(self) -> bool:
        return self.pid == 0 or is_running(self.pid, self.start)


class Presence:
    """The clients that have said Hello, with their processes."""

    def __init__(self, owner: Process | None = None) -> None:
        """With `owner`, the process that started it, the server is there for processes only."""
        self._managed = owner is not None
        self._owner = owner
        self._clients: OrderedDict[bytes, Process] = OrderedDict()
        self._checked_at = -CHECK_EVERY_S

    def add(self, client: bytes, process: Process) -> None:
        self._clients[client] = process
        self._clients.move_to_end(client)
        while len(self._clients) > MOST_CLIENTS:
            self._clients.popitem(last=False)

    def remove(self, client: bytes) -> None:
        self._clients.pop(client, None)

    def names(self) -> list[bytes]:
        return list(self._clients)

    def count(self) -> int:
        """Processes, not connections; each on another computer counts."""
        known = list(self._clients.values())
        return len({p for p in known if p.pid}) + sum(1 for p in known if not p.pid)

    def take_dead(self, now: float) -> list[bytes]:
        """Clients whose process has ended since; asked of the system once a second."""
        if now - self._checked_at < CHECK_EVERY_S:
            return []
        self._checked_at = now
        gone = {process for process in set(self._clients.values()) if not process.lives()}
        dead = [name for name, process in self._clients.items() if process in gone]
        for name in dead:
            del self._clients[name]
        if self._owner and not self._owner.lives():
            self._owner = None
        return dead

    def is_abandoned(self) -> bool:
        """Started for processes of which none is left."""
        return (
            self._managed
            and self._owner is None
            and not any(process.pid for process in self._clients.values())
        )
