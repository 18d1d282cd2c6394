"""A quick look at validation data while a run goes on: one hypothesis, one denoising step."""

from __future__ import annotations

import torch
from torch import Tensor

from ..shared.arrays import Floats
from ..shared.model.config import ModelConfig
from ..shared.model.diffusion import Diffusion
from .batches import Batches
from .metrics import mpjpe

WINDOWS, AT_ONCE = 48, 8


def watch(config: ModelConfig, weights: dict[str, Tensor], batches: Batches) -> dict[str, float]:
    """MPJPE in mm on a few fixed windows of the validation split; empty if there is none."""
    windows = batches.validation(WINDOWS)
    if not windows:
        return {}
    model = Diffusion(config).to(next(iter(weights.values())).device).eval()
    model.denoiser.load_state_dict(weights)
    return {
        f"val_mpjpe{f'_{name}' if name else ''}_mm": _error(model, *pair)
        for name, pair in windows.items()
    }


@torch.no_grad()
def _error(model: Diffusion, keypoints: Floats, truth: Floats) -> float:
    device = next(model.parameters()).device
    shape = (*keypoints.shape[:-1], model.state_width)
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    t = torch.full((AT_ONCE,), model.config.timesteps - 1, device=device)
    parts = [
        model.denoise(points.to(device), part.to(device), t[: len(points)]).cpu()
        for points, part in zip(
            torch.from_numpy(keypoints).split(AT_ONCE), noise.split(AT_ONCE), strict=True
        )
    ]
    predicted = torch.cat(parts).numpy()
    return round(float(mpjpe(predicted, truth).mean()) * 1000, 2)
