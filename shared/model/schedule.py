"""The noise schedule: how much signal is left at diffusion step t. Not part of any checkpoint."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor


class CosineSchedule:
    """Cosine schedule of Nichol and Dhariwal (2021) with offset 0.008 and betas cut at 0.999.

    `alpha_bar[t]` is the paper's product of all alphas up to t (Eq. 2), float64 on the CPU.
    """

    OFFSET = 0.008
    LARGEST_BETA = 0.999

    def __init__(self, timesteps: int) -> None:
        self.timesteps = timesteps
        steps = torch.arange(timesteps + 1, dtype=torch.float64) / timesteps
        signal = torch.cos((steps + self.OFFSET) / (1 + self.OFFSET) * math.pi / 2) ** 2
        betas = (1 - signal[1:] / signal[:-1]).clamp(0, self.LARGEST_BETA)
        self.alpha_bar = torch.cumprod(1 - betas, dim=0)

    def add_noise(self, x0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """x_t = sqrt(alpha_bar_t) x_0 + sqrt(1 - alpha_bar_t) noise (Eq. 3); t (B,)."""
        alpha_bar = self.alpha_bar.to(x0.device)[t].to(x0.dtype).view(-1, *[1] * (x0.dim() - 1))
        return alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * noise

    def ddim_steps(self, iterations: int, first_t: int | None = None) -> list[tuple[int, int]]:
        """(t, t') of every iteration: even steps from `first_t` down to -1, which means clean.

        None: from T - 1.
        """
        top = self.timesteps - 1 if first_t is None else first_t
        grid: list[int] = torch.linspace(-1, top, iterations + 1).int().tolist()
        return list(itertools.pairwise(reversed(grid)))
