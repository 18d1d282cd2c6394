"""The care for the worker process: started, listened to, buried, started again, given up.

It does not know what jobs are.
"""

from __future__ import annotations

import logging

import zmq

from ...shared.protocol import Ping, encode
from ..exits import why_it_ended
from .worker_process import StartBudget, WorkerProcess

log = logging.getLogger("retake.server")

ASK_EVERY_S = 1.0
MOST_UNANSWERED = 60
"""Pings. A worker answers while it computes, so that one that does not is hung or suspended. They
are counted, not timed: nobody answers while the whole computer sleeps."""


class Care:
    """At most one worker at a time. `stage` says what it is busy with before its first job."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], warm_up: str | None = None) -> None:
        self.worker: WorkerProcess | None = None
        self.device = ""
        self.stage = ""
        self._context = context
        self._warm_up = warm_up
        self._budget = StartBudget()
        self._given_up = False
        self._last_end = ""
        self._asked_at = 0.0
        self._unanswered = 0

    @property
    def is_ready(self) -> bool:
        return self.worker is not None and self.worker.ready

    @property
    def failure(self) -> str:
        """Why there is no worker and will be none soon; empty if all is well."""
        if not self._given_up:
            return ""
        return (
            f"The worker process keeps ending: the last one {self._last_end}. "
            "The server's log says why; it tries again within a minute."
        )

    def greet(self, device: str) -> None:
        """The worker is ready."""
        if self.worker:
            self.worker.ready, self.device, self.stage = True, device, ""

    def heard(self) -> None:
        """The worker has said something."""
        self._unanswered = 0

    def ended(self) -> str:
        """How the worker has ended, if it has since the last call; else an empty text."""
        if self.worker is None or (code := self.worker.exit_code()) is None:
            return ""
        self._last_end = why_it_ended(code)
        log.error("The worker process (%d) %s", self.worker.pid, self._last_end)
        return self._last_end

    def bury(self) -> None:
        if self.worker:
            self.worker.close()
        self.worker, self.stage = None, ""

    def start_if_needed(self, now: float) -> None:
        if self.worker is None and self._budget.spend(now):
            self.worker = WorkerProcess(self._context, warm_up=self._warm_up)
            self.stage, self._unanswered = "starting the worker", 0
            log.info("The worker process (%d) was started", self.worker.pid)
        self._given_up = self.worker is None and self._budget.is_spent(now)

    def ask(self, now: float) -> None:
        """Make sure that a worker that is ready still answers."""
        if not self.worker or not self.worker.ready or now - self._asked_at < ASK_EVERY_S:
            return
        self._asked_at = now
        if self._unanswered >= MOST_UNANSWERED:
            log.error("The worker process (%d) does not answer any more", self.worker.pid)
            self.worker.kill()
            return
        self._unanswered += 1
        self.worker.send(b"-", encode(Ping(job_id="")))
