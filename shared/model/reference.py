"""The denoiser once more, in the words of the paper: the measure of the fast one.

Written from the text, with its loops and its separate matrices, and sharing no computation with
`denoiser.py`. It takes the same weights, the same inputs and every configuration, and is for
evaluation alone: there is no stochastic depth. The benchmarks time the fast form against it.

Shapes: B windows, F frames, J joints, C channels, h heads, Z tokens (joints or frames).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ..skeleton import Skeleton
from .config import ModelConfig

Triplets = list[tuple[int, int, int]]


class ReferenceDenoiser(nn.Module):
    """Figure 2 (b). forward: see `HSTDenoiser`; `load_state_dict` takes the weights of one."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        skeleton, width = config.joints, config.width
        channels = 2 + (4 if config.input == "bones" else 3) + (1 if config.keypoint_mask else 0)
        self.embed = nn.Linear(channels, width)
        self.joint_embedding = nn.Parameter(torch.zeros(skeleton.joint_count, width))
        if config.hierarchical_embedding:
            self.level_embedding = nn.Parameter(torch.zeros(max(skeleton.levels) + 1, width))
        self.frame_embedding = nn.Parameter(torch.zeros(config.frames, width))
        self.time_mlp = nn.Sequential(
            nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.spatial = nn.ModuleList(_Block(config, False) for _ in range(config.depth))
        self.temporal = nn.ModuleList(
            _Block(config, config.hrtt and layer > 0) for layer in range(config.depth)
        )
        self.spatial_norm = nn.LayerNorm(width, eps=1e-6)
        self.temporal_norm = nn.LayerNorm(width, eps=1e-6)
        outputs = 4 if config.output == "bones" else 3
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, outputs))

    def forward(self, keypoints: Tensor, state: Tensor, t: Tensor) -> Tensor:
        config, skeleton = self.config, self.config.joints
        x = self.embedded(keypoints, state, t)
        x = self.over_joints(0, x, [])
        x = x + self.frame_embedding[None, :, None, :]
        x = self.over_frames(0, x, None)
        children = child_features(x, skeleton) if config.hrtt else None
        for layer in range(1, config.depth):
            x = self.over_joints(layer, x, triplets(config) if config.hrst else [])
            if config.hrtt and config.children == "every_layer":
                children = child_features(x, skeleton)
            x = self.over_frames(layer, x, children)
        out = self.head(x)
        return forward_kinematics(out, skeleton) if config.output == "bones" else out

    def embedded(self, keypoints: Tensor, state: Tensor, t: Tensor) -> Tensor:
        """The 2D condition beside the noisy state, the spatial (HSP) and the step's embedding."""
        if self.config.keypoint_mask:
            known = (~keypoints.isnan().any(dim=-1, keepdim=True)).to(keypoints.dtype)
            keypoints = torch.cat([keypoints.nan_to_num(0.0), known], dim=-1)
        x = self.embed(torch.cat([keypoints, state], dim=-1))
        embedding = list(self.joint_embedding)
        if self.config.hierarchical_embedding:
            levels = self.config.joints.levels
            embedding = [e + self.level_embedding[levels[j]] for j, e in enumerate(embedding)]
        step = self.time_mlp(sinusoid(t, self.config.width).to(x.dtype))
        return x + torch.stack(embedding) + step[:, None, None, :]

    def over_joints(self, layer: int, x: Tensor, triplets: Triplets) -> Tensor:
        b, f, j, c = x.shape
        frames = self.spatial[layer](x.reshape(b * f, j, c), triplets, None)
        return self.spatial_norm(frames).reshape(b, f, j, c)

    def over_frames(self, layer: int, x: Tensor, children: Tensor | None) -> Tensor:
        """`children` (B, F, J, C): what each joint is given of its children at each frame."""
        b, f, j, c = x.shape
        sequences = x.permute(0, 2, 1, 3).reshape(b * j, f, c)
        if children is not None:
            if self.config.variant == "released":
                children = misread(children)
            children = children.permute(0, 2, 1, 3).reshape(b * j, f, c)
        sequences = self.temporal_norm(self.temporal[layer](sequences, [], children))
        return sequences.reshape(b, j, f, c).permute(0, 2, 1, 3)


class _Block(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, config: ModelConfig, with_children: bool) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(config.width, eps=1e-6)
        self.attn = _Attention(config, with_children)
        self.norm2 = nn.LayerNorm(config.width, eps=1e-6)
        hidden = int(config.width * config.mlp_ratio)
        self.mlp = nn.ModuleDict(
            {"fc1": nn.Linear(config.width, hidden), "fc2": nn.Linear(hidden, config.width)}
        )

    def forward(self, x: Tensor, triplets: Triplets, children: Tensor | None) -> Tensor:
        if children is not None:
            children = self.norm1(children)
        x = x + self.attn(self.norm1(x), triplets, children)
        hidden = nn.functional.gelu(self.mlp["fc1"](self.norm2(x)))
        return x + self.mlp["fc2"](hidden)


class _Attention(nn.Module):
    """Softmax(A) V with A of Eq. 5, of Algorithm 1 (HRST), or A_s + A_c of Eq. 6 (HRTT)."""

    def __init__(self, config: ModelConfig, with_children: bool) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.proj = nn.Linear(config.width, config.width)
        if with_children:
            self.qkv_xc = nn.Linear(config.width, config.width)

    def forward(self, x: Tensor, triplets: Triplets, children: Tensor | None) -> Tensor:
        q, k, v = (self.split_heads(part) for part in self.qkv(x).chunk(3, dim=-1))
        scale = math.sqrt(q.shape[-1])
        logits = q @ k.transpose(-2, -1) / scale
        for jp, j, jc in triplets:  # Algorithm 1, lines 2 to 6
            logits[..., j, jc] += logits[..., jp, j]
            logits[..., jc, j] += logits[..., jp, j]
            logits[..., j, jc] /= 2
            logits[..., jc, j] /= 2
        if children is not None:  # Eq. 6
            child_keys = self.split_heads(self.qkv_xc(children))
            logits = logits + q @ child_keys.transpose(-2, -1) / scale
        attended = logits.softmax(dim=-1) @ v
        return self.proj(attended.transpose(1, 2).reshape(x.shape))

    def split_heads(self, x: Tensor) -> Tensor:
        """(N, Z, C) -> (N, h, Z, C / h)."""
        n, z, c = x.shape
        return x.reshape(n, z, self.heads, c // self.heads).transpose(1, 2)


def triplets(config: ModelConfig) -> Triplets:
    """{parent, joint, child} of Algorithm 1, from the root outwards.

    The released code goes along the chains from the root to each leaf, and meets some repeatedly.
    """
    parents = config.joints.parents
    if config.variant == "released":
        return [
            (chain[i], chain[i + 1], chain[i + 2])
            for chain in config.joints.chains
            for i in range(len(chain) - 2)
        ]
    return [
        (parents[j], j, jc)
        for j in config.joints.root_first
        if parents[j] >= 0
        for jc in range(len(parents))
        if parents[jc] == j
    ]


def child_features(x: Tensor, skeleton: Skeleton) -> Tensor:
    """f_c: the mean of each joint's features with those of its child joints, (B, F, J, C)."""
    means: list[Tensor] = []
    for joint, children in enumerate(skeleton.children):
        family = [x[:, :, joint], *(x[:, :, child] for child in children)]
        means.append(torch.stack(family).mean(dim=0))
    return torch.stack(means, dim=2)


def misread(children: Tensor) -> Tensor:
    """The child features (B, F, J, C) that the released code uses for each frame and joint.

    It has them in the order (frame, joint) and takes that for (joint, frame): joint j at frame t
    gets number j F + t of the list.
    """
    _, f, j, _ = children.shape
    joints = torch.arange(j, device=children.device)[:, None]
    frames = torch.arange(f, device=children.device)[None, :]
    number = joints * f + frames
    return children[:, number // j, number % j].transpose(1, 2)


def forward_kinematics(bones: Tensor, skeleton: Skeleton) -> Tensor:
    """C = C_p + l d from the root outwards; directions and lengths (B, F, J, 4), root at 0."""
    positions: dict[int, Tensor] = {skeleton.root: torch.zeros_like(bones[..., 0, :3])}
    for joint in skeleton.root_first[1:]:
        direction, length = bones[..., joint, :3], bones[..., joint, 3:]
        positions[joint] = positions[skeleton.parents[joint]] + length * direction
    return torch.stack([positions[joint] for joint in range(skeleton.joint_count)], dim=-2)


def sinusoid(t: Tensor, width: int) -> Tensor:
    """(B, width): sines, then cosines, of t at wavelengths from 2 pi to 10000 * 2 pi.

    At t = 999 a frequency rounded otherwise turns the angle by 6e-5, so it is rounded as elsewhere.
    """
    half = width // 2
    exponents = torch.arange(half, device=t.device) * (-math.log(10000) / (half - 1))
    angles = t.float()[:, None] * exponents.exp()[None, :]
    return torch.cat([angles.sin(), angles.cos()], dim=-1)
