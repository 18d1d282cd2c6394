"""What became of a job, and how far it is: what the panels show. Knows no sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...shared.arrays import Floats32
from ...shared.errors import RetakeError
from ...shared.keypoints import KeypointTrack
from ...shared.protocol import Accepted, Failed, Partial, Progress
from ...shared.takes import Takes


@dataclass(frozen=True)
class Job:
    """`done` of `total` steps; `total` 0 and `seconds_left` None as long as nothing is known.

    It waits behind `ahead` others. `frames_done` of the clip's `frames` are finished, and are kept
    if it is cancelled. `takes_path`: where its outcome will be saved.
    """

    job_id: str
    takes_path: Path
    stage: str = "Waiting for the server"
    done: int = 0
    total: int = 0
    seconds_left: float | None = None
    ahead: int = 0
    frames_done: int = 0
    frames: int = 0

    @property
    def fraction(self) -> float:
        return self.done / self.total if self.total else 0.0

    @property
    def sentence(self) -> str:
        """One line for people: "Sampling, 41 %, about 2 min left"."""
        return self.said(_plain)

    def said(self, told: Callable[..., str]) -> str:
        """The same in a language: `told` translates a text and puts the values in."""
        stage = told(self.stage)
        if self.ahead:
            form = "1 job ahead" if self.ahead == 1 else "{count} jobs ahead"
            stage = told(form, count=self.ahead)
        parts = [stage[:1].upper() + stage[1:]]
        if self.total:
            parts.append(f"{self.fraction:.0%}".replace("%", " %"))
        if self.seconds_left:
            parts.append(told("about {time} left", time=_duration(self.seconds_left)))
        return ", ".join(parts)

    def told(self, news: Accepted | Progress) -> Job:
        """The same job after this news."""
        if news.ahead:
            return replace(self, ahead=news.ahead)
        if isinstance(news, Accepted):
            return replace(self, ahead=0)
        if not news.total:  # a remark in between
            return replace(self, stage=news.stage, ahead=0)
        return replace(
            self,
            stage=news.stage,
            done=news.done,
            total=news.total,
            seconds_left=news.seconds_left,
            ahead=0,
            frames_done=news.frames_done,
            frames=news.frames,
        )


@dataclass(frozen=True)
class TakesReady:
    """A job's takes, already saved to `path`."""

    job_id: str
    takes: Takes
    path: Path


@dataclass(frozen=True)
class TrackReady:
    """The keypoints that a job has found in a video, already saved to `path`."""

    job_id: str
    track: KeypointTrack
    path: Path


@dataclass(frozen=True)
class JobFailed:
    """A job ended without an outcome. `cancelled`: because somebody wanted so.

    `text` is a sentence, `detail` what can be unfolded or copied. `action`, one of
    `protocol.ACTIONS` or "update", is what a button can offer. `frames_done` of `frames` are kept:
    the same request goes on from there.
    """

    job_id: str
    text: str
    cancelled: bool = False
    code: str = ""
    detail: str = ""
    action: str = ""
    frames_done: int = 0
    frames: int = 0

    @staticmethod
    def of(failed: Failed) -> JobFailed:
        return JobFailed(
            failed.job_id,
            failed.text,
            failed.code == "cancelled",
            failed.code,
            failed.detail,
            failed.action,
            failed.frames_done,
            failed.frames,
        )


Outcome = TakesReady | TrackReady | JobFailed


@dataclass(frozen=True)
class Preview:
    """The finished frames of a job, from the first on: root-relative metres, camera frame.

    poses  (H, n, 17, 3) at 50 frames per second from the clip's first time
    """

    job_id: str
    poses: Floats32

    def grown(self, part: Partial) -> Preview:
        """With more frames. RetakeError if they do not follow; those that come again count."""
        new = part.poses.unpack("poses")
        fits = new.shape[:1] + new.shape[2:] == self.poses.shape[:1] + self.poses.shape[2:]
        if not fits or not 0 <= part.first <= self.poses.shape[1] or new.dtype != np.float32:
            raise RetakeError("The server's finished frames do not follow those before.")
        return Preview(self.job_id, np.concatenate([self.poses[:, : part.first], new], axis=1))

    @staticmethod
    def begun(job_id: str, hypotheses: int) -> Preview:
        return Preview(job_id, np.empty((hypotheses, 0, 17, 3), np.float32))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{seconds / 3600:.1f} h"


def _plain(text: str, **values: object) -> str:
    """A server's own text may have braces in it."""
    return text.format(**values) if values else text
