"""Errors of poses against ground truth, in the unit of the positions."""

from __future__ import annotations

import numpy as np

from ..shared.arrays import Floats


def mpjpe(predicted: Floats, truth: Floats) -> Floats:
    """Mean per joint position error (Protocol 1): (..., J, 3) -> (...)."""
    return np.linalg.norm(predicted - truth, axis=-1).mean(axis=-1)


def p_mpjpe(predicted: Floats, truth: Floats) -> Floats:
    """MPJPE after the best similarity transform of each pose (Protocol 2): (..., J, 3) -> (...).

    Rotation by orthogonal Procrustes without reflections, then scale and translation (Gower 1975).
    """
    p = predicted - predicted.mean(axis=-2, keepdims=True)
    t = truth - truth.mean(axis=-2, keepdims=True)
    u, s, vt = np.linalg.svd(np.swapaxes(p, -1, -2) @ t)
    sign = np.sign(np.linalg.det(u @ vt))
    s[..., -1] *= sign
    u[..., :, -1] *= sign[..., None]
    rotation = u @ vt
    scale = s.sum(axis=-1) / np.maximum((p**2).sum(axis=(-1, -2)), 1e-12)
    return np.linalg.norm(scale[..., None, None] * (p @ rotation) - t, axis=-1).mean(axis=-1)


def mpsce(positions: Floats, bones: tuple[tuple[int, int], ...]) -> float:
    """Mean per segment consistency error: how much bone lengths vary over frames.

    (..., F, J, 3) -> scalar.
    """
    parents, children = np.array(bones).T
    lengths = np.linalg.norm(positions[..., children, :] - positions[..., parents, :], axis=-1)
    return float(lengths.std(axis=-2).mean())


def acceleration_error(predicted: Floats, truth: Floats) -> float:
    """Mean difference of second differences: (..., F, J, 3) -> unit per frame squared."""
    second = np.diff(predicted - truth, n=2, axis=-3)
    return float(np.linalg.norm(second, axis=-1).mean())
