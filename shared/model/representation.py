"""What is noised, and what the network puts out: bones (the disentangled form) or positions.

Both columns of the paper's Table 4 are a choice between the two classes here. Everything else sees
states (..., J, width) of whichever was chosen.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..bones import SHORTEST_BONE
from ..skeleton import Skeleton
from .config import Form


class Bones(nn.Module):
    """Direction (3) and length (1) of the bone that ends at each joint; the root has zeros."""

    width = 4
    parents: Tensor
    ancestors: Tensor

    def __init__(self, skeleton: Skeleton) -> None:
        super().__init__()
        # The root is its own parent: its bone has no length, and no direction.
        parents = [skeleton.root if p < 0 else p for p in skeleton.parents]
        ancestors = torch.zeros(skeleton.joint_count, skeleton.joint_count)
        for joint in range(skeleton.joint_count):
            ancestors[joint, list(skeleton.path(joint)[1:])] = 1
        self.register_buffer("parents", torch.tensor(parents), persistent=False)
        self.register_buffer("ancestors", ancestors, persistent=False)

    def decompose(self, positions: Tensor) -> Tensor:
        """Positions (..., J, 3) -> bones (..., J, 4): Eq. 1 and 7."""
        vectors = positions - positions[..., self.parents, :]
        lengths = vectors.norm(dim=-1, keepdim=True)
        return torch.cat([vectors / lengths.clamp_min(SHORTEST_BONE), lengths], dim=-1)

    def compose(self, bones: Tensor) -> Tensor:
        """Bones (..., J, 4) -> positions (..., J, 3) with the root at 0: C = Cp + l d, root first.

        The sums along all chains at once, as a matrix product.
        """
        return self.ancestors.to(bones.dtype) @ (bones[..., :3] * bones[..., 3:])


class Positions(nn.Module):
    """Positions relative to the root."""

    width = 3

    def __init__(self, skeleton: Skeleton) -> None:
        super().__init__()
        self.root = skeleton.root

    def decompose(self, positions: Tensor) -> Tensor:
        return positions - positions[..., self.root : self.root + 1, :]

    def compose(self, positions: Tensor) -> Tensor:
        return positions


Representation = Bones | Positions


def representation(form: Form, skeleton: Skeleton) -> Representation:
    return Bones(skeleton) if form == "bones" else Positions(skeleton)
