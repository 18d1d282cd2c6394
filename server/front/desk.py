"""The desk: takes jobs in, hands them to the worker, and their outcomes back to those who asked.

It decides; sockets, processes and the queue itself are others' business.
"""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...shared.errors import RetakeError
from ...shared.protocol import (
    Accepted,
    Cancel,
    Detect,
    Failed,
    Kept,
    Lift,
    Progress,
    ProtocolError,
    Reply,
    Result,
    Track,
    encode,
)
from ..failures import failed, stopped
from ..results import digest_of
from ..worker.requests import read_detect, read_lift, weights_of
from ..worker.turns import is_shared
from .care import Care
from .delivery import Delivery
from .jobs import MOST_WAITING, Job, Jobs, QueueFull
from .outbox import Outcome

log = logging.getLogger("retake.server")

CANCEL_PATIENCE_S = 10.0
"""A worker looks for Cancel between two steps. One that has not stopped by then is killed."""

ORPHAN_PATIENCE_S = 30.0
"""How long the jobs of a client that has gone wait for it to come back."""

LONGEST_S = 12 * 3600.0
"""Of a job's run. What is finished by then is kept: who asks again goes on from there."""

LANES = 4
"""Lifts that share a device, where that is faster."""

MOST_STARTS = 2
"""Of a batch job. What it shared a worker with may have been what killed it."""


class Desk:
    """The jobs of one server."""

    def __init__(self, post: Callable[[bytes, bytes], bool], care: Care) -> None:
        """`post(client, message)` sends, and says whether it could."""
        self._post = post
        self._care = care
        self._jobs = Jobs()
        self._delivery = Delivery(self.send)
        self._tokens = itertools.count(1)

    @property
    def open_jobs(self) -> int:
        return len(self._jobs)

    # What clients ask for

    def take(self, client: bytes, request: Lift | Detect, data: bytes, is_local: bool) -> None:
        """A request for a job; it may be one that is known. ProtocolError or FieldError if bad.

        `is_local`: whether the client is a program of this user and computer.
        """
        if not request.job_id:
            raise ProtocolError("job_id", "it is empty")
        try:
            source = _source_of(request)
        except _NoModel as error:
            self._fail(client, request.job_id, "unknown_model", str(error), "model")
            return
        digest, by_file = digest_of(data, source), is_local and request.by_file
        if twin := self._jobs.twin(digest):
            self._jobs.join(twin, client, by_file)
            self.send(client, encode(Accepted(job_id=request.job_id, ahead=twin.ahead)))
        elif self._jobs.find(client, request.job_id):
            raise ProtocolError("job_id", f"'{request.job_id}' names a job not yet over")
        elif self._delivery.is_kept(digest):
            self.send(client, encode(Accepted(job_id=request.job_id, ahead=0)))
            self._delivery.hand_over(client, Outcome(request.job_id, digest, by_file=by_file))
        else:
            self._enqueue(client, request, data, digest, by_file)

    def cancel(self, client: bytes, job_id: str) -> None:
        """The client hears at once; a worker inside a long step stops when that is over."""
        if job := self._jobs.find(client, job_id):
            reply = stopped(job_id, "cancelled", "The job was cancelled.", job.last)
            self.send(client, encode(reply))
            self._leave(job, client)

    def received(self, client: bytes, job_id: str) -> None:
        """The client has an outcome and can take another."""
        self._delivery.received(client, job_id)

    def send_again(self, client: bytes, job_id: str) -> None:
        """The client cannot read the file it was pointed to."""
        self._delivery.send_again(client, job_id)

    def drop_client(self, client: bytes) -> None:
        """The client is gone, or has not read for very long. It may come back for its jobs."""
        self._delivery.drop(client)
        self._jobs.drop_client(client, time.monotonic())

    def send(self, client: bytes, data: bytes) -> None:
        if not self._post(client, data):
            self.drop_client(client)

    # What the worker says

    def report(self, token: bytes, progress: Progress) -> None:
        job = self._jobs.named(token)
        if job and job.cancelled_at is None:
            left = job.pace.seconds_left(time.monotonic(), progress.done, progress.total)
            job.last = replace(progress, seconds_left=left)
            self._tell_all(job, job.last)

    def preview(self, token: bytes, data: bytes) -> None:
        """Finished frames, for those who have read what came before."""
        job = self._jobs.named(token)
        for client in list(job.clients) if job and job.cancelled_at is None else []:
            if not self._delivery.is_under_way(client):
                self.send(client, data)

    def deliver(self, token: bytes, outcome: Result | Track | Kept | Failed, data: bytes) -> None:
        """The end of a job, to all who wait for it."""
        if (job := self._jobs.finish(token)) is None:
            return
        for client in list(job.clients):
            if isinstance(outcome, Failed):
                self.send(client, data)
            elif isinstance(outcome, Kept):
                by_file = client in job.readers
                self._delivery.hand_over(
                    client, Outcome(job.job_id, outcome.digest, by_file=by_file)
                )
            else:
                self._delivery.hand_over(client, Outcome(job.job_id, "", data))

    def worker_ended(self, end: str) -> None:
        """The worker has died: of one of its jobs, probably of one that somebody waits for."""
        running = self._jobs.running
        for job in running:
            if job.batch and len(running) > 1 and job.starts < MOST_STARTS and not job.cancelled_at:
                self._jobs.put_back(job)
            elif self._jobs.finish(job.token):
                self._stop_all(job, "crashed", _CRASHED.format(end=end))

    # What time brings

    def tidy(self, now: float) -> None:
        """Start what can start, stop what nobody wants, say who has moved up."""
        self._jobs.lanes = LANES if is_shared(self._care.device) else 1
        for job in self._jobs.orphans(now, ORPHAN_PATIENCE_S):
            self._stop(job)
        for job in self._jobs.overdue(now, LONGEST_S):
            self._stop_all(job, "too_long", f"The job has run for {LONGEST_S / 3600:.0f} hours.")
            self._stop(job)
        worker = self._care.worker
        stuck = [j for j in self._jobs.running if _since(j.cancelled_at, now) > CANCEL_PATIENCE_S]
        if worker and stuck:
            log.error("The worker has not stopped a cancelled job and is killed")
            worker.kill()
        if self._care.failure:
            for job in self._jobs.clear_waiting():
                self._fail_all(job, "crashed", self._care.failure, "diagnose")
        self._start_waiting(now)
        for job in self._jobs.moved_up():
            self._tell_all(job, _waiting(job))
        self._delivery.tidy()

    def close(self, text: str) -> None:
        """Tell all that their jobs are over."""
        for job in [*self._jobs.running, *self._jobs.clear_waiting()]:
            if job.cancelled_at is None:
                self._stop_all(job, "cancelled", text)

    def tidy_up(self) -> None:
        """When the worker is gone: leave no file that is there for this server only."""
        self._delivery.close()

    def _enqueue(
        self, client: bytes, request: Lift | Detect, data: bytes, digest: str, by_file: bool
    ) -> None:
        if text := self._care.failure:
            self.send(client, encode(failed(request.job_id, "crashed", text, action="diagnose")))
            return
        for older in self._jobs.older(client, request.clip):
            self._fail(client, older.job_id, "replaced", "A newer request took its place.")
            self._leave(older, client)
        job = Job(
            token=str(next(self._tokens)).encode(),
            job_id=request.job_id,
            request=data,
            digest=digest,
            clients={client},
            readers={client} if by_file else set(),
            detects=isinstance(request, Detect),
            batch=request.batch,
            clip=request.clip,
        )
        try:
            ahead = self._jobs.add(job)
        except QueueFull:
            text = f"{MOST_WAITING} jobs are waiting already, or too large ones. Try again later."
            self._fail(client, request.job_id, "busy", text)
            return
        self._start_waiting(time.monotonic())  # what the worker says comes after Accepted
        self.send(client, encode(Accepted(job_id=request.job_id, ahead=ahead)))

    def _start_waiting(self, now: float) -> None:
        worker = self._care.worker
        while worker and worker.ready and (job := self._jobs.start_next(now)):
            worker.send(job.token, job.request)

    def _leave(self, job: Job, client: bytes) -> None:
        """One client less; the job stops if it was the last."""
        job.clients.discard(client)
        if not job.clients:
            self._stop(job)

    def _stop(self, job: Job) -> None:
        self._jobs.cancel(job, time.monotonic())
        if job in self._jobs.running and self._care.worker:
            self._care.worker.send(job.token, encode(Cancel(job_id=job.job_id)))

    def _tell_all(self, job: Job, reply: Reply) -> None:
        data = encode(reply)
        for client in list(job.clients):
            self.send(client, data)

    def _stop_all(self, job: Job, code: str, text: str) -> None:
        self._tell_all(job, stopped(job.job_id, code, text, job.last))

    def _fail_all(self, job: Job, code: str, text: str, action: str) -> None:
        self._tell_all(job, failed(job.job_id, code, text, action=action))

    def _fail(self, client: bytes, job_id: str, code: str, text: str, field: str = "") -> None:
        self.send(client, encode(failed(job_id, code, text, field=field)))


_CRASHED = (
    "The worker process {end} while it computed this job. It is being started again: "
    "try once more, with a shorter clip or fewer takes if it happens again."
)


class _NoModel(RetakeError):
    """There is no model of that name."""


def _source_of(request: Lift | Detect) -> Path:
    """What the job is computed from; the request is checked as well."""
    if isinstance(request, Detect):
        return read_detect(request)
    read_lift(request)
    try:
        return weights_of(request)
    except RetakeError as error:
        raise _NoModel(str(error)) from None


def _waiting(job: Job) -> Progress:
    return Progress(job_id=job.job_id, stage="waiting", done=0, total=0, ahead=job.ahead)


def _since(moment: float | None, now: float) -> float:
    return 0.0 if moment is None else now - moment
