"""What is measured: a model, tile by tile or over whole clips, and two trivial answers beside it.

A lifter takes a case with B windows of L frames and gives root-relative poses (B, H, L, J, 3).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...shared.arrays import Floats
from ...shared.model.diffusion import Diffusion
from ...shared.model.noise import frame_noise
from ...shared.model.sampler import ddim
from ...shared.model.windows import sample_clip
from ..camera_batches import normalise
from ..data.motion_set import MotionSet
from ..data.windows import draw_world, root_relative
from ..virtual_camera import place
from .cases import CAMERA_SEED, Case

Lifter = Callable[[Case], Floats]

FRAMES_AT_ONCE = {"cpu": 1024, "cuda": 65536}
"""Frames of all windows and hypotheses in one pass through the network."""


@dataclass(frozen=True)
class Sampling:
    """H hypotheses, W iterations, and whether each prediction is averaged with the mirror's."""

    hypotheses: int = 1
    iterations: int = 1
    flip: bool = True
    seed: int = 0


def tiled(model: Diffusion, sampling: Sampling) -> Lifter:
    """Every window for itself, as the released code does."""

    def lift(case: Case) -> Floats:
        keypoints = normalise(case.pixels, [case.size] * len(case.pixels), model.config)
        return np.stack(
            [_window(model, torch.from_numpy(k), sampling, n) for n, k in enumerate(keypoints)]
        )

    return lift


@torch.no_grad()
def _window(model: Diffusion, keypoints: Tensor, sampling: Sampling, number: int) -> Floats:
    """H samples of one window (L, J, 2); `number` makes its noise another one's."""
    length, joints, _ = keypoints.shape
    device = next(model.parameters()).device
    points = keypoints.to(device)[None]
    size = max(FRAMES_AT_ONCE.get(device.type, 1024) // length, 1)
    denoise = model.denoise if sampling.flip else model.predict

    def clean(state: Tensor, t: int) -> Tensor:
        parts = [
            denoise(points.expand(len(s), -1, -1, -1), s, torch.full((len(s),), t, device=device))
            for s in state.split(size)
        ]
        return torch.cat(parts)

    def noise(iteration: int) -> Tensor:
        values = joints * model.state_width
        drawn = [
            frame_noise(sampling.seed, iteration, h, number * length, length, values)
            for h in range(sampling.hypotheses)
        ]
        return torch.from_numpy(np.stack(drawn)).view(len(drawn), length, joints, -1).to(device)

    return ddim(model, clean, noise, sampling.iterations).cpu().numpy()


def whole_clip(model: Diffusion, sampling: Sampling) -> Lifter:
    """Each window is a clip of its own, lifted as at run time: overlapping windows, no seams."""

    def lift(case: Case) -> Floats:
        clips = [
            sample_clip(
                model,
                pixels,
                *case.size,
                hypotheses=sampling.hypotheses,
                iterations=sampling.iterations,
                seed=sampling.seed,
                flip=sampling.flip,
                precision="float32",
            )
            for pixels in case.pixels
        ]
        return np.stack(clips)

    return lift


def mean_pose(train: MotionSet) -> Lifter:
    """The average pose of the training split in camera space, whatever the keypoints."""
    rng = np.random.default_rng(CAMERA_SEED)
    if train.space == "world":
        camera, _ = place(rng, draw_world(train, rng, 2000, 1))
        poses = camera[:, 0]
    else:
        rows = [clip.first + int(rng.integers(clip.frames)) for clip in train.clips]
        poses = train.positions[rows]
    average = root_relative(poses, train.skeleton.root).mean(axis=0)
    return lambda case: np.broadcast_to(average, case.positions.shape)[:, None]


def constant_depth(case: Case) -> Floats:
    """Every joint at the true depth of the root, its sideways place exact."""
    root = case.positions[:, :, case.root, None]
    rays = case.positions / case.positions[..., 2:]
    return (rays * root[..., 2:] - root)[:, None]
