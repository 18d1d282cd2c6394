"""Some hypotheses are proposed instead of sampled: limbs mirrored in depth, judged by the network.

`jumps.py` says what is proposed. The network takes every proposal over half noised, in a few short
steps, and gives back what it believes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..arrays import Floats, Floats32
from .batches import Recall
from .diffusion import Diffusion
from .jumps import JUMP_STEP, jumped
from .sampler import Guide, Start
from .windows import sample_clip

LEAST_ITERATIONS = 2


def sample_and_propose(
    model: Diffusion,
    pixels: Floats,
    width: int,
    height: int,
    *,
    hypotheses: int,
    iterations: int,
    proposals: int = 0,
    on_step: Callable[[int, int], None] | None = None,
    on_layer: Callable[[float], None] | None = None,
    on_frames: Callable[[int, Floats32], None] | None = None,
    recall: Recall | None = None,
    guides: Sequence[Guide] = (),
    **options: Any,
) -> Floats32:
    """`sample_clip`, but the last `proposals` of the hypotheses are proposed: (H, F, J, 3), metres.

    They are made from the first hypothesis. `on_frames`, `recall` and `guides` are about what is
    sampled, the other `options` of `sample_clip` about both; no `start` beside proposals. Raises
    ValueError unless one hypothesis at least is sampled.
    """
    if not 0 <= proposals < hypotheses:
        raise ValueError(f"{proposals} of {hypotheses} hypotheses cannot be proposed")
    clip, sampled = (model, pixels, width, height), hypotheses - proposals
    few = max(LEAST_ITERATIONS, round(iterations * JUMP_STEP / model.config.timesteps))
    share = sampled * iterations / (sampled * iterations + proposals * few)

    def hooks(first: float, last: float) -> dict[str, Any]:
        part = _Part(first, last, iterations, on_step, on_layer)
        return {"on_step": part.step, "on_layer": part.layer if on_layer else None}

    own: dict[str, Any] = {"on_frames": on_frames, "recall": recall, "guides": guides}
    own |= options | hooks(0, share)
    poses = sample_clip(*clip, hypotheses=sampled, iterations=iterations, **own)
    if not proposals:
        return poses
    start = Start(torch.from_numpy(jumped(poses[0], proposals)).float(), JUMP_STEP)
    own = options | hooks(share, 1) | {"start": start}
    return np.concatenate([poses, sample_clip(*clip, hypotheses=proposals, iterations=few, **own)])


@dataclass(frozen=True)
class _Part:
    """A part of the work, from share `first` to `last`, told as if it were all one job."""

    first: float
    last: float
    iterations: int
    on_step: Callable[[int, int], None] | None
    on_layer: Callable[[float], None] | None

    def step(self, done: int, steps: int) -> None:
        if self.on_step:
            self.on_step(int(self._share(done / steps) * self.iterations + 1e-9), self.iterations)

    def layer(self, share: float) -> None:
        if self.on_layer:
            self.on_layer(self._share(share))

    def _share(self, done: float) -> float:
        return self.first + (self.last - self.first) * done
