"""The queue of jobs: who waits, who runs, who was cancelled, who listens.

Pure; it knows no sockets, no processes and no clock.

A job bears the id its client gave it, which others may give as well. What it asks for is known by
its digest: whoever asks for the same again joins the job instead of starting a second one.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from ...shared.protocol import Progress
from .pace import Pace

MOST_WAITING = 16
"""Per client."""

MOST_WAITING_BYTES = 256 * 2**20
"""Of all clients' requests together."""


@dataclass(eq=False)
class Job:
    """`token`: its name between front and worker; `request`: handed on as it came.

    readers       of its clients, those that can take an outcome as a file
    last, pace    the newest news of it, and how fast it goes
    ahead         how many jobs stood before it when its clients were last told
    started_at    since when it runs
    cancelled_at  since when nobody waits for its outcome, while the worker still stops
    orphaned_at   since when it has no client left
    """

    token: bytes
    job_id: str
    request: bytes
    digest: str
    clients: set[bytes] = field(default_factory=set[bytes])
    readers: set[bytes] = field(default_factory=set[bytes])
    detects: bool = False
    batch: bool = False
    clip: str = ""
    starts: int = 0
    last: Progress | None = None
    pace: Pace = field(default_factory=Pace)
    ahead: int = 0
    started_at: float = 0.0
    cancelled_at: float | None = None
    orphaned_at: float | None = None

    @property
    def slot(self) -> tuple[bool, bool]:
        """So many jobs run per slot as `Jobs` has lanes for."""
        return (self.detects, self.batch)


class QueueFull(Exception):
    """The client has `MOST_WAITING` jobs waiting, or all requests are too large together."""


class Jobs:
    """Clients take turns, and batch jobs let all others pass.

    At most one job runs per slot: an interactive one beside a batch one, which gives way to it in
    the worker, and detection beside lifting, because they need different devices. Where lifts can
    share the device (`turns.is_shared`), `lanes` of them run per slot.
    """

    def __init__(self) -> None:
        self.lanes = 1
        self._starts = itertools.count(1)
        self._served: dict[bytes, int] = {}
        self._waiting: list[Job] = []
        self._running: list[Job] = []

    def __len__(self) -> int:
        """Jobs that wait or run."""
        return len(self._waiting) + len(self._running)

    @property
    def waiting(self) -> list[Job]:
        return list(self._waiting)

    @property
    def running(self) -> list[Job]:
        """Also those that are cancelled and have not stopped yet."""
        return list(self._running)

    def find(self, client: bytes, job_id: str) -> Job | None:
        """The client's job of this id that is not over."""
        return _first(j for j in self._open() if j.job_id == job_id and client in j.clients)

    def twin(self, digest: str) -> Job | None:
        """A job that asks for exactly the same."""
        return _first(job for job in self._open() if job.digest == digest)

    def named(self, token: bytes) -> Job | None:
        """The running job the worker speaks of."""
        return _first(job for job in self._running if job.token == token)

    def older(self, client: bytes, clip: str) -> list[Job]:
        """Jobs of this client for the same clip."""
        return [job for job in self._open() if clip and job.clip == clip and client in job.clients]

    def add(self, job: Job) -> int:
        """Returns how many jobs stand before it. Raises QueueFull."""
        own = sum(1 for other in self._waiting if other.clients & job.clients)
        size = sum(len(other.request) for other in self._waiting)
        if own >= MOST_WAITING or size + len(job.request) > MOST_WAITING_BYTES:
            raise QueueFull
        self._waiting.append(job)
        job.ahead = self.ahead_of(job)
        return job.ahead

    def start_next(self, now: float) -> Job | None:
        """A job that shall run now: None if none waits whose slot is free."""
        job = _first(job for job in self._in_order() if self._has_room(job))
        if job:
            self._waiting.remove(job)
            self._running.append(job)
            job.started_at, job.ahead, job.starts = now, 0, job.starts + 1
            self._served |= dict.fromkeys(job.clients, next(self._starts))
        return job

    def put_back(self, job: Job) -> None:
        """A running job waits again, before all others."""
        self._running.remove(job)
        self._waiting.insert(0, job)
        job.pace = Pace()

    def finish(self, token: bytes) -> Job | None:
        """The running job is over. Returns it if its outcome matters to anybody."""
        job = self.named(token)
        if job is None:
            return None
        self._running.remove(job)
        return None if job.cancelled_at is not None else job

    def cancel(self, job: Job, now: float) -> None:
        """Nobody waits for it any more; if it runs, it holds its slot until it has stopped."""
        if job in self._waiting:
            self._waiting.remove(job)
        elif job.cancelled_at is None:
            job.cancelled_at = now

    def drop_client(self, client: bytes, now: float) -> None:
        """The client is gone. Its jobs wait for it for a while."""
        for job in self._open():
            job.clients.discard(client)
            if not job.clients and job.orphaned_at is None:
                job.orphaned_at = now

    def join(self, job: Job, client: bytes, reads_files: bool = False) -> None:
        """One more client wants the outcome, perhaps the same one after a new start."""
        job.clients.add(client)
        if reads_files:
            job.readers.add(client)
        job.orphaned_at = None

    def orphans(self, now: float, patience_s: float) -> list[Job]:
        """Jobs that nobody has come back for."""
        return [
            job
            for job in self._open()
            if job.orphaned_at is not None and now - job.orphaned_at > patience_s
        ]

    def moved_up(self) -> list[Job]:
        """Waiting jobs before which fewer stand than at the last call, or more."""
        moved: list[Job] = []
        for job in self._waiting:
            if (ahead := self.ahead_of(job)) != job.ahead:
                job.ahead = ahead
                moved.append(job)
        return moved

    def ahead_of(self, job: Job) -> int:
        """Jobs that must be over, or give way, before this waiting one begins."""
        order = self._in_order()
        before = order[: order.index(job)] if job in order else []
        first = [*self._running, *before]
        count = sum(1 for o in first if o.detects == job.detects and o.batch <= job.batch)
        return max(count - self._lanes_of(job) + 1, 0)

    def clear_waiting(self) -> list[Job]:
        """Empties the queue and returns what waited in it."""
        waiting, self._waiting = self._waiting, []
        return waiting

    def overdue(self, now: float, longest_s: float) -> list[Job]:
        """Jobs that have run for too long."""
        return [
            j for j in self._running if j.cancelled_at is None and now - j.started_at > longest_s
        ]

    def _has_room(self, job: Job) -> bool:
        return sum(1 for j in self._running if j.slot == job.slot) < self._lanes_of(job)

    def _lanes_of(self, job: Job) -> int:
        return 1 if job.detects else self.lanes

    def _in_order(self) -> list[Job]:
        """Every client's first job, then every client's second, and so on; batch jobs at last.

        Among the first ones, those of clients whose last start is longest ago.
        """
        clients = {client for job in [*self._running, *self._waiting] for client in job.clients}
        self._served = {c: n for c, n in self._served.items() if c in clients}
        seen = Counter((c, job.batch) for job in self._running for c in job.clients)
        ranks: dict[bytes, tuple[bool, int, int]] = {}
        for job in self._waiting:
            rank = min((seen[c, job.batch] for c in job.clients), default=0)
            served = min((self._served.get(c, 0) for c in job.clients), default=0)
            ranks[job.token] = (job.batch, rank, served)
            seen.update((c, job.batch) for c in job.clients)
        return sorted(self._waiting, key=lambda job: ranks[job.token])

    def _open(self) -> list[Job]:
        return [*(job for job in self._running if job.cancelled_at is None), *self._waiting]


def _first(jobs: Iterable[Job]) -> Job | None:
    return next(iter(jobs), None)
