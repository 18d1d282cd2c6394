"""A body as bone directions and lengths, which guides turn and stretch."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ...skeleton import Skeleton
from ..diffusion import Diffusion
from ..representation import SHORTEST_BONE, Bones


@dataclass(frozen=True)
class Body:
    """The skeleton of a model, and its way between joints and bones (paper, Eq. 1 and 7)."""

    skeleton: Skeleton
    bones: Bones

    @staticmethod
    def of(model: Diffusion) -> Body:
        return Body(model.skeleton, model.bones)

    def split(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Positions (..., J, 3) -> unit directions (..., J, 3) and lengths (..., J, 1), per slot.

        What has no direction (the root's slot, a bone without length) gets x, so that a length can
        be given to it.
        """
        bones = self.bones.decompose(positions)
        directions, lengths = bones[..., :3], bones[..., 3:]
        along_x = torch.tensor([1.0, 0.0, 0.0], dtype=bones.dtype, device=bones.device)
        return torch.where(lengths < SHORTEST_BONE, along_x, directions), lengths

    def join(self, directions: Tensor, lengths: Tensor, like: Tensor) -> Tensor:
        """Positions (..., J, 3) with these bones; the root stays where it is in `like`."""
        placed = self.bones.compose(torch.cat([directions, lengths], dim=-1))
        root = self.skeleton.root
        return placed + like[..., root : root + 1, :]


def turn(start: Tensor, end: Tensor, fraction: Tensor | float, most: float = torch.pi) -> Tensor:
    """Unit vectors (..., 3) on the great circle from `start` through `end`: 0 start, 1 end.

    Fractions above 1 go on beyond `end`, to `most` radians from `start` unless `end` itself lies
    farther. Where the two are parallel or opposite there is no circle: `start` stays.
    """
    fraction = torch.as_tensor(fraction, dtype=start.dtype, device=start.device)
    dot = (start * end).sum(dim=-1, keepdim=True)
    aside = end - dot * start
    sine = aside.norm(dim=-1, keepdim=True)
    angle = torch.atan2(sine, dot)
    turned = (fraction * angle).minimum(angle.clamp(min=most))
    turned = torch.where(fraction > 1, turned, fraction * angle)
    moved = torch.cos(turned) * start + torch.sin(turned) * aside / sine.clamp_min(1e-12)
    return torch.where(sine < 1e-7, start, moved)
