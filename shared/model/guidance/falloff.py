"""Soft edges in time: how much of a change at one frame its neighbours take part in."""

from __future__ import annotations

import numpy as np

from ...arrays import Floats, Ints


def smooth_step(x: Floats) -> Floats:
    """0 below 0, 1 above 1, between them with two continuous derivatives (Perlin 2002)."""
    x = np.clip(x, 0.0, 1.0)
    return x * x * x * (x * (6 * x - 15) + 10)


def fall_off(frames: Ints, pinned: Ints, width: int, first: int, last: int) -> Floats:
    """Weights (n, P) of `pinned` frames (P,), strictly increasing, at `frames` (n,).

    1 at its own frame, 0 at `width` frames from it, at the neighbouring pins, and outside `first`
    to `last`. Where pins lie closer than `width` the weights of two neighbours sum to 1.
    """
    left = np.full(len(pinned), width)
    right = left.copy()
    gaps = np.diff(pinned)
    left[1:], right[:-1] = np.minimum(left[1:], gaps), np.minimum(right[:-1], gaps)
    left, right = np.minimum(left, pinned - first + 1), np.minimum(right, last + 1 - pinned)
    offset = frames[:, None] - pinned
    weights = smooth_step(1 - np.abs(offset) / np.where(offset < 0, left, right))
    return np.where((frames[:, None] >= first) & (frames[:, None] <= last), weights, 0.0)


def inside(frames: Ints, first: int, last: int, blend: int) -> Floats:
    """Weights (n,): 0 outside `first` to `last`, rising to 1 within `blend` frames inside."""
    edge = np.minimum(frames - first, last - frames) + 1
    return smooth_step(edge / (blend + 1))
