"""float32 or bfloat16: whichever is faster here and exact enough for this model.

bfloat16 keeps eight bits of a number. Processors with matrix units for it multiply several times
faster; on all others it is emulated and slower. A CPU that has such units is tried out once per
model and process on a window of noise; a GPU of today always gains, so there the flag is enough.
"""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from typing import Literal, get_args
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from ..errors import RetakeError
from .diffusion import Diffusion

Precision = Literal["auto", "float32", "bfloat16"]

MOST_ERROR = 0.01
"""Of the pose, relative: 1 % of a bone of 0.5 m is 5 mm, far below the model's own error."""

TRIALS = 2

_chosen: WeakKeyDictionary[Diffusion, torch.dtype] = WeakKeyDictionary()


def choose_dtype(model: Diffusion, precision: Precision) -> torch.dtype:
    """What matrices are multiplied in. RetakeError for an unknown `precision`."""
    if precision not in get_args(Precision):
        known = ", ".join(get_args(Precision))
        raise RetakeError(f"The precision is '{precision}'; expected one of {known}.")
    if precision != "auto":
        return torch.float32 if precision == "float32" else torch.bfloat16
    if not has_bfloat16_units(next(model.parameters()).device):
        return torch.float32
    if model not in _chosen:
        _chosen[model] = torch.bfloat16 if pays(model) else torch.float32
    return _chosen[model]


def has_bfloat16_units(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    # torch has no public name for these; without them it is float32.
    probes = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return device.type == "cpu" and any(getattr(torch.cpu, name, bool)() for name in probes)


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Multiplies matrices in `dtype` inside."""
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype)


def pays(model: Diffusion) -> bool:
    """Whether bfloat16 is faster than float32 and errs by less than `MOST_ERROR`."""
    exact, exact_seconds = trial(model, torch.float32)
    rough, rough_seconds = trial(model, torch.bfloat16)
    error = relative_error(rough, exact)
    return error < MOST_ERROR and rough_seconds < exact_seconds


def relative_error(positions: Tensor, truth: Tensor) -> float:
    """Root mean square difference of two poses over the root mean square of the second."""
    return float((positions - truth).norm() / truth.norm())


@torch.no_grad()
def trial(model: Diffusion, dtype: torch.dtype) -> tuple[Tensor, float]:
    """Positions of a window of noise at t = T / 2, and the fewest seconds of `TRIALS`."""
    config, device = model.config, next(model.parameters()).device
    generator = torch.Generator().manual_seed(0)
    shape = (1, config.frames, model.skeleton.joint_count)
    points = torch.randn(*shape, 2, generator=generator).to(device)
    noisy = torch.randn(*shape, model.state_width, generator=generator).to(device)
    t = torch.full((1,), config.timesteps // 2, device=device)
    seconds = float("inf")
    positions = noisy
    for _ in range(TRIALS):
        begin = time.perf_counter()
        with autocast(device, dtype):
            positions = model.predict(points, noisy, t).float().cpu()
        seconds = min(seconds, time.perf_counter() - begin)
    return positions, seconds
