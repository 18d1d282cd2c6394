"""How many windows go through the network at once: as many as are fast, within a limit in bytes."""

from __future__ import annotations

import torch

from ..errors import RetakeError
from .config import ModelConfig
from .diffusion import Diffusion

RUNTIME_BYTES = 600 << 20
"""Python, torch and its libraries: 240 MiB after the imports, and what they allocate at work."""

TENSORS_PER_PASS = 9
"""What one more pass adds to the peak, in tensors of the largest size. Measured for widths of 96 to
512, windows of 27 to 243 frames, 1 to 40 passes: 6.5 to 9.3, the first pass's fixed part included.
"""

FAST_BLOCK_BYTES = 32 << 20
"""On a CPU larger batches gain nothing, and above this size (of the largest tensor) every block is
fetched from the system anew.
"""

GPU_SHARE = 0.7
"""Of the free GPU memory, where no limit is given."""

MOST_GPU_SEQUENCES = 65_535
"""In one fused attention on a GPU, whose kernels fail beyond (pytorch issues 142228 and 146704)."""


class MemoryLimitError(RetakeError, MemoryError):
    """Not even the smallest part of the work fits."""


def passes_per_batch(model: Diffusion, limit: int | None, other_bytes: int) -> int:
    """Windows (straight or mirrored) that go through the network at once.

    limit        bytes of the whole process; on a GPU, of what torch takes there; None: none
    other_bytes  what the caller itself holds

    MemoryLimitError if not even one fits; on a GPU it is tried.
    """
    device = next(model.parameters()).device
    each = bytes_per_pass(model.config)
    if device.type == "cuda":
        free = int(torch.cuda.mem_get_info(device)[0] * GPU_SHARE) if limit is None else limit
        return max(min(free // each, most_on_gpu(model.config)), 1)
    fast = max(FAST_BLOCK_BYTES // largest_tensor(model.config), 1)
    if limit is None:
        return fast
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    fixed = RUNTIME_BYTES + weights + other_bytes
    if limit < fixed + each:
        raise MemoryLimitError(
            f"The memory limit is {limit >> 20} MiB; this model and clip need at least "
            f"{(fixed + each >> 20) + 1} MiB. Raise the limit, or cut the clip."
        )
    return min(fast, (limit - fixed) // each)


def most_on_gpu(config: ModelConfig) -> int:
    """Passes whose frames (attention over joints) and joints (over frames) one call can take."""
    return MOST_GPU_SEQUENCES // max(config.frames, config.joints.joint_count)


def bytes_per_pass(config: ModelConfig) -> int:
    """Bytes that one more pass adds to the peak."""
    return TENSORS_PER_PASS * largest_tensor(config)


def largest_tensor(config: ModelConfig) -> int:
    """Bytes of the largest tensor of one pass: queries, keys and values of every token."""
    return config.frames * config.joints.joint_count * 3 * config.width * 4
