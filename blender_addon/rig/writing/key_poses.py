"""From a key on every frame to few key poses: the same frames for all curves, smooth in between.

Keys are put where the error is largest until it is small enough everywhere (Ramer 1972, Douglas and
Peucker 1973, on whole poses in place of points). Between them run cubic curves through the true
poses, whose slopes at the keys fit all frames best (least squares as in Schneider 1990, here for
one slope per key, so that nothing jerks at a key).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ....shared.arrays import Floats, Ints

TIE = 1e-3
"""How much a slope is held to the neighbouring frames' where no frame lies in between to fit."""


@dataclass(frozen=True)
class KeyPoses:
    """Keys at `frames` (K,), counted from 0, with values and slopes per frame (K, C)."""

    frames: Ints
    values: Floats
    slopes: Floats

    def at_every_frame(self, count: int) -> Floats:
        """(F, C)"""
        segment, length, weights = _weights(self.frames, count)
        before, after, leaving, arriving = weights.T[..., None]
        return (
            before * self.values[segment]
            + after * self.values[segment + 1]
            + (leaving * self.slopes[segment] + arriving * self.slopes[segment + 1])
            * length[:, None]
        )


def key_poses(values: Floats, excess: Callable[[Floats], Floats]) -> KeyPoses:
    """Few keys for values (F, C), F > 1, so that `excess` is at most 1 in every frame.

    excess: values (F, C) -> (F,) how many times the allowed error they are off.
    """
    last = len(values) - 1
    frames = np.array([0, last])
    while True:
        keys = KeyPoses(frames, values[frames], fitted_slopes(values, frames))
        off = excess(keys.at_every_frame(len(values)))
        off[frames] = 0.0
        worst = [
            first + 1 + int(np.argmax(off[first + 1 : end]))
            for first, end in pairwise(frames)
            if end - first > 1 and off[first + 1 : end].max() > 1
        ]
        if not worst:
            return keys
        frames = np.sort(np.concatenate([frames, worst]))


def fitted_slopes(values: Floats, frames: Ints) -> Floats:
    """Slopes (K, C) per frame with which curves through the keys are nearest to values (F, C)."""
    segment, length, weights = _weights(frames, len(values))
    before, after, leaving, arriving = weights.T
    leaving, arriving = leaving * length, arriving * length
    straight = before[:, None] * values[frames[segment]]
    straight += after[:, None] * values[frames[segment + 1]]
    rest = values - straight
    count = len(frames)
    diagonal = np.full(count, TIE)
    beside = np.zeros(count - 1)
    np.add.at(diagonal, segment, leaving**2)
    np.add.at(diagonal, segment + 1, arriving**2)
    np.add.at(beside, segment, leaving * arriving)
    right = TIE * np.gradient(values, axis=0)[frames]
    np.add.at(right, segment, leaving[:, None] * rest)
    np.add.at(right, segment + 1, arriving[:, None] * rest)
    return _solve_tridiagonal(diagonal, beside, right)


def _weights(frames: Ints, count: int) -> tuple[Ints, Floats, Floats]:
    """Per frame: its segment (F,), that one's length (F,) and Hermite's weights (F, 4).

    The weights are of the values before and after it and of the slopes there, those per length.
    """
    every = np.arange(count)
    segment = np.clip(np.searchsorted(frames, every, side="right") - 1, 0, len(frames) - 2)
    length = (frames[segment + 1] - frames[segment]).astype(float)
    t = (every - frames[segment]) / length
    after = t * t * (3 - 2 * t)
    weights = np.stack([1 - after, after, t * (1 - t) ** 2, -t * t * (1 - t)], axis=1)
    return segment, length, weights


def _solve_tridiagonal(diagonal: Floats, beside: Floats, right: Floats) -> Floats:
    """x (K, C) of a symmetric positive definite system with diagonal (K,) and next to it (K-1,)."""
    count, pivots, answer = len(diagonal), diagonal.copy(), right.copy()
    for row in range(1, count):
        factor = beside[row - 1] / pivots[row - 1]
        pivots[row] -= factor * beside[row - 1]
        answer[row] -= factor * answer[row - 1]
    answer[-1] /= pivots[-1]
    for row in range(count - 2, -1, -1):
        answer[row] = (answer[row] - beside[row] * answer[row + 1]) / pivots[row]
    return answer
