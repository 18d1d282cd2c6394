"""One job in the worker: from its request to its outcome, with progress, cancelling and turns.

It knows neither sockets nor torch: replies leave through a function, models come from a loader.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from ..shared.arrays import Floats32
from ..shared.errors import FieldError, RetakeError
from ..shared.protocol import (
    Array,
    Detect,
    Failed,
    Kept,
    Lift,
    Partial,
    Progress,
    Reply,
    encode,
)
from .detect.detect import detect
from .lift import OpenModel, Sampler, lift
from .lift_options import LiftOptions
from .models import find_model
from .requests import read_detect, read_lift, result_of, track_of
from .results import Results, digest_of
from .turns import Turns

log = logging.getLogger("retake.server.worker")

Send = Callable[[bytes], object]
"""Takes an encoded reply."""

Loader = Callable[[Path], OpenModel]
"""Opens a model folder. Raises RetakeError if it cannot be read.

Its sampler also takes `on_layer`, `on_frames` (`shared.model.windows.sample_clip`) and `on_notice`,
which gets sentences for people.
"""

REPORT_EVERY_S = 0.1
"""Progress comes per frame or layer; nobody reads faster than this."""

HUNDRED = 100
"""Progress of a lift counts hundredths of its steps, which may take minutes each."""


class Cancelled(Exception):
    """Nobody waits for the job any more."""


class ModelCache:
    """Loads models by name and keeps the last one."""

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._last: tuple[str, int, OpenModel] | None = None

    def holds(self, name: str) -> bool:
        return self._last is not None and self._last[0] == name

    def get(self, name: str) -> OpenModel:
        """Raises RetakeError if there is no such model or it cannot be read.

        Weights that have changed since are loaded again.
        """
        folder = find_model(name)
        written_ns = (folder / "model.safetensors").stat().st_mtime_ns
        if self._last is None or self._last[:2] != (name, written_ns):
            self._last = None  # never two models in memory
            self._last = (name, written_ns, self._load(folder))
        return self._last[2]


@dataclass(frozen=True)
class Workshop:
    """What the jobs of one worker share."""

    models: ModelCache
    results: Results
    turns: Turns


def warm_up(workshop: Workshop, name: str, send: Send) -> None:
    """Load a model and sample once, so that the first job does not wait.

    If that fails, the first job says what is wrong to somebody who reads it.
    """

    def tell(stage: str) -> None:
        send(encode(Progress(job_id="", stage=stage, done=0, total=0)))

    pixels = np.random.default_rng(0).uniform(0, 100, (2, 17, 2))
    try:
        with workshop.turns.turn(batch=True):
            tell(f"loading the model {name}")
            model = workshop.models.get(name)
            tell("warming up")
            model.sample(pixels, 100, 100, hypotheses=1, iterations=1, seed=0, on_step=_ignore)
    finally:
        tell("")


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

    def cancel(self) -> None:
        """Stop at the next step."""
        self._cancelled.set()

    def run(self, send: Send) -> None:
        outcome = self._outcome(send)
        self.is_over = True
        send(outcome)

    def _outcome(self, send: Send) -> bytes:
        failed = partial(Failed, job_id=self._request.job_id)
        try:
            return self._compute(send)
        except Cancelled:
            reply = failed(code="cancelled", text="The job was cancelled.")
        except FieldError as error:
            reply = failed(code="invalid", text=str(error), field=error.field)
        except RetakeError as error:
            reply = failed(code="invalid", text=str(error))
        except Exception as error:  # border: the worker outlives any failing job
            log.exception("A job has failed")
            reply = failed(
                code="crashed", text=f"The server failed at this job: {_sentence(error)}"
            )
        return encode(reply)

    def _compute(self, send: Send) -> bytes:
        if isinstance(self._request, Detect):
            reply, source = self._detect(self._request, send), Path(self._request.path)
        else:
            reply, source = self._lift(self._request, send)
        data = encode(reply)
        if isinstance(reply, Failed):
            return data
        digest = digest_of(self._data, source)
        if not self._shop.results.put(digest, data):
            return data
        return encode(Kept(job_id=reply.job_id, digest=digest))

    def _lift(self, request: Lift, send: Send) -> tuple[Reply, Path]:
        track, options, current = read_lift(request)
        total = options.iterations + options.hypotheses
        with self._shop.turns.turn(request.batch):
            self._step(send, "preparing", 0, total)
            try:
                folder = find_model(options.model)
                if not self._shop.models.holds(options.model):
                    self._step(send, "loading the model", 0, total)
                model = self._shop.models.get(options.model)
            except RetakeError as error:
                text = str(error)
                return Failed(
                    job_id=request.job_id, code="unknown_model", text=text, field="model"
                ), Path()
            model = replace(model, sample=self._interruptible(model.sample, options, send))
            takes = lift(track, model, options, partial(self._step, send), current)
        return result_of(request.job_id, takes), folder / "model.safetensors"

    def _interruptible(self, sample: Sampler, options: LiftOptions, send: Send) -> Sampler:
        """Stops within a step, gives way and reports within a step, shows what is finished."""
        job_id = self._request.job_id

        def on_layer(share: float) -> None:
            self._stop_if_cancelled()
            self._shop.turns.step(self._request.batch)
            if self._is_time_to_report():
                done = int(share * options.iterations * HUNDRED)
                total = (options.iterations + options.hypotheses) * HUNDRED
                self._tell(send, "sampling", done, total)

        def on_frames(first: int, poses: Floats32) -> None:
            send(encode(Partial(job_id=job_id, first=first, poses=Array.pack(poses))))

        def on_notice(text: str) -> None:
            self._tell(send, text, 0, 0)

        hooks: dict[str, Any] = {"on_layer": on_layer, "on_notice": on_notice}
        if isinstance(self._request, Lift) and self._request.partial:
            hooks["on_frames"] = on_frames
        return cast(Sampler, partial(sample, **hooks))

    def _detect(self, request: Detect, send: Send) -> Reply:
        def on_frame(done: int, expected: int | None) -> None:
            self._stop_if_cancelled()
            if self._is_time_to_report():
                self._tell(send, "detecting", done, expected or 0)

        return track_of(request.job_id, detect(read_detect(request), on_frame))

    def _step(self, send: Send, stage: str, done: int, total: int) -> None:
        """Between two steps of a lift."""
        self._tell(send, stage, done * HUNDRED, total * HUNDRED)
        self._stop_if_cancelled()
        self._shop.turns.step(self._request.batch)
        self._stop_if_cancelled()

    def _tell(self, send: Send, stage: str, done: int, total: int) -> None:
        send(encode(Progress(job_id=self._request.job_id, stage=stage, done=done, total=total)))

    def _is_time_to_report(self) -> bool:
        now = time.monotonic()
        is_time = now - self._reported_at > REPORT_EVERY_S
        if is_time:
            self._reported_at = now
        return is_time

    def _stop_if_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise Cancelled


def _ignore(done: int, total: int) -> None:
    """Nobody waits for the warm-up."""


def _sentence(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
