"""Clips of any length: windows of the model's length, one shared noise, one blended prediction.

The sampler sees the whole clip. At every step its denoiser cuts the clip into half-overlapping
windows, denoises them, and averages the overlaps with weights that fall towards a window's ends,
where it has least context (MultiDiffusion, Bar-Tal et al. 2023). There are no seams to hide
afterwards.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from ..arrays import Floats, Floats32
from ..camera import normalise_person, normalise_screen
from .diffusion import Diffusion
from .noise import frame_noise
from .sampler import ddim

FRAMES_PER_BATCH = 1024
"""Frames (of all windows and hypotheses) that go through the network at once.

Larger batches were 2.5 times slower on a CPU: blocks above 32 MB are fetched from the system and
given back at every operation.
"""


def window_starts(frames: int, length: int) -> list[int]:
    """First frames of half-overlapping windows over `frames`; the last ends with the clip."""
    if frames <= length:
        return [0]
    return [*range(0, frames - length, max(length // 2, 1)), frames - length]


def window_weights(length: int) -> Tensor:
    """(length,) weights of a window's frames in the average: highest in the middle, never zero."""
    ramp = torch.arange(1, length + 1).minimum(torch.arange(length, 0, -1))
    return ramp / ramp.max()


@torch.no_grad()
def sample_clip(
    model: Diffusion,
    pixels: Floats,
    width: int,
    height: int,
    *,
    hypotheses: int,
    iterations: int,
    seed: int,
    eta: float = 1.0,
    on_step: Callable[[int, int], None] | None = None,
) -> Floats32:
    """Root-relative positions (H, F, J, 3), metres, camera frame, for 2D keypoints (F, J, 2).

    `pixels` are at 50 fps without gaps; a clip shorter than a window is continued by its last
    frame. `on_step(done, total)` is called after every iteration and may raise to stop.
    """
    length, frames = model.config.frames, len(pixels)
    padded = np.pad(pixels, ((0, max(length - frames, 0)), (0, 0), (0, 0)), mode="edge")
    keypoints = _cut_keypoints(model, padded, width, height)
    device = next(model.parameters()).device

    def denoise(state: Tensor, t: int) -> Tensor:
        return _denoise_clip(model, keypoints.to(device), state, t)

    def noise(iteration: int) -> Tensor:
        values = model.skeleton.joint_count * 4
        drawn = [frame_noise(seed, iteration, h, 0, len(padded), values) for h in range(hypotheses)]
        return torch.from_numpy(np.stack(drawn)).view(hypotheses, len(padded), -1, 4).to(device)

    def progress(done: int, total: int, positions: Tensor) -> None:
        if on_step:
            on_step(done, total)

    positions = ddim(model, denoise, noise, iterations, eta, progress)
    return positions[:, :frames].cpu().numpy()


def _cut_keypoints(model: Diffusion, pixels: Floats, width: int, height: int) -> Tensor:
    """Normalised keypoints of every window: (windows, length, J, 2)."""
    length = model.config.frames
    cut = np.stack([pixels[s : s + length] for s in window_starts(len(pixels), length)])
    if model.config.keypoint_frame == "person":
        normalised = normalise_person(cut, model.skeleton.root)
    else:
        normalised = normalise_screen(cut, width, height)
    return torch.from_numpy(normalised.astype(np.float32))


def _denoise_clip(model: Diffusion, keypoints: Tensor, state: Tensor, t: int) -> Tensor:
    """Clean positions (H, F, J, 3) of a noisy clip (H, F, J, 4): overlaps averaged."""
    length, hypotheses = model.config.frames, len(state)
    starts = window_starts(state.shape[1], length)
    weights = window_weights(length).to(state.device)[:, None, None]
    total = state.new_zeros(*state.shape[:-1], 3)
    weight = state.new_zeros(state.shape[1], 1, 1)
    jobs = [(h, w) for h in range(hypotheses) for w in range(len(starts))]
    size = max(FRAMES_PER_BATCH // length, 1)
    for batch in (jobs[i : i + size] for i in range(0, len(jobs), size)):
        windows = torch.stack([state[h, starts[w] : starts[w] + length] for h, w in batch])
        points = keypoints[[w for _, w in batch]]
        clean = model.denoise(points, windows, torch.full((len(batch),), t, device=state.device))
        for (h, w), positions in zip(batch, clean, strict=True):
            total[h, starts[w] : starts[w] + length] += positions * weights
    for start in starts:
        weight[start : start + length] += weights
    return total / weight
