"""Attention over joints (HRST) and over frames (HRTT), in the form that is fast.

`reference.py` has the same in the words of the paper; tests compare the two.

Shapes: N sequences of Z tokens (joints or frames) with C channels.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

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
        # Only 26 of the 289 logits of Human3.6M change, and they depend on few others. One product
        # with the whole map took 1.5 times as long at width 512, and twice as long at 96.
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
