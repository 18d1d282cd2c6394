"""The training loop: step, log, save, evaluate, in that order. Resumes from its folder.

    RUN/model/            what a server reads: config.json, model.safetensors (moving average)
    RUN/training_state.pt weights, optimizer, moving average, step; never shipped
    RUN/log.jsonl         one line per logged step

Batches and noise are drawn from (seed, step), so a resumed run goes on as if it had never stopped.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from ..shared.errors import RetakeError
from ..shared.model.artifact import save_model
from ..shared.model.diffusion import Diffusion
from .batches import draw_batch
from .config import TrainConfig
from .evaluate import evaluate_quickly
from .mocap import MocapSet

LOG_EVERY = 50


def train(config: TrainConfig, data: Path, run: Path, device: str) -> None:
    """Trains on DATA/cmu17_train.npz, watching cmu17_val.npz; writes and resumes RUN."""
    check_device(device)
    try:
        run.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RetakeError(f"{run} cannot be the run's folder: {error.strerror}.") from None
    train_set = MocapSet.load(data / "cmu17_train.npz")
    val_set = MocapSet.load(data / "cmu17_val.npz")
    torch.manual_seed(config.seed)
    model = Diffusion(config.model).to(device).train()
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    average = {name: value.detach().clone() for name, value in model.denoiser.state_dict().items()}
    first = resume(run, config, model, optimizer, average)
    started = time.monotonic()
    for step in tqdm(range(first, config.steps), initial=first, total=config.steps, unit="step"):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        losses = train_step(config, model, optimizer, train_set, step, device)
        update_average(average, model, min(config.ema_decay, (1 + step) / (10 + step)))
        done = step + 1
        if done % LOG_EVERY == 0:
            log(run, {"step": done, "seconds": round(time.monotonic() - started, 1), **losses})
        if done % config.save_every == 0 or done == config.steps:
            save(run, config, model, optimizer, average, done)
        if done % config.evaluate_every == 0 or done == config.steps:
            log(run, {"step": done, **evaluate_quickly(config.model, average, val_set)})


def check_device(device: str) -> None:
    """Raises RetakeError if this machine has no such device."""
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:  # torch raises either, by the kind of device
        reason = str(error).splitlines()[0]
        raise RetakeError(f"The device '{device}' cannot be used: {reason}") from None


def train_step(
    config: TrainConfig,
    model: Diffusion,
    optimizer: torch.optim.Optimizer,
    mocap: MocapSet,
    step: int,
    device: str,
) -> dict[str, float]:
    """One optimizer step; the losses in metres (position, length) and unit vectors (direction)."""
    rng = np.random.default_rng([config.seed, step])
    torch.manual_seed(int(rng.integers(2**62)))  # stochastic depth draws from torch's own generator
    keypoints, positions = draw_batch(mocap, config.model, config.batch, rng, config.hide_keypoints)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    terms = model.loss(keypoints.to(device), positions.to(device), generator, config.squared_loss)
    loss = (
        config.position_weight * terms["position"]
        + config.length_weight * terms["length"]
        + config.direction_weight * terms["direction"]
    )
    if not torch.isfinite(loss):
        raise RetakeError(
            f"The loss is not a number at step {step}. The last saved step is kept; lower the rate."
        )
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # pyright: ignore[reportUnknownMemberType]
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()  # pyright: ignore[reportUnknownMemberType]
    return {name: float(value.detach()) for name, value in terms.items()}


def learning_rate(config: TrainConfig, step: int) -> float:
    warm = min((step + 1) / max(config.warm_up, 1), 1.0)
    cool = min((config.steps - step) / max(config.steps * config.cool_down, 1), 1.0)
    return config.learning_rate * warm * cool


@torch.no_grad()
def update_average(average: dict[str, Tensor], model: Diffusion, decay: float) -> None:
    for name, value in model.denoiser.state_dict().items():
        average[name].lerp_(value, 1 - decay)


def save(
    run: Path,
    config: TrainConfig,
    model: Diffusion,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor],
    step: int,
) -> None:
    """Writes the state in one step, then the model folder."""
    state = {
        "step": step,
        "config": config.fingerprint(),
        "weights": model.denoiser.state_dict(),
        "average": average,
        "optimizer": optimizer.state_dict(),
    }
    temporary = run / "training_state.pt.part"
    torch.save(state, temporary)
    os.replace(temporary, run / "training_state.pt")
    save_model(run / "model", model, {**config.about, "steps": step}, average)


def resume(
    run: Path,
    config: TrainConfig,
    model: Diffusion,
    optimizer: torch.optim.Optimizer,
    average: dict[str, Tensor],
) -> int:
    """Loads RUN's state if there is one; the step to go on from.

    RetakeError if it is of another configuration.
    """
    path = run / "training_state.pt"
    if not path.exists():
        return 0
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    if json.loads(state["config"]) != json.loads(config.fingerprint()):
        raise RetakeError(f"{run} was started with another configuration; choose another folder.")
    model.denoiser.load_state_dict(state["weights"])
    optimizer.load_state_dict(state["optimizer"])
    for name, value in state["average"].items():
        average[name].copy_(value)
    return int(state["step"])


def log(run: Path, row: dict[str, Any]) -> None:
    with (run / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")
