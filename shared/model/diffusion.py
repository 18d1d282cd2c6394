"""Diffusion: an HSTDenoiser with its noise schedule, and what it is fed and gives.

Training and sampling both go through `predict`, so that they cannot disagree about that.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..skeleton import Skeleton
from .config import ModelConfig
from .denoiser import HSTDenoiser
from .representation import Bones, representation
from .schedule import CosineSchedule

RELEASED_CLAMP = 1.1
"""The released code cuts noisy inputs, clean bones and positions (metres) to +- this."""


class Diffusion(nn.Module):
    """A denoiser with its schedule.

    A state x (..., F, J, S) holds direction (3) and length (1) of the bone that ends at each joint,
    or positions (3) where `config.input` says so.
    """

    mirror: Tensor
    has_bone: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.skeleton: Skeleton = config.joints
        self.schedule = CosineSchedule(config.timesteps)
        self.denoiser = HSTDenoiser(config)
        self.form = representation(config.input, self.skeleton)
        self.bones = Bones(self.skeleton)
        self.register_buffer("mirror", torch.tensor(self.skeleton.mirror), persistent=False)
        has_bone = torch.tensor([parent >= 0 for parent in self.skeleton.parents])
        self.register_buffer("has_bone", has_bone[:, None], persistent=False)

    @property
    def state_width(self) -> int:
        """Channels of a state."""
        return self.form.width

    def decompose(self, positions: Tensor) -> Tensor:
        """Joint positions (..., J, 3) -> state (..., J, S); the root's slot is zero."""
        return self.form.decompose(positions)

    def predict(self, keypoints: Tensor, noisy: Tensor, t: Tensor) -> Tensor:
        """Clean positions (B, F, J, 3) of keypoints (B, F, J, 2), state (B, F, J, S) and t (B,)."""
        if self.config.variant == "released":
            noisy = noisy.clamp(-RELEASED_CLAMP, RELEASED_CLAMP)
        else:  # the paper has J - 1 bones: what stands in the root's slot is none
            noisy = noisy * self.has_bone
        positions = self.denoiser(keypoints, noisy, t)
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
