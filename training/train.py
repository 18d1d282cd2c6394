"""The training loop: step, log, save, look at validation data, in that order.

One process, or several under `accelerate launch`: every process makes its own batches, gradients
are averaged by Accelerate, the first process writes.
"""

from __future__ import annotations

import time
from pathlib import Path

from accelerate import Accelerator
from tqdm import tqdm

from ..shared.errors import RetakeError
from .batches import Batches, in_time
from .checkpoint import Log, make_run_folder
from .config import TrainConfig
from .session import Session
from .watch import watch

LOG_EVERY = 50
MIXED = {"float32": "no", "bfloat16": "bf16", "float16": "fp16"}


def train(
    config: TrainConfig,
    data: Path,
    run: Path,
    *,
    cpu: bool = False,
    workers: int = 0,
    warm_start: Path | None = None,
) -> None:
    """Trains on the prepared set `data`; writes `run`, or goes on where it stopped.

    workers     processes that make batches ahead
    warm_start  a model folder whose weights a new run begins with (`warm_start.py`)
    """
    accelerator = start_accelerator(config, cpu)
    make_run_folder(run)
    batches = Batches(data, config)
    session = Session(config, accelerator, run, batches, warm_start)
    with Log(run, session.step, writes=accelerator.is_main_process) as log:
        run_steps(session, log, batches, workers)
    accelerator.wait_for_everyone()


def run_steps(session: Session, log: Log, batches: Batches, workers: int) -> None:
    """The loop. `waiting` in the log is the share of its time in which no batch was ready."""
    config, accelerator = session.config, session.accelerator
    started, waited = time.monotonic(), 0.0
    bar = tqdm(
        range(session.step, session.steps),
        initial=session.step,
        total=session.steps,
        unit="step",
        disable=not accelerator.is_main_process,
    )
    source = in_time(batches, session.numbers(), workers)
    for step in bar:
        losses, seconds = session.train_step(step, source)
        waited += seconds
        done = step + 1
        if done % LOG_EVERY == 0:
            passed = time.monotonic() - started
            times = {"seconds": round(passed, 1), "waiting": round(waited / passed, 4)}
            log.write({"step": done, **times, **losses})
        if done % config.save_every == 0 or done == session.steps:
            session.save(done)
        looks = done % config.evaluate_every == 0 or done == session.steps
        if looks and accelerator.is_main_process:
            log.write({"step": done, **watch(config.model, session.average, batches)})


def start_accelerator(config: TrainConfig, cpu: bool) -> Accelerator:
    """RetakeError if this machine cannot compute in the configuration's precision."""
    try:
        return Accelerator(
            cpu=cpu,
            mixed_precision=MIXED[config.precision],
            gradient_accumulation_steps=config.accumulate,
        )
    except (ValueError, RuntimeError) as error:
        raise RetakeError(
            f"Training in {config.precision} is not possible here: {str(error).splitlines()[0]}"
        ) from None
