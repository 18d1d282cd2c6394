"""MPJPE and P-MPJPE on held-out mocap in virtual cameras, next to two trivial baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch import Tensor

from ..shared.arrays import Floats
from ..shared.model.config import ModelConfig
from ..shared.model.diffusion import Diffusion
from ..shared.model.windows import sample_clip
from ..shared.skeleton import HUMAN36M
from .batches import normalise
from .detector_noise import corrupt
from .metrics import acceleration_error, mpjpe, mpsce, p_mpjpe
from .mocap import MocapSet
from .virtual_camera import view

CAMERA_SEED = 2024
QUICK_WINDOWS = 48
CAMERAS_PER_CLIP = 2
LONG_SIDE = 1000
"""Pixels of the virtual picture."""


@dataclass(frozen=True)
class Scores:
    """Frame-weighted means over clips and cameras, mm (acceleration: mm per frame squared)."""

    mpjpe: float
    p_mpjpe: float
    mpsce: float
    acceleration_error: float


@dataclass(frozen=True)
class Shown:
    """One clip in one camera: image points (F, 17, 2), camera-frame positions (F, 17, 3)."""

    exact: Floats
    noisy: Floats
    positions: Floats

    @property
    def truth(self) -> Floats:
        return self.positions - self.positions[:, HUMAN36M.root, None]


def evaluate(
    model: Diffusion, test: MocapSet, train: MocapSet, iterations: int = 1
) -> dict[str, dict[str, float]]:
    """One hypothesis of the model with exact and with noisy keypoints, and the two baselines.

    Every clip is seen whole by `CAMERAS_PER_CLIP` fixed cameras. `mean pose`: the average training
    pose in camera space. `constant depth`: every joint at the true depth of the hip, its sideways
    place exact.
    """
    shown = list(_shown_clips(test))
    average = _mean_pose(train)
    lifters: dict[str, Callable[[Shown], Floats]] = {
        "model": lambda clip: _lift(model, clip.exact, iterations),
        "model, noisy keypoints": lambda clip: _lift(model, clip.noisy, iterations),
        "mean pose": lambda clip: np.broadcast_to(average, clip.positions.shape),
        "constant depth": _constant_depth,
    }
    return {
        name: asdict(_score([(lift(clip), clip.truth) for clip in shown]))
        for name, lift in lifters.items()
    }


def _shown_clips(mocap: MocapSet) -> Iterator[Shown]:
    for clip in range(len(mocap.subjects)):
        world = mocap.clip(clip)[None]
        for camera in range(CAMERAS_PER_CLIP):
            rng = np.random.default_rng([CAMERA_SEED, clip, camera])
            positions, points = view(rng, world)
            noisy = corrupt(rng, points, clean_share=0)
            yield Shown(points[0], noisy[0], positions[0])


def _lift(model: Diffusion, points: Floats, iterations: int) -> Floats:
    pixels = (points.astype(float) + 0.5) * LONG_SIDE
    poses = sample_clip(
        model, pixels, LONG_SIDE, LONG_SIDE, hypotheses=1, iterations=iterations, seed=0
    )
    return poses[0]


def _mean_pose(mocap: MocapSet) -> Floats:
    rng = np.random.default_rng(CAMERA_SEED)
    positions, _ = view(rng, mocap.draw_windows(rng, 2000, 1))
    return (positions - positions[:, :, HUMAN36M.root, None]).mean(axis=(0, 1))


def _constant_depth(clip: Shown) -> Floats:
    hip = clip.positions[:, HUMAN36M.root, None]
    rays = clip.positions / clip.positions[..., 2:]
    return rays * hip[..., 2:] - hip


def _score(pairs: list[tuple[Floats, Floats]]) -> Scores:
    frames = np.array([len(truth) for _, truth in pairs])

    def mean(values: list[float]) -> float:
        return round(float(np.average(values, weights=frames)) * 1000, 1)

    return Scores(
        mpjpe=mean([float(mpjpe(p, t).mean()) for p, t in pairs]),
        p_mpjpe=mean([float(p_mpjpe(p, t).mean()) for p, t in pairs]),
        mpsce=mean([mpsce(p, HUMAN36M.bones) for p, _ in pairs]),
        acceleration_error=mean([acceleration_error(p, t) for p, t in pairs]),
    )


def evaluate_quickly(
    config: ModelConfig, weights: dict[str, Tensor], mocap: MocapSet
) -> dict[str, float]:
    """MPJPE in mm on a few random windows with exact and with noisy keypoints: H = 1, W = 1."""
    model = Diffusion(config).eval()
    model.denoiser.load_state_dict(weights)
    rng = np.random.default_rng(CAMERA_SEED)
    camera, points = view(rng, mocap.draw_windows(rng, QUICK_WINDOWS, config.frames))
    truth = camera - camera[:, :, HUMAN36M.root, None]
    shown = {"val_mpjpe_mm": points, "val_mpjpe_noisy_mm": corrupt(rng, points)}
    return {
        name: round(float(mpjpe(_lift_windows(model, p), truth).mean()) * 1000, 2)
        for name, p in shown.items()
    }


@torch.no_grad()
def _lift_windows(model: Diffusion, points: Floats) -> Floats:
    """One hypothesis, one iteration: image points (B, F, 17, 2) -> positions (B, F, 17, 3)."""
    keypoints = torch.from_numpy(normalise(points, model.config))
    noise = torch.randn(*keypoints.shape[:-1], 4, generator=torch.Generator().manual_seed(0))
    t = torch.full((len(keypoints),), model.config.timesteps - 1)
    return model.denoise(keypoints, noise, t).numpy()
