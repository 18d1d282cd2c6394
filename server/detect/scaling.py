"""Frames of a clip, and the size at which they are looked at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]

LONGEST_SIDE = 1280
"""Pixels. Larger pictures are scaled down: the detector sees no better with more."""

MOST_PIXELS = 1 << 26
"""Of one frame. No camera has more (8192 x 8192), a damaged header may claim anything."""


@dataclass(frozen=True)
class Frame:
    """`time` in seconds after the first frame; `picture` (height, width, 3) RGB, upright.

    `size` is the (width, height) of the clip itself, upright and with square pixels; the picture
    may be smaller.
    """

    time: float
    picture: Picture
    size: tuple[int, int]


def small_size(width: int, height: int) -> tuple[int, int]:
    """Of a picture to be looked at: the same shape, at most LONGEST_SIDE long."""
    scale = min(1.0, LONGEST_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
