"""Variety: how far the hypotheses lie apart, as one number. 1 is what the calibration says.

The spread of a model that has learnt to predict is far smaller than its error. Bone directions are
turned away from the mean direction of all hypotheses, or towards it, so that limbs keep their
lengths, and a motion that was smooth stays smooth.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .bones import Body, turn

FARTHEST = 0.9 * torch.pi
"""Radians from the mean direction beyond which no bone is widened: on the far side all meet."""


@dataclass(frozen=True)
class Variety:
    """Angles from the hypotheses' mean times `factors` (J,), per slot; 0: all equal the mean.

    It acts at steps t <= `last_t`, the sampler's last t: at every step the factor would compound,
    and drive the hypotheses to where no body is (docs/experiments.md). Factors below 1 bring the
    lengths together as well; larger ones leave them alone.
    """

    factors: Tensor
    body: Body
    last_t: int
    reach: int = 0

    def __call__(self, positions: Tensor, first_frame: int, t: int) -> Tensor:
        if t > self.last_t:
            return positions
        factors = self.factors.to(positions)[:, None]
        directions, lengths = self.body.split(positions)
        mean = directions.mean(dim=0, keepdim=True)
        mean = mean / mean.norm(dim=-1, keepdim=True).clamp_min(1e-6)
        turned = turn(mean.expand_as(directions), directions, factors, FARTHEST)
        mean_length = lengths.mean(dim=0, keepdim=True)
        lengths = mean_length + factors.clamp(max=1) * (lengths - mean_length)
        return self.body.join(turned, lengths, positions)
