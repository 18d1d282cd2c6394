"""HSTDenoiser: noisy bone lengths and directions plus 2D keypoints -> clean 3D positions.

The paper's Figure 2 and 3: one plain spatial + temporal transformer layer, then layers of HRST
(joints attend to joints, a parent's attention is passed on to its child) and HRTT (frames attend to
frames, the children of a joint add to its keys). It knows nothing of schedules, sampling or losses.

Shapes: B clips or hypotheses, F frames, J joints, C channels.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..skeleton import Skeleton
from .attention import LAYER_NORM_EPS, Attention, Block, HRSTAttention, HRTTAttention
from .config import ModelConfig
from .representation import representation


def child_mean_map(skeleton: Skeleton) -> Tensor:
    """(J, J) matrix whose row j averages joint j and its children: the child feature f_c."""
    rows = torch.eye(skeleton.joint_count)
    for joint, children in enumerate(skeleton.children):
        rows[joint, list(children)] = 1
    return rows / rows.sum(dim=1, keepdim=True)


def timestep_features(t: Tensor, width: int) -> Tensor:
    """Sinusoidal features (B, width) of diffusion steps (B,) (Vaswani et al. 2017)."""
    half = width // 2
    frequencies = torch.exp(torch.arange(half, device=t.device) * (-math.log(10000) / (half - 1)))
    angles = t[:, None].float() * frequencies
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


class HSTDenoiser(nn.Module):
    """Predicts clean joint positions from one noisy sequence (Figure 2b).

    forward: keypoints (B, F, J, 2) normalised, noisy state (B, F, J, S), t (B,) -> positions
    (B, F, J, 3) in metres. The state is per slot, and S is 4 for bones (direction, length) or 3 for
    positions; the root's slot carries noise alone. With `keypoint_mask`, unknown keypoints are NaN.
    """

    levels: Tensor
    child_means: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        skeleton = config.joints
        width = config.width
        self.output = representation(config.output, skeleton)
        state_width = representation(config.input, skeleton).width
        self.embed = nn.Linear(2 + config.keypoint_mask + state_width, width)
        self.joint_embedding = nn.Parameter(torch.zeros(skeleton.joint_count, width))
        if config.hierarchical_embedding:
            self.level_embedding = nn.Parameter(torch.zeros(max(skeleton.levels) + 1, width))
        self.frame_embedding = nn.Parameter(torch.zeros(config.frames, width))
        self.time_mlp = nn.Sequential(
            nn.Linear(width, width * 2), nn.GELU(), nn.Linear(width * 2, width)
        )
        self.register_buffer("levels", torch.tensor(skeleton.levels), persistent=False)
        self.register_buffer("child_means", child_mean_map(skeleton), persistent=False)
        self.spatial = nn.ModuleList()
        self.temporal = nn.ModuleList()
        for layer in range(config.depth):
            drop = config.drop_path * layer / max(config.depth - 1, 1)
            self.spatial.append(Block(spatial_attention(config, layer), config, drop))
            self.temporal.append(Block(temporal_attention(config, layer), config, drop))
        self.spatial_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.temporal_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, self.output.width))

    def forward(self, keypoints: Tensor, state: Tensor, t: Tensor) -> Tensor:
        x = self.embed(torch.cat([self.see(keypoints), state], dim=-1))
        x = x + self.joint_features()
        x = x + self.time_mlp(timestep_features(t, self.config.width).to(x.dtype))[:, None, None]
        children: Tensor | None = None
        for layer, (spatial, temporal) in enumerate(zip(self.spatial, self.temporal, strict=True)):
            x = self.spatial_norm(spatial(x.flatten(0, 1))).view_as(x)
            if layer == 0:
                x = x + self.frame_embedding[:, None]
            elif self.config.hrtt and self.config.children == "every_layer":
                children = self.separate_children(x)
            x = self.over_frames(temporal, x, children)
            if layer == 0 and self.config.hrtt:
                children = self.separate_children(x)
        return self.output.compose(self.head(x))

    def joint_features(self) -> Tensor:
        """(J, C) spatial embedding: of the joint, and of its level in the hierarchy (HSP)."""
        if not self.config.hierarchical_embedding:
            return self.joint_embedding
        return self.joint_embedding + self.level_embedding[self.levels]

    def see(self, keypoints: Tensor) -> Tensor:
        """What the network is shown of keypoints (..., 2); with a mask, zeros and a 0 for NaN."""
        if not self.config.keypoint_mask:
            return keypoints
        known = keypoints.isfinite().all(dim=-1, keepdim=True)
        return torch.cat([keypoints.where(known, 0), known.to(keypoints.dtype)], dim=-1)

    def over_frames(self, temporal: nn.Module, x: Tensor, children: Tensor | None) -> Tensor:
        """Runs a temporal block on (B, F, J, C) as B * J sequences of F frames."""
        b, f, j, c = x.shape
        sequences = x.transpose(1, 2).reshape(b * j, f, c)
        sequences = self.temporal_norm(temporal(sequences, children))
        return sequences.view(b, j, f, c).transpose(1, 2)

    def separate_children(self, x: Tensor) -> Tensor:
        """Mean of every joint and its children, (B, F, J, C) -> (B * J, F, C), as HRTT takes it.

        The released code reads its (frame, joint) tensor as if it were (joint, frame), so that a
        joint gets the children of others at other frames; its weights only make sense with the same
        reading.
        """
        b, f, j, c = x.shape
        children = torch.einsum("ij,bfjc->bfic", self.child_means, x)
        if self.config.variant == "paper":
            children = children.transpose(1, 2)
        return children.reshape(b * j, f, c)


def spatial_attention(config: ModelConfig, layer: int) -> Attention:
    """HRST, except in the first layer, which is a plain transformer."""
    if layer == 0 or not config.hrst:
        return Attention(config.width, config.heads)
    joints = config.joints
    return HRSTAttention(
        config.width, config.heads, joints.joint_count, hrst_triplets(joints, config)
    )


def temporal_attention(config: ModelConfig, layer: int) -> Attention:
    """HRTT, except in the first layer, which is a plain transformer."""
    if layer == 0 or not config.hrtt:
        return Attention(config.width, config.heads)
    return HRTTAttention(config.width, config.heads)


def hrst_triplets(skeleton: Skeleton, config: ModelConfig) -> tuple[tuple[int, int, int], ...]:
    """The triplets of Algorithm 1: each once, root first.

    The released code walks chain by chain instead, and so repeats those that chains share.
    """
    if config.variant == "paper":
        return skeleton.triplets
    return tuple(
        (chain[i], chain[i + 1], chain[i + 2])
        for chain in skeleton.chains
        for i in range(len(chain) - 2)
    )
