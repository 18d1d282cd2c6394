"""KnownLengths: the rig's or the actor's bones in place of those that the model sees.

Only a model that keeps lengths and directions apart takes known lengths exactly: directions still
adapt from step to step, lengths no longer change.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .bones import Body


@dataclass(frozen=True)
class KnownLengths:
    """Bones get `lengths` (J,), metres, per slot; NaN leaves a bone as predicted."""

    lengths: Tensor
    body: Body
    reach: int = 0

    def __call__(self, positions: Tensor, first_frame: int, t: int) -> Tensor:
        directions, found = self.body.split(positions)
        wanted = self.lengths.to(found)[:, None]
        return self.body.join(directions, torch.where(wanted.isnan(), found, wanted), positions)
