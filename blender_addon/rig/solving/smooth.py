"""Smoothing of tracks with weights: Whittaker's least squares, exact for all frames at once.

Pure mathematics: does not know what the numbers mean.
"""

from __future__ import annotations

import numpy as np

from ....shared.arrays import Floats
from ....shared.smooth_solver import solve_block_tridiagonal

LEAST_WEIGHT = 1e-6
"""Keeps the system solvable where all weights of a track are zero."""


def smooth(values: Floats, weights: Floats, stiffness: Floats | float) -> Floats:
    """The x (F, K) that minimises sum w (x - values)^2 + stiffness sum (second difference of x)^2.

    A movement that takes n frames is kept if n^4 is well above stiffness / weight (Whittaker 1923,
    Eilers 2003). `stiffness` is one number or one per track (K,).
    """
    count, tracks = values.shape
    if count < 3:
        return values.copy()
    weights = np.maximum(weights, LEAST_WEIGHT)
    stiff = np.broadcast_to(np.asarray(stiffness, dtype=float), tracks)[:, None]
    even = count + count % 2
    middle, near, far = (np.zeros((tracks, even)) for _ in range(3))
    middle[:], right = 1.0, np.zeros((tracks, even))
    for band, own in zip((middle, near, far), _second_differences(count), strict=True):
        band[:, :count] = stiff * own
    middle[:, :count] += weights.T
    right[:, :count] = (weights * values).T
    return _solve_pairs(middle, near, far, right)[:, :count].T


def most(values: Floats, reach: int) -> Floats:
    """A smooth track (F, K) nowhere below `values`, made of the frames up to `reach` around each.

    The largest value of every window, then a mean of such over windows of the same size.
    """
    if reach < 1:
        return values.copy()
    padded = np.pad(values, [(2 * reach, 2 * reach), (0, 0)], mode="edge")
    window = np.lib.stride_tricks.sliding_window_view
    largest = window(padded, 2 * reach + 1, axis=0).max(axis=-1)
    return window(largest, 2 * reach + 1, axis=0).mean(axis=-1)


def _second_differences(count: int) -> tuple[Floats, Floats, Floats]:
    """Diagonals 0, 1, 2 of D^T D, zero-padded; D: second differences of `count` values."""
    middle, near, far = np.zeros(count), np.zeros(count), np.zeros(count)
    for offset, weight in enumerate((1.0, 4.0, 1.0)):
        middle[offset : count - 2 + offset] += weight
    near[: count - 2] -= 2.0
    near[1 : count - 1] -= 2.0
    far[: count - 2] = 1.0
    return middle, near, far


def _solve_pairs(middle: Floats, near: Floats, far: Floats, right: Floats) -> Floats:
    """Symmetric pentadiagonal systems (K, F), F even: pairs of frames are block tridiagonal."""
    diagonal = np.stack(
        [
            np.stack([middle[:, 0::2], near[:, 0::2]], -1),
            np.stack([near[:, 0::2], middle[:, 1::2]], -1),
        ],
        axis=-2,
    )
    coupling = np.stack(
        [
            np.stack([far[:, 0::2], np.zeros_like(far[:, 0::2])], -1),
            np.stack([near[:, 1::2], far[:, 1::2]], -1),
        ],
        axis=-2,
    )
    solved = solve_block_tridiagonal(
        diagonal.reshape(-1, 2, 2), coupling.reshape(-1, 2, 2), right.reshape(-1, 2)
    )
    return solved.reshape(right.shape)
