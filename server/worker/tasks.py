"""One job in the worker: from its request to its outcome, with progress, cancelling and turns.

It knows neither sockets nor torch: replies leave through a function, models come from a loader.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from ...shared.arrays import Floats, Floats32
from ...shared.errors import FieldError, RetakeError
from ...shared.kept_file import parts_of
from ...shared.protocol import (
    Array,
    Detect,
    Failed,
    Kept,
    Lift,
    Partial,
    Progress,
    Result,
    Track,
    encode,
)
from ...shared.resample import MODEL_FPS
from ...shared.track_message import message_of
from ..detect.detect import detect
from ..detect.model_file import PoseModelMissingError
from ..failures import failed, sentence_of, too_little_memory
from ..lifting.lift import Sampler, lift
from ..lifting.lift_options import LiftOptions
from ..models import find_model
from ..results import digest_of
from .crew import Send
from .journal import Journal
from .requests import (
    essence_of,
    read_choice,
    read_detect,
    read_lift,
    result_of,
    weights_of,
)
from .shares import PARTS, parts_done
from .workshop import Workshop

log = logging.getLogger("retake.server.worker")

REPORT_EVERY_S = 0.1
"""Progress comes per frame or layer; nobody reads faster than this."""


class Cancelled(Exception):
    """Nobody waits for the job any more."""


class Task:
    """One job; `run` is called once, in a thread of its own, and always ends with an outcome."""

    def __init__(self, request: Lift | Detect, data: bytes, workshop: Workshop) -> None:
        """`data`: the request as it came."""
        self.is_over = False
        self._request = request
        self._data = data
        self._shop = workshop
        self._cancelled = threading.Event()
        self._reported_at = 0.0
        self._done = self._frames_done = self._frames = 0
        self._sampling = 0.5
        self._reached: dict[str, float] = {}
        self._key = ""

    def cancel(self) -> None:
        """Stop at the next step."""
        self._cancelled.set()

    def run(self, send: Send) -> None:
        self._end(send, self._outcome(send))

    def _end(self, send: Send, outcome: bytes) -> None:
        """Once: what comes later is work that nobody waits for."""
        if not self.is_over:
            self.is_over = True
            send(outcome)

    def _outcome(self, send: Send) -> bytes:
        job_id = self._request.job_id
        try:
            return self._compute(send)
        except Cancelled:
            reply = failed(job_id, "cancelled", "The job was cancelled.")
        except MemoryError as error:
            reply = too_little_memory(job_id, error)
        except PoseModelMissingError as error:
            reply = failed(job_id, "unknown_model", str(error))
        except FieldError as error:
            reply = failed(job_id, "invalid", str(error), field=error.field)
        except RetakeError as error:
            reply = failed(job_id, "invalid", str(error))
        except Exception as error:  # border: the worker outlives any failing job
            log.exception("A job has failed")
            text = "The server failed at this job; nothing else was lost."
            reply = failed(job_id, "crashed", text, detail=sentence_of(error))
        return encode(reply)

    def _compute(self, send: Send) -> bytes:
        if isinstance(self._request, Detect):
            reply, source = self._detect(self._request, send), Path(self._request.path)
        else:
            reply, source = self._lift(self._request, send)
        if isinstance(reply, Failed):
            return encode(reply)
        parts = parts_of(reply)
        digest = digest_of(self._data, source)
        kept = encode(Kept(job_id=reply.job_id, digest=digest))
        is_handed_over = self._shop.results.hand_over(digest, parts)
        if is_handed_over:
            self._end(send, kept)
        is_kept = self._shop.results.put(digest, parts)
        if self._key and is_kept:  # not before: the worker may die while it keeps the outcome
            self._shop.journals.remove(self._key)
        return kept if is_handed_over or is_kept else encode(reply)

    def _lift(self, request: Lift, send: Send) -> tuple[Result | Failed, Path]:
        track, options, current = read_lift(request)
        self._frames = track.frame_count
        self._sampling = self._shop.shares.of_sampling(options.iterations)
        with self._shop.turns.turn(request.batch):
            self._stop_if_cancelled()
            try:
                folder = find_model(options.model, self._shop.device)
                options = replace(options, model=folder.name)
                if not self._shop.models.holds(folder):
                    self._step(send, "loading the model", 0)
                model = self._shop.models.get(folder)
            except RetakeError as error:
                text = str(error)
                return failed(request.job_id, "unknown_model", text, field="model"), Path()
            named = replace(request, model=folder.name)
            self._key = digest_of(essence_of(named), folder / "model.safetensors")
            with self._shop.journals.open(self._key) as journal:
                sample = self._interruptible(model.sample, options, track.times, journal, send)
                model = replace(model, sample=sample)
                begun, is_new = time.monotonic(), not journal

                def report(stage: str, done: int, total: int) -> None:
                    hypotheses = total - options.iterations
                    done = parts_done(self._sampling, done, options.iterations, hypotheses)
                    self._step(send, stage, done)

                takes = lift(track, model, options, report, current)
            if is_new and not request.batch:
                self._remember(options.iterations, begun)
        return result_of(request.job_id, takes), weights_of(request)

    def _interruptible(
        self,
        sample: Sampler,
        options: LiftOptions,
        times: Floats,
        journal: Journal | None,
        send: Send,
    ) -> Sampler:
        """Stops and gives way within a step, reports and keeps what is finished."""
        request = cast(Lift, self._request)

        def on_layer(share: float) -> None:
            self._stop_if_cancelled()
            self._shop.turns.step(request.batch)
            if self._is_time_to_report():
                self._tell(send, "sampling", round(PARTS * self._sampling * share), PARTS)

        def on_frames(first: int, poses: Floats32) -> None:
            if journal is not None and journal.is_whole:
                end_s = times[0] + (first + poses.shape[1] - 1) / MODEL_FPS
                self._frames_done = int(np.searchsorted(times, end_s, side="right"))
            if request.partial:
                part = Partial(job_id=request.job_id, first=first, poses=Array.pack(poses))
                send(encode(part))

        def on_notice(text: str) -> None:
            self._tell(send, text, 0, 0)

        hooks: dict[str, Any] = {"on_layer": on_layer, "on_notice": on_notice}
        hooks |= {"on_frames": on_frames, "recall": journal, "urgent": not request.batch}
        return cast(Sampler, partial(sample, **hooks))

    def _detect(self, request: Detect, send: Send) -> Track:
        def on_frame(done: int, expected: int | None) -> None:
            self._stop_if_cancelled()
            if self._is_time_to_report():
                self._tell(send, "detecting", done, expected or 0)

        choose = read_choice(request)
        found = detect(read_detect(request), on_frame, request.people, choose)
        return message_of(request.job_id, found)

    def _remember(self, iterations: int, begun: float) -> None:
        """For the next one: how long the stages of this lift took."""
        if "placing" in self._reached:
            sampled, placed = self._reached["sampling"], self._reached["placing"]
            self._shop.shares.remember(iterations, sampled - begun, placed - sampled)

    def _step(self, send: Send, stage: str, done: int) -> None:
        """Between two steps of a lift; `done` of `PARTS`."""
        self._tell(send, stage, done, PARTS)
        self._reached[stage] = time.monotonic()
        self._stop_if_cancelled()
        self._shop.turns.step(self._request.batch)
        self._stop_if_cancelled()

    def _tell(self, send: Send, stage: str, done: int, total: int) -> None:
        if total:  # steps are rounded down, the layers between them are not
            self._done = done = max(self._done, done)
        progress = Progress(
            job_id=self._request.job_id,
            stage=stage,
            done=done,
            total=total,
            frames_done=self._frames_done,
            frames=self._frames,
        )
        send(encode(progress))

    def _is_time_to_report(self) -> bool:
        now = time.monotonic()
        is_time = now - self._reported_at > REPORT_EVERY_S
        if is_time:
            self._reported_at = now
        return is_time

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled
