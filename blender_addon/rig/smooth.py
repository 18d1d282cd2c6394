"""Smoothing of tracks with weights: Whittaker's least squares, exact in one pass over the frames.

Pure mathematics: does not know what the numbers mean.
"""

from __future__ import annotations

import numpy as np

from ...shared.arrays import Floats

LEAST_WEIGHT = 1e-6
"""Keeps the system solvable where all weights of a track are zero."""


def smooth(values: Floats, weights: Floats, stiffness: float) -> Floats:
    """The x (F, K) that minimises sum w (x - values)^2 + stiffness sum (second difference of x)^2.

    A movement that takes n frames is kept if n^4 is well above stiffness / weight (Whittaker 1923,
    Eilers 2003).
    """
    weights = np.maximum(weights, LEAST_WEIGHT)
    count = len(values)
    if count < 3:
        return values.copy()
    middle, near, far = _second_differences(count)
    diagonal = weights + stiffness * middle[:, None]
    return _solve(diagonal, stiffness * near, stiffness * far, weights * values)


def _second_differences(count: int) -> tuple[Floats, Floats, Floats]:
    """Diagonals 0, 1, 2 of D^T D, zero-padded; D: second differences of `count` values."""
    middle, near, far = np.zeros(count), np.zeros(count), np.zeros(count)
    for offset, weight in enumerate((1.0, 4.0, 1.0)):
        middle[offset : count - 2 + offset] += weight
    near[: count - 2] -= 2.0
    near[1 : count - 1] -= 2.0
    far[: count - 2] = 1.0
    return middle, near, far


def _solve(diagonal: Floats, near: Floats, far: Floats, right: Floats) -> Floats:
    """Symmetric pentadiagonal systems by L D L^T.

    diagonal and right (F, K), near and far (F,) shared.
    """
    count = len(diagonal)
    pivot, first, second = diagonal.copy(), np.zeros_like(diagonal), np.zeros_like(diagonal)
    x = right.copy()
    for i in range(count):
        coupling = near[i]
        if i > 0:
            pivot[i] -= pivot[i - 1] * first[i - 1] ** 2
            coupling = coupling - pivot[i - 1] * first[i - 1] * second[i - 1]
            x[i] -= first[i - 1] * x[i - 1]
        if i > 1:
            pivot[i] -= pivot[i - 2] * second[i - 2] ** 2
            x[i] -= second[i - 2] * x[i - 2]
        first[i], second[i] = coupling / pivot[i], far[i] / pivot[i]
    x /= pivot
    for i in range(count - 2, -1, -1):
        x[i] -= first[i] * x[i + 1]
        if i < count - 2:
            x[i] -= second[i] * x[i + 2]
    return x
