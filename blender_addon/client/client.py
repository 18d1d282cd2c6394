"""The server as the add-on sees it: one state, at most one job, and what became of it.

All of it runs on the caller's thread except finding the server and reading and saving outcomes,
which the network thread does. It does not know scenes: a job is a name and a file for its outcome.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from enum import Enum
from pathlib import Path

from ...shared.errors import RetakeError
from ...shared.protocol import (
    Accepted,
    Bye,
    Cancel,
    Detect,
    Failed,
    Lift,
    Partial,
    Pong,
    Progress,
    Reply,
    Result,
    Track,
    Welcome,
)
from ...shared.track_message import track_of
from ..takes.messages import takes_of
from .connection import Connection, Find, IsAlive, Lost
from .outcomes import Job, JobFailed, Outcome, Preview, TakesReady, TrackReady

log = logging.getLogger(__name__)


class ServerState(Enum):
    OFF = "Off"
    STARTING = "Starting"
    READY = "Ready"
    BUSY = "Busy"
    UPDATE = "Update needed"
    FAILED = "Failed"


News = Reply | Outcome | Preview | Lost

MOST_REPEATS = 1
"""How often a job is asked for again when the server was lost. It does not compute twice what it
has finished."""


class Client:
    """One connection at a time, opened when it is needed and again after it was lost.

    `text` goes with `state`; `message` says why the last job failed, and `failure` all there is to
    know about that. `preview` are the finished frames of a lift that asked for them (`partial`). A
    job outlives the loss of the server: it is asked for again, under its name.
    """

    def __init__(self) -> None:
        self.state = ServerState.OFF
        self.text = ""
        self.message = ""
        self.failure: JobFailed | None = None
        self.job: Job | None = None
        self.preview: Preview | None = None
        self._connection: Connection[Reply | Outcome | Preview] | None = None
        self.models: list[str] = []
        """The names that the server has said."""
        self._request: Lift | Detect | None = None
        self._growing: Preview | None = None  # the network thread's own
        self._is_sent = self._is_welcome = False
        self._repeats = 0
        self._reopen: tuple[Find, IsAlive] | None = None
        self._opened_at = 0.0

    @property
    def is_open(self) -> bool:
        return self._connection is not None

    @property
    def status(self) -> str:
        """One line for people."""
        if self.state is ServerState.STARTING:
            stage = f": {self.text}" if self.text else ""
            return f"Starting ({time.monotonic() - self._opened_at:.0f} s){stage}"
        return f"{self.state.value}: {self.text}" if self.text else self.state.value

    def open(self, find: Find, is_alive: IsAlive) -> None:
        """Start looking for the server, unless there is a connection already."""
        if self._connection:
            return
        self.state, self.text = ServerState.STARTING, ""
        self._opened_at = time.monotonic()
        self._reopen = (find, is_alive)
        self._connection = Connection(find, is_alive, self._translate)

    def close(self) -> None:
        """End the connection. The server goes on; a job that was running is lost."""
        if self._connection:
            self._connection.close()
        self._connection = self._request = self.job = None
        self._is_welcome = False
        self.state, self.text = ServerState.OFF, ""

    def lift(self, request: Lift, takes_path: Path, replace: bool = False) -> None:
        """Ask for takes; they will be saved to `takes_path`. RetakeError if there is a job already.

        It leaves when the server has said which models it has, which `outcomes` or `wait` takes in.
        `replace`: a job that is there is given up for this one, without a word. What of it is
        finished is kept, as after `cancel`.
        """
        self._begin(request, takes_path, replace)

    def detect(self, request: Detect, track_path: Path, replace: bool = False) -> None:
        """As `lift`, for the keypoints of a video; they will be saved to `track_path`."""
        self._begin(request, track_path, replace)

    def _begin(self, request: Lift | Detect, path: Path, replace: bool) -> None:
        if self.job and not replace:
            raise RetakeError("The server is still busy with your last clip. Cancel it first.")
        if self.job and self._is_sent and self._connection:
            self._connection.send(Cancel(job_id=self.job.job_id))
        self.job, self.message = Job(request.job_id, path), ""
        self.failure = self.preview = None
        self._request, self._is_sent, self._repeats = request, False, 0
        if self._is_welcome:
            self._submit()

    def cancel(self) -> None:
        """Ask the server to stop the job.

        It ends when the server says so, or here if it never began.
        """
        if self._request and not self._is_sent:
            self._request = self.job = None
        elif self.job and self._connection:
            self._connection.send(Cancel(job_id=self.job.job_id))
            self.job = replace(self.job, stage="Cancelling")

    def outcomes(self, budget_s: float) -> list[Outcome]:
        """Take in what has arrived, without waiting, for about `budget_s` at most."""
        deadline = time.monotonic() + budget_s
        found: list[Outcome] = []
        while self._connection and time.monotonic() < deadline:
            news = self._connection.next_event()
            if news is None:
                break
            found += _as_list(self._handle(news))
        return found

    def wait(self, timeout_s: float) -> Outcome | None:
        """Block until a job has ended or the time is over."""
        deadline = time.monotonic() + timeout_s
        while self._connection and (left := deadline - time.monotonic()) > 0:
            news = self._connection.next_event(left)
            if news is not None and (outcome := self._handle(news)):
                return outcome
        return None

    def _translate(self, reply: Reply) -> Reply | Outcome | Preview:
        """Unpack, check and save outcomes: on the network thread, as it may outlast a redraw."""
        job = self.job
        if job is None or reply.job_id != job.job_id:
            return reply
        try:
            match reply:
                case Result():
                    takes = takes_of(reply)
                    takes.save(job.takes_path)
                    return TakesReady(reply.job_id, takes, job.takes_path)
                case Track():
                    track = track_of(reply)
                    track.save(job.takes_path)
                    return TrackReady(reply.job_id, track, job.takes_path)
                case Partial():
                    return self._grow(reply)
                case _:
                    return reply
        except (RetakeError, OSError) as error:
            return JobFailed(reply.job_id, str(error))

    def _grow(self, part: Partial) -> Preview:
        if self._growing is None or self._growing.job_id != part.job_id:
            self._growing = Preview.begun(part.job_id, (part.poses.shape or [0])[0])
        self._growing = self._growing.grown(part)
        return self._growing

    def _handle(self, news: News) -> Outcome | None:
        match news:
            case Welcome():
                self._welcomed(news)
            case Pong():
                self._show(news.state, news.text or news.device)
            case Lost():
                return self._lost(news)
            case Bye():
                return self._lost(Lost(news.text), ServerState.OFF)
            case Accepted() | Progress() if self._is_ours(news.job_id):
                assert self.job is not None
                self.job = self.job.told(news)
            case Failed() if self._is_ours(news.job_id):
                return self._end(JobFailed.of(news))
            case TakesReady() | TrackReady() | JobFailed() if self._is_ours(news.job_id):
                return self._end(news)
            case Preview() if self._is_ours(news.job_id):
                self.preview = news
            case _:
                log.info("%s is about no job of ours", type(news).__name__)
        return None

    def _is_ours(self, job_id: str) -> bool:
        return self.job is not None and self.job.job_id == job_id

    def _welcomed(self, welcome: Welcome) -> None:
        self._is_welcome, self.models = True, welcome.models
        self._show(welcome.state, welcome.text or welcome.device)
        if self._request:
            self._submit()

    def _show(self, state: str, text: str) -> None:
        """The server's own word; whether it is busy for us is what counts here."""
        self.state, self.text = _STATES.get(state, ServerState.READY), text
        if self.job and self._is_sent and self.state is not ServerState.FAILED:
            self.state = ServerState.BUSY

    def _submit(self) -> None:
        assert self._connection is not None
        assert self._request is not None
        self._connection.send(self._request)
        self._is_sent = True
        self.state = ServerState.BUSY

    def _end(self, outcome: Outcome) -> Outcome:
        self.job = self._request = None
        self.state = ServerState.READY
        if isinstance(outcome, JobFailed):
            self.failure = outcome
            self.message = "" if outcome.cancelled else outcome.text
        return outcome

    def _lost(self, lost: Lost, state: ServerState = ServerState.FAILED) -> Outcome | None:
        job, request = self.job, self._request
        again = self._is_sent and self._repeats < MOST_REPEATS and not lost.update
        self.close()
        self.state, self.text = ServerState.UPDATE if lost.update else state, lost.text
        if job is None:
            return None
        if again and self._reopen:
            self._repeats += 1
            self.job = Job(job.job_id, job.takes_path)
            self._request, self._is_sent = request, False
            self.open(*self._reopen)
            return None
        self.message = lost.text
        action = "update" if lost.update else "retry"
        self.failure = JobFailed(job.job_id, lost.text, code="lost", action=action)
        return self.failure


_STATES = {
    "starting": ServerState.STARTING,
    "ready": ServerState.READY,
    "busy": ServerState.BUSY,
    "failed": ServerState.FAILED,
}
"""What the server calls its states."""


def _as_list(outcome: Outcome | None) -> list[Outcome]:
    return [outcome] if outcome else []
