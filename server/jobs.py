"""The queue of jobs: who waits, who runs, who was cancelled.

Pure; it knows no sockets and no processes.

A job belongs to one client and bears the id that client gave it; two clients may use the same id.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

MOST_WAITING = 16


@dataclass(frozen=True)
class Job:
    """`request` is the encoded Lift, handed to the worker as it came."""

    client: bytes
    job_id: str
    request: bytes

    def is_of(self, client: bytes, job_id: str) -> bool:
        return self.client == client and self.job_id == job_id


class QueueFull(Exception):
    """`MOST_WAITING` jobs already wait."""


class Jobs:
    """First come, first served; one job runs at a time.

    A running job that is cancelled stays `running` until `finish`, because its worker still has to
    stop; meanwhile `cancelled_at` says since when nobody waits for it any more.
    """

    def __init__(self) -> None:
        self.running: Job | None = None
        self.cancelled_at: float | None = None
        self._waiting: deque[Job] = deque()

    def __len__(self) -> int:
        """Jobs that wait or run."""
        return len(self._waiting) + (self.running is not None)

    def knows(self, client: bytes, job_id: str) -> bool:
        return any(job.is_of(client, job_id) for job in self._all())

    def add(self, job: Job) -> int:
        """Returns how many jobs stand before it. Raises QueueFull."""
        if len(self._waiting) >= MOST_WAITING:
            raise QueueFull
        ahead = len(self)
        self._waiting.append(job)
        return ahead

    def start_next(self) -> Job | None:
        """The job that shall run now: None if one runs already, or none waits."""
        if self.running is not None or not self._waiting:
            return None
        self.running = self._waiting.popleft()
        return self.running

    def finish(self) -> Job | None:
        """The running job is over. Returns it if somebody still waits for its outcome."""
        job, cancelled = self.running, self.cancelled_at is not None
        self.running = self.cancelled_at = None
        return None if cancelled else job

    def audience(self) -> Job | None:
        """The running job, if somebody still waits for its outcome."""
        return None if self.cancelled_at is not None else self.running

    def cancel(self, client: bytes, job_id: str, now: float) -> bool:
        """Whether there was such a job to cancel; `now` in seconds of any steady clock."""
        for job in [job for job in self._waiting if job.is_of(client, job_id)]:
            self._waiting.remove(job)
            return True
        running = self.audience()
        if running is None or not running.is_of(client, job_id):
            return False
        self.cancelled_at = now
        return True

    def drop_client(self, client: bytes, now: float) -> None:
        """The client is gone: cancel all its jobs."""
        for job in [job for job in self._all() if job.client == client]:
            self.cancel(client, job.job_id, now)

    def clear_waiting(self) -> list[Job]:
        """Empties the queue and returns what waited in it."""
        waiting = list(self._waiting)
        self._waiting.clear()
        return waiting

    def _all(self) -> list[Job]:
        running = self.audience()
        return [*([running] if running else []), *self._waiting]
