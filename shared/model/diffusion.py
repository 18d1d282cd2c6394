"""Diffusion: the loss that trains an HSTDenoiser and the step that samples from it.

Both live together so that training and inference cannot disagree about what is fed to the network.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..skeleton import Skeleton
from .config import ModelConfig
from .denoiser import HSTDenoiser
from .schedule import CosineSchedule

RELEASED_CLAMP = 1.1
"""The released code cuts noisy inputs, clean bones and positions (metres) to +- this."""

SHORTEST_BONE = 1e-6


class Diffusion(nn.Module):
    """A denoiser with its schedule.

    State x per slot: direction (3) and length (1), (..., F, J, 4).
    """

    mirror: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.skeleton: Skeleton = config.joints
        self.schedule = CosineSchedule(config.timesteps)
        self.denoiser = HSTDenoiser(config)
        self.register_buffer("mirror", torch.tensor(self.skeleton.mirror), persistent=False)

    def decompose(self, positions: Tensor) -> Tensor:
        """Joint positions (..., J, 3) -> state (..., J, 4); the root's slot is zero.

        Eq. 1 and 7.
        """
        parents, children = torch.tensor(self.skeleton.bones, device=positions.device).T
        vectors = positions[..., children, :] - positions[..., parents, :]
        lengths = vectors.norm(dim=-1, keepdim=True)
        bones = torch.cat([vectors / lengths.clamp_min(SHORTEST_BONE), lengths], dim=-1)
        state = positions.new_zeros(*positions.shape[:-1], 4)
        return state.index_copy(-2, children, bones)

    def predict(self, keypoints: Tensor, noisy: Tensor, t: Tensor) -> Tensor:
        """Clean positions (B, F, J, 3) of keypoints (B, F, J, 2), state (B, F, J, 4) and t (B,)."""
        if self.config.variant == "released":
            noisy = noisy.clamp(-RELEASED_CLAMP, RELEASED_CLAMP)
        positions = self.denoiser(keypoints, noisy[..., :3], noisy[..., 3:], t)
        if self.config.variant == "paper":  # root-relative by construction
            root = self.skeleton.root
            positions = positions - positions[..., root : root + 1, :]
        return positions

    def denoise(self, keypoints: Tensor, noisy: Tensor, t: Tensor) -> Tensor:
        """`predict`, averaged with the prediction for the mirrored input (flip averaging)."""
        both = self.predict(
            torch.cat([keypoints, self.flip(keypoints)]),
            torch.cat([noisy, self.flip(noisy)]),
            torch.cat([t, t]),
        )
        straight, mirrored = both.chunk(2)
        return (straight + self.flip(mirrored)) / 2

    def flip(self, values: Tensor) -> Tensor:
        """Mirror image of (..., J, C) points, states or positions: x negated, sides swapped."""
        swapped = values[..., self.mirror, :]
        return torch.cat([-swapped[..., :1], swapped[..., 1:]], dim=-1)

    def loss(
        self, keypoints: Tensor, positions: Tensor, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Terms of Eq. 8 and 9 for root-relative positions (B, F, J, 3), metres; Eq. 10 sums them.

        One t per window; lengths and directions get independent noise (Eq. 3).
        """
        batch, device = positions.shape[0], positions.device
        t = torch.randint(self.config.timesteps, (batch,), generator=generator).to(device)
        clean = self.decompose(positions)
        noise = torch.randn(clean.shape, generator=generator).to(device)
        predicted = self.predict(keypoints, self.schedule.add_noise(clean, t, noise), t)
        bones = [c for _, c in self.skeleton.bones]
        error = (self.decompose(predicted) - clean)[..., bones, :]
        return {
            "position": (predicted - positions).norm(dim=-1).mean(),
            "length": error[..., 3].abs().mean(),
            "direction": error[..., :3].norm(dim=-1).mean(),
        }
