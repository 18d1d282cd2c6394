"""Within: only a range of frames, and there only some limbs, may differ from the current take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...arrays import Floats
from .bones import Body, turn
from .falloff import inside


@dataclass(frozen=True)
class Within:
    """Keeps `take` (H or 1, F, J, 3) outside frames `first` to `last` and outside `joints`.

    The new motion is blended in over `blend` frames inside the range (RePaint, Lugmayr et al. 2022,
    on clean predictions and with a soft edge). Outside the result is `take` bit by bit. Inside a
    bone that is not among `joints` keeps its direction and length, and moves only with its parent.
    """

    take: Tensor
    first: int
    last: int
    blend: int
    joints: tuple[int, ...]
    body: Body
    reach: int = 0

    def __call__(self, positions: Tensor, first_frame: int, t: int) -> Tensor:
        frames = np.arange(first_frame, first_frame + positions.shape[1])
        take = self.take[:, frames].to(positions).expand_as(positions)
        weight = self._weights(positions, inside(frames, self.first, self.last, self.blend))
        (old, old_length), (new, new_length) = self.body.split(take), self.body.split(positions)
        lengths = old_length + weight * (new_length - old_length)
        blended = self.body.join(turn(old, new, weight), lengths, take)
        moved = torch.stack([weight[:, list(path)].sum(dim=1) for path in self._paths()], dim=1)
        return torch.where(moved > 0, blended, take)

    def _weights(self, like: Tensor, time: Floats) -> Tensor:
        """How much of the prediction every bone takes: (n, J, 1)."""
        weight = like.new_zeros(like.shape[1], self.body.skeleton.joint_count, 1)
        weight[:, list(self.joints)] = torch.from_numpy(time).to(like)[:, None, None]
        return weight

    def _paths(self) -> list[tuple[int, ...]]:
        return [self.body.skeleton.path(j) for j in range(self.body.skeleton.joint_count)]
