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
from torch.nn import functional

from ..skeleton import Skeleton
from .config import ModelConfig

LAYER_NORM_EPS = 1e-6


def hrst_map(joints: int, triplets: tuple[tuple[int, int, int], ...]) -> Tensor:
    """Algorithm 1 as a linear map on flattened J x J attention logits: (J * J, J * J).

    For every (parent, joint, child) in turn, A[joint][child] and A[child][joint] become the mean of
    themselves and A[parent][joint]. The updates are cumulative: carried out on the identity they
    give the map.
    """
    rows = torch.eye(joints * joints, dtype=torch.float64)
    for parent, joint, child in triplets:
        inherited = rows[parent * joints + joint].clone()
        for entry in (joint * joints + child, child * joints + joint):
            rows[entry] = (rows[entry] + inherited) / 2
    return rows


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


class Attention(nn.Module):
    """Multi-head self-attention over the second axis of (N, Z, C): Eq. 5."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, width * 3)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor, children: Tensor | None = None) -> Tensor:
        q, k, v = self.split(self.qkv(x), 3)
        return self.proj(self.merge(functional.scaled_dot_product_attention(q, k, v)))

    def split(self, x: Tensor, parts: int) -> tuple[Tensor, ...]:
        """(N, Z, parts * C) -> `parts` tensors (N, heads, Z, C / heads)."""
        n, z, width = x.shape
        return (
            x.view(n, z, parts, self.heads, width // parts // self.heads)
            .permute(2, 0, 3, 1, 4)
            .unbind(0)
        )

    @staticmethod
    def merge(x: Tensor) -> Tensor:
        """(N, heads, Z, C / heads) -> (N, Z, C)."""
        return x.transpose(1, 2).flatten(2)


class HRSTAttention(Attention):
    """Attention over joints whose logits pass through `hrst_map` (Algorithm 1)."""

    sources: Tensor
    targets: Tensor
    weights: Tensor

    def __init__(
        self, width: int, heads: int, joints: int, triplets: tuple[tuple[int, int, int], ...]
    ) -> None:
        super().__init__(width, heads)
        full = hrst_map(joints, triplets)
        # Only 26 of the 289 logits of Human3.6M change, and they depend on few others.
        changed = (full != torch.eye(joints * joints)).any(dim=1)
        used = (full[changed] != 0).any(dim=0)
        self.register_buffer("targets", changed.nonzero()[:, 0], persistent=False)
        self.register_buffer("sources", used.nonzero()[:, 0], persistent=False)
        self.register_buffer("weights", full[changed][:, used].T.float(), persistent=False)

    def forward(self, x: Tensor, children: Tensor | None = None) -> Tensor:
        q, k, v = self.split(self.qkv(x), 3)
        logits = q @ k.transpose(-2, -1) * q.shape[-1] ** -0.5
        flat = logits.flatten(-2)
        inherited = flat[..., self.sources] @ self.weights.to(flat.dtype)
        logits = flat.index_copy(-1, self.targets, inherited).view_as(logits)
        return self.proj(self.merge(logits.softmax(dim=-1) @ v))


class HRTTAttention(Attention):
    """Attention over frames with the children's keys added: softmax(Q K^T + Q Kc^T) V, Eq. 6.

    Both products share Q, so one fused attention with keys K + Kc computes the same.
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__(width, heads)
        self.qkv_xc = nn.Linear(width, width)

    def forward(self, x: Tensor, children: Tensor | None = None) -> Tensor:
        assert children is not None, "HRTT needs the children's features"
        q, k, v = self.split(self.qkv(x), 3)
        (child_keys,) = self.split(self.qkv_xc(children), 1)
        return self.proj(self.merge(functional.scaled_dot_product_attention(q, k + child_keys, v)))


class DropPath(nn.Module):
    """Stochastic depth: leaves out a residual branch of whole samples in training."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.rate == 0:
            return x
        keep = 1 - self.rate
        mask = x.new_empty(x.shape[0], *[1] * (x.dim() - 1)).bernoulli_(keep)
        return x * mask / keep


class Mlp(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x)))


class Block(nn.Module):
    """Pre-norm transformer block around one of the attentions above."""

    def __init__(self, attention: Attention, config: ModelConfig, drop_path: float) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)
        self.attn = attention
        self.norm2 = nn.LayerNorm(config.width, eps=LAYER_NORM_EPS)
        self.mlp = Mlp(config.width, int(config.width * config.mlp_ratio))
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor, children: Tensor | None = None) -> Tensor:
        normed_children = None if children is None else self.norm1(children)
        x = x + self.drop_path(self.attn(self.norm1(x), normed_children))
        return x + self.drop_path(self.mlp(self.norm2(x)))


class HSTDenoiser(nn.Module):
    """Predicts clean joint positions from one noisy sequence (Figure 2b).

    forward: keypoints (B, F, J, 2) normalised, directions (B, F, J, 3), lengths (B, F, J, 1), t
    (B,) -> positions (B, F, J, 3) in metres. Arrays are per slot; the root's slot carries noise
    alone.
    """

    levels: Tensor
    child_means: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        skeleton = config.joints
        width, heads = config.width, config.heads
        self.embed = nn.Linear(2 + 3 + 1, width)
        self.joint_embedding = nn.Parameter(torch.zeros(skeleton.joint_count, width))
        self.level_embedding = nn.Parameter(torch.zeros(max(skeleton.levels) + 1, width))
        self.frame_embedding = nn.Parameter(torch.zeros(config.frames, width))
        self.time_mlp = nn.Sequential(
            nn.Linear(width, width * 2), nn.GELU(), nn.Linear(width * 2, width)
        )
        self.register_buffer("levels", torch.tensor(skeleton.levels), persistent=False)
        self.register_buffer("child_means", child_mean_map(skeleton), persistent=False)
        self.spatial = nn.ModuleList()
        self.temporal = nn.ModuleList()
        triplets = hrst_triplets(skeleton, config)
        for layer in range(config.depth):
            drop = config.drop_path * layer / max(config.depth - 1, 1)
            plain = layer == 0
            hrst = (
                Attention(width, heads)
                if plain
                else HRSTAttention(width, heads, skeleton.joint_count, triplets)
            )
            hrtt = Attention(width, heads) if plain else HRTTAttention(width, heads)
            self.spatial.append(Block(hrst, config, drop))
            self.temporal.append(Block(hrtt, config, drop))
        self.spatial_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.temporal_norm = nn.LayerNorm(width, eps=LAYER_NORM_EPS)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 3))

    def forward(self, keypoints: Tensor, directions: Tensor, lengths: Tensor, t: Tensor) -> Tensor:
        x = self.embed(torch.cat([keypoints, directions, lengths], dim=-1))
        x = x + self.joint_embedding + self.level_embedding[self.levels]
        x = x + self.time_mlp(timestep_features(t, self.config.width).to(x.dtype))[:, None, None]
        children: Tensor | None = None
        for layer, (spatial, temporal) in enumerate(zip(self.spatial, self.temporal, strict=True)):
            x = self.spatial_norm(spatial(x.flatten(0, 1))).view_as(x)
            if layer == 0:
                x = x + self.frame_embedding[:, None]
            x = self.over_frames(temporal, x, children)
            if layer == 0:
                children = self.separate_children(x)
        return self.head(x)

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
