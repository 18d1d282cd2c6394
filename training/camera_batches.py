"""Batches from a set in camera space: all its windows once per epoch, in random order."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from ..shared.arrays import Floats, Ints
from ..shared.camera import normalise_person, normalise_screen
from ..shared.model.config import ModelConfig
from .config import TrainConfig
from .data.motion_set import MotionSet
from .data.windows import laid_windows, root_relative, window_rows
from .virtual_batches import Pair, mirror


class Epochs:
    """The windows of a set laid end to end, each also mirrored, cut into batches per epoch.

    Like the released code: windows centred on their clip, flip augmentation as twice the windows.
    The last batch of an epoch may be smaller.
    """

    def __init__(self, data: MotionSet, config: TrainConfig) -> None:
        self.data, self.config = data, config
        self.numbers, self.starts = laid_windows(data.clips, config.model.frames)
        self.batches = -(-2 * len(self.starts) // config.batch)

    def batch(self, index: int) -> Pair:
        """Batch `index` of the run: a function of the seed and nothing else."""
        epoch, place = divmod(index, self.batches)
        order = _order(2 * len(self.starts), self.config.seed, epoch)
        chosen = order[place * self.config.batch : (place + 1) * self.config.batch]
        windows, mirrored = np.divmod(chosen, 2)
        keypoints, positions = self.windows(windows)
        flip = mirrored == 1
        skeleton = self.data.skeleton
        keypoints[flip] = mirror(keypoints[flip], skeleton.mirror)
        positions[flip] = mirror(positions[flip], skeleton.mirror)
        return keypoints, positions

    def windows(self, windows: Ints) -> Pair:
        """The windows (B,) as they stand in the set."""
        numbers = self.numbers[windows]
        rows = window_rows(self.data.clips, numbers, self.starts[windows], self.config.model.frames)
        assert self.data.keypoints is not None
        sizes = [(self.data.clips[n].width, self.data.clips[n].height) for n in numbers]
        points = normalise(self.data.keypoints[rows], sizes, self.config.model)
        return points, root_relative(self.data.positions[rows], self.data.skeleton.root)

    def fixed(self, count: int) -> dict[str, Pair]:
        """At most `count` windows, evenly from the whole set: the same every time."""
        count = min(count, len(self.starts))
        return {"": self.windows(np.linspace(0, len(self.starts) - 1, count).astype(int))}


@lru_cache(maxsize=2)
def _order(count: int, seed: int, epoch: int) -> Ints:
    return np.random.default_rng([seed, epoch]).permutation(count)


def normalise(pixels: Floats, sizes: list[tuple[int, int]], config: ModelConfig) -> Floats:
    """Keypoints (B, F, J, 2) in pictures of (width, height) -> the model's input."""
    if config.keypoint_frame == "person":
        return normalise_person(pixels, config.joints.root).astype(np.float32)
    screens = [normalise_screen(p, *size) for p, size in zip(pixels, sizes, strict=True)]
    return np.stack(screens).astype(np.float32)
