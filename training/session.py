"""Everything of a run that changes from step to step, and one step of it.

Batches and noise follow from (seed, number of the batch), so a resumed run goes on as if it had
never stopped.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from accelerate import Accelerator
from torch import Tensor

from ..shared.errors import RetakeError
from ..shared.model.artifact import save_model
from ..shared.model.diffusion import Diffusion
from .batches import Batch, Batches
from .checkpoint import cannot_write, read_state, write_state
from .config import TrainConfig
from .losses import Objective, draw_noise, total
from .warm_start import starting_weights


class Session:
    """Everything that changes from step to step: weights, optimizer, moving average, step."""

    def __init__(
        self,
        config: TrainConfig,
        accelerator: Accelerator,
        run: Path,
        batches: Batches,
        warm_start: Path | None,
    ) -> None:
        self.config, self.accelerator, self.run = config, accelerator, run
        per_step = config.accumulate * accelerator.num_processes
        self.steps_per_epoch = steps_per_epoch(batches, per_step)
        self.steps = config.steps or config.epochs * self.steps_per_epoch
        torch.manual_seed(config.seed)
        self.model = Diffusion(config.model)
        optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.average = {n: v.clone() for n, v in self.model.denoiser.state_dict().items()}
        objective = Objective(self.model, config.loss).train()
        self.objective, self.optimizer = accelerator.prepare(objective, optimizer)
        self.average = {n: v.to(accelerator.device) for n, v in self.average.items()}
        self.step = self.resume(warm_start)

    def numbers(self) -> range:
        """The batches of this process, in order: every process takes each P-th one."""
        processes, rank = self.accelerator.num_processes, self.accelerator.process_index
        per_step = self.config.accumulate * processes
        return range(self.step * per_step + rank, self.steps * per_step, processes)

    def train_step(self, step: int, source: Iterator[Batch]) -> tuple[dict[str, float], float]:
        """One optimizer step; the mean terms of the loss, and the seconds waited for batches."""
        config, accelerator = self.config, self.accelerator
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(config, step, self.steps, self.steps_per_epoch)
        sums: dict[str, Tensor] = {}
        waited = 0.0
        for _ in range(config.accumulate):
            before = time.perf_counter()
            keypoints, positions, seed = next(source)
            waited += time.perf_counter() - before
            with accelerator.accumulate(self.objective):
                terms = self.backward(keypoints, positions, seed, step)
                self.update(step)
            for name, value in terms.items():
                sums[name] = sums.get(name, torch.zeros_like(value)) + value / config.accumulate
        update_average(self.average, self.model, min(config.ema_decay, (1 + step) / (10 + step)))
        return {name: float(value) for name, value in sums.items()}, waited

    def backward(
        self, keypoints: Tensor, positions: Tensor, seed: int, step: int
    ) -> dict[str, Tensor]:
        device = self.accelerator.device
        torch.manual_seed(seed)  # stochastic depth draws from torch's own generator
        windows, frames = keypoints.shape[:2]
        last_step = self.config.regression
        t, noise = draw_noise(self.model, windows, frames, seed, last_step=last_step)
        inputs = (keypoints, positions, t, noise)
        terms = self.objective(*(value.to(device, non_blocking=True) for value in inputs))
        loss = total(terms, self.config.loss_weights, self.config.loss)
        self.accelerator.backward(loss)
        return {name: value.detach() for name, value in terms.items()}

    def update(self, step: int) -> None:
        """Moves the weights, if enough passes have been accumulated.

        The norm of the averaged gradient is the same in every process, so that all of them stop
        together where it is not a number. In float16 single such steps are normal and left out.
        """
        if self.accelerator.sync_gradients:
            limit = self.config.clip_gradient or math.inf
            norm = self.accelerator.clip_grad_norm_(self.objective.parameters(), limit)
            if self.config.precision != "float16" and not math.isfinite(float(norm or 0)):
                raise self.diverged(step)
        self.optimizer.step()
        self.optimizer.zero_grad()

    def diverged(self, step: int) -> RetakeError:
        state = read_state(self.run)
        kept = f"The checkpoint of step {state['step']} is kept" if state else "Nothing was saved"
        return RetakeError(
            f"The loss or its gradient is not a number at step {step}. {kept}; lower the learning "
            "rate and start a new run (--warm-start goes on from the model in this one)."
        )

    def save(self, step: int) -> None:
        """Writes the state, then the model folder."""
        if not self.accelerator.is_main_process:
            return
        scaler = self.accelerator.scaler
        state = {
            "step": step,
            "config": self.config.fingerprint(),
            "processes": self.accelerator.num_processes,
            "weights": self.model.denoiser.state_dict(),
            "average": self.average,
            "optimizer": self.optimizer.state_dict(),
            "scaler": scaler.state_dict() if scaler else None,
        }
        write_state(self.run, state)
        about = {**self.config.about, "steps": step}
        try:
            save_model(self.run / "model", self.model, about, self.average)
        except OSError as error:
            raise cannot_write(self.run, error) from None

    def resume(self, warm_start: Path | None) -> int:
        """The step to go on from; RetakeError if the run was another configuration's."""
        state = read_state(self.run)
        if state is None:
            if warm_start:
                self.start_from(warm_start)
            return 0
        same = state["config"] == self.config.fingerprint()
        if not same or state["processes"] != self.accelerator.num_processes:
            raise RetakeError(
                f"{self.run} was started with another configuration or another number of "
                "processes; choose another folder."
            )
        self.model.denoiser.load_state_dict(state["weights"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.accelerator.scaler and state["scaler"]:
            self.accelerator.scaler.load_state_dict(state["scaler"])
        for name, value in state["average"].items():
            self.average[name].copy_(value)
        return int(state["step"])

    def start_from(self, folder: Path) -> None:
        weights = starting_weights(self.model, folder)
        self.model.denoiser.load_state_dict(weights)
        for name, value in weights.items():
            self.average[name].copy_(value)


def steps_per_epoch(batches: Batches, per_step: int) -> int:
    """Optimizer steps of a pass over the data; 0 in world space. RetakeError if none are asked."""
    if batches.per_epoch is None:
        if batches.config.epochs:
            raise RetakeError(
                f"{batches.folder} is motion in world space, from which windows are drawn without "
                "end: the configuration must say steps, not epochs."
            )
        return 0
    return math.ceil(batches.per_epoch / per_step)


def learning_rate(config: TrainConfig, step: int, steps: int, per_epoch: int) -> float:
    """Warm-up, decay by epochs, and the final way to zero, multiplied."""
    warm = min((step + 1) / max(config.warm_up, 1), 1.0)
    cool = min((steps - step) / max(steps * config.cool_down, 1), 1.0)
    epoch = step // per_epoch if per_epoch else 0
    return config.learning_rate * warm * cool * config.epoch_decay**epoch


@torch.no_grad()
def update_average(average: dict[str, Tensor], model: Diffusion, decay: float) -> None:
    for name, value in model.denoiser.state_dict().items():
        average[name].lerp_(value, 1 - decay)
