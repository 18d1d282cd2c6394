"""Smoothing of tracks with weights: Whittaker's least squares, exact for all frames at once.

Pure mathematics: does not know what the numbers mean.
"""

from __future__ import annotations

import numpy as np

from ....shared.arrays import Floats
from ....shared.smooth_solver import second_difference_bands, solve_bands

LEAST_WEIGHT = 1e-6
"""Keeps the system solvable where all weights of a track are zero."""


def smooth(values: Floats, weights: Floats, stiffness: Floats | float) -> Floats:
    """The x (F, K) that minimises sum w (x - values)^2 + stiffness sum (second difference of x)^2.

    A movement that takes n frames is kept if n^4 is well above stiffness / weight (Whittaker 1923,
    Eilers 2003). `weights` (F, M): one column for every K / M columns of `values` that follow each
    other; `stiffness` is one number or one per column of weights (M,).
    """
    count, tracks = values.shape
    if count < 3:
        return values.copy()
    weights = np.maximum(weights, LEAST_WEIGHT).T
    stiff = np.broadcast_to(np.asarray(stiffness, dtype=float), len(weights))[:, None]
    own, near, far = ((stiff * band).reshape(1, -1) for band in second_difference_bands(count))
    wanted = values.T.reshape(len(weights), -1, count) * weights[:, None]
    solved = solve_bands(
        (own + weights.reshape(1, -1))[None],
        near,
        far,
        wanted.swapaxes(0, 1).reshape(1, -1, weights.size),
    )
    return solved.reshape(-1, *weights.shape).swapaxes(0, 1).reshape(tracks, count).T


def most(values: Floats, reach: int) -> Floats:
    """A smooth track (F, K) nowhere below `values`, made of the frames up to `reach` around each.

    The largest value of every window, then a mean of such over windows of the same size that weighs
    their middles most (Hann): in a plain mean largest values come and go with a jerk.
    """
    if reach < 1:
        return values.copy()
    padded = np.pad(values, [(2 * reach, 2 * reach), (0, 0)], mode="edge")
    window = np.lib.stride_tricks.sliding_window_view
    largest = window(padded, 2 * reach + 1, axis=0).max(axis=-1)
    weights = np.hanning(2 * reach + 3)[1:-1]
    return window(largest, 2 * reach + 1, axis=0) @ (weights / weights.sum())
