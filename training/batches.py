"""Where training batches come from, and how they reach the loop in time.

A batch is a function of (data, configuration, its number): nothing else has to be saved for a run
to go on exactly where it stopped, and any process can make any batch.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..shared.errors import RetakeError
from .camera_batches import Epochs
from .config import TrainConfig
from .data.motion_set import MotionSet
from .virtual_batches import Pair, draw_batch, fixed_windows

Batch = tuple[Tensor, Tensor, int]
"""Keypoints, positions (`virtual_batches.Pair`), and the seed of all that is random with them."""


class Batches(Dataset[Batch]):
    """The training batches of a run, by number."""

    def __init__(self, folder: Path, config: TrainConfig) -> None:
        self.folder, self.config = folder, config
        if not self.data.clips:
            raise RetakeError(f"The data set in {folder} has no clips for training.")
        if self.data.skeleton is not config.model.joints:
            raise RetakeError(
                f"The model is for the skeleton {config.model.skeleton}, the data set in {folder} "
                f"has {self.data.skeleton.name}."
            )

    @cached_property
    def data(self) -> MotionSet:
        return MotionSet.open(self.folder).split("train")

    @cached_property
    def epochs(self) -> Epochs | None:
        """None in world space, where windows are drawn without end."""
        return Epochs(self.data, self.config) if self.data.space == "camera" else None

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng([self.config.seed, index])
        seed = int(rng.integers(2**62))
        if self.epochs is not None:
            pair = self.epochs.batch(index)
        else:
            pair = draw_batch(self.data, self.config, rng)
        return torch.from_numpy(pair[0]), torch.from_numpy(pair[1]), seed

    def __getstate__(self) -> dict[str, Any]:
        """What a loading process gets: the folder. Copying mapped arrays would read all of them."""
        return {"folder": self.folder, "config": self.config}

    @property
    def per_epoch(self) -> int | None:
        return None if self.epochs is None else self.epochs.batches

    def validation(self, count: int) -> dict[str, Pair]:
        """Fixed windows of the validation split; none if there is no such split."""
        data = MotionSet.open(self.folder).split("val")
        if not data.clips:
            return {}
        if data.space == "camera":
            return Epochs(data, self.config).fixed(count)
        return fixed_windows(data, self.config.model, count)


def in_time(batches: Batches, numbers: range, workers: int) -> Iterator[Batch]:
    """The batches of these numbers, made ahead by `workers` processes (0: when asked for)."""
    loader = DataLoader(
        batches,
        batch_size=None,
        sampler=numbers,
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        pin_memory=torch.cuda.is_available(),
    )
    return iter(loader)
