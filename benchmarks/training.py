"""Training speed: our step against the naive twin's, and whether data comes in time.

    python tasks.py bench training [--json FILE] [--width 512 --depth 8 --frames 243]

Batches are made from a set of 1.5 million frames of made-up numbers, the size of Human3.6M with its
four cameras; the memory that reading it takes stands in the table too. Both networks take the same
batches, one after the other, in one run.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import report
import torch
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.reference import ReferenceDenoiser
from retake.shared.skeleton import HUMAN36M
from retake.training.batches import Batch, Batches, in_time
from retake.training.config import TrainConfig
from retake.training.data.motion_set import Clip, new_set
from retake.training.losses import Objective, draw_noise, total

FRAMES = 1_500_000
CLIP = 2500
"""Frames: about the mean length of a recording."""


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--depth", type=int, default=4)
    parser.add_argument("--frames", type=int, default=81)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    model = ModelConfig(width=args.width, depth=args.depth, frames=args.frames, drop_path=0.0)
    config = TrainConfig(model=model, epochs=1, batch=args.batch, learning_rate=1e-4)
    with tempfile.TemporaryDirectory() as folder:
        make_set(Path(folder) / "set")
        before = resident_mib()
        batches = Batches(Path(folder) / "set", config)
        making = seconds_per_batch(batches, 200)
        memory = resident_mib() - before
        rows = [*compare(config, batches, args), *waiting(config, batches, args)]
    rows.append({"what": "making one batch, one process", "seconds": making, "ratio": ""})
    rows.append({"what": f"memory for {FRAMES:,} frames (MiB)", "seconds": memory, "ratio": ""})
    report.show(f"Training, {args.batch} windows of {args.frames} frames", rows, args.json)


def make_set(folder: Path) -> None:
    about = {"name": "made up"}
    values = np.random.default_rng(0).normal(size=(CLIP, 17, 3)).astype(np.float32)
    with new_set(folder, HUMAN36M, "camera", about) as writer:
        for number in range(FRAMES // CLIP):
            clip = Clip(
                name=str(number),
                subject="S1",
                action="",
                split="train",
                frames=CLIP,
                width=1000,
                height=1000,
            )
            writer.add(clip, values, values[..., :2])


def resident_mib() -> float:
    """Memory of this process that is in use; 0 where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * 4096 / 2**20


def seconds_per_batch(batches: Batches, count: int) -> float:
    start = time.perf_counter()
    for number in range(count):
        batches[number * 7]
    return (time.perf_counter() - start) / count


class Step:
    """A whole optimizer step, with our denoiser or with the twin."""

    def __init__(self, config: TrainConfig, naive: bool) -> None:
        self.config = config
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model = Diffusion(config.model)
        if naive:
            twin = ReferenceDenoiser(config.model)
            twin.load_state_dict(self.model.denoiser.state_dict())
            self.model.denoiser = twin  # pyright: ignore[reportAttributeAccessIssue]
        self.objective = Objective(self.model.to(self.device), "paper").train()
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-4)

    def __call__(self, batch: Batch) -> None:
        keypoints, positions, seed = batch
        t, noise = draw_noise(self.model, len(keypoints), keypoints.shape[1], seed)
        inputs = (value.to(self.device) for value in (keypoints, positions, t, noise))
        self.optimizer.zero_grad(set_to_none=True)
        loss = total(self.objective(*inputs), self.config.loss_weights, "paper")
        loss.backward()
        self.optimizer.step()
        if self.device == "cuda":
            torch.cuda.synchronize()


def compare(
    config: TrainConfig, batches: Batches, args: argparse.Namespace
) -> list[dict[str, object]]:
    batch = batches[0]
    ours, naive = Step(config, naive=False), Step(config, naive=True)
    seconds = report.alternate(
        {"ours": lambda: ours(batch), "naive twin": lambda: naive(batch)}, args.rounds
    )
    slow = seconds["naive twin"]
    return [
        {"what": f"step, {name}", "seconds": value, "ratio": slow / value}
        for name, value in seconds.items()
    ]


def waiting(
    config: TrainConfig, batches: Batches, args: argparse.Namespace
) -> list[dict[str, object]]:
    """Share of a training loop's time without a batch at hand, with and without a loader."""
    rows: list[dict[str, object]] = []
    for workers in (0, 1):
        step = Step(config, naive=False)
        source = in_time(batches, range(2 * args.rounds + 1), workers)
        step(next(source))
        waited, start = 0.0, time.perf_counter()
        for _ in range(2 * args.rounds):
            before = time.perf_counter()
            batch = next(source)
            waited += time.perf_counter() - before
            step(batch)
        passed = time.perf_counter() - start
        what = f"waiting for data, {workers} loading processes"
        rows.append({"what": what, "seconds": waited, "ratio": waited / passed})
    return rows


if __name__ == "__main__":
    sys.exit(main())
