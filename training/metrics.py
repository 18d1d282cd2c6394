"""Errors of poses against ground truth, in the unit of the positions. Arrays end in (J, 3)."""

from __future__ import annotations

import numpy as np

from ..shared.arrays import Floats
from ..shared.skeleton import Skeleton

PCK_LIMIT = 150.0
AUC_LIMITS = np.arange(0, 151, 5.0)
"""Millimetres: the 31 thresholds of MPI-INF-3DHP's own evaluation. The first is met by nothing."""


def joint_errors(predicted: Floats, truth: Floats) -> Floats:
    """Distance of every joint: (..., J, 3) -> (..., J)."""
    return np.linalg.norm(predicted - truth, axis=-1)


def mpjpe(predicted: Floats, truth: Floats) -> Floats:
    """Mean per joint position error (Protocol 1): (..., J, 3) -> (...)."""
    return joint_errors(predicted, truth).mean(axis=-1)


def p_mpjpe(predicted: Floats, truth: Floats) -> Floats:
    """MPJPE after the best similarity transform of each pose (Protocol 2): (..., J, 3) -> (...)."""
    return mpjpe(aligned(predicted, truth), truth)


def aligned(predicted: Floats, truth: Floats) -> Floats:
    """Every pose moved, turned and scaled onto its truth as well as it goes: (..., J, 3).

    Rotation by orthogonal Procrustes without reflections, then scale and translation (Gower 1975).
    """
    middle = truth.mean(axis=-2, keepdims=True)
    p = predicted - predicted.mean(axis=-2, keepdims=True)
    t = truth - middle
    u, s, vt = np.linalg.svd(np.swapaxes(p, -1, -2) @ t)
    sign = np.sign(np.linalg.det(u @ vt))
    s[..., -1] *= sign
    u[..., :, -1] *= sign[..., None]
    scale = s.sum(axis=-1) / np.maximum((p**2).sum(axis=(-1, -2)), 1e-12)
    return scale[..., None, None] * (p @ (u @ vt)) + middle


def pck(errors_mm: Floats) -> float:
    """Percentage of correct keypoints: errors (..., J) strictly below 150 mm."""
    return float((errors_mm < PCK_LIMIT).mean() * 100)


def auc(errors_mm: Floats) -> float:
    """Mean of the PCK over the 31 thresholds from 0 to 150 mm, errors (..., J)."""
    return float(np.mean([(errors_mm < limit).mean() for limit in AUC_LIMITS]) * 100)


def bone_lengths(positions: Floats, bones: tuple[tuple[int, int], ...]) -> Floats:
    """(..., J, 3) -> (..., bones)."""
    parents, children = np.array(bones).T
    return joint_errors(positions[..., children, :], positions[..., parents, :])


def mpsce(positions: Floats, bones: tuple[tuple[int, int], ...]) -> float:
    """Mean per segment consistency error: how much bone lengths vary over frames.

    (..., F, J, 3) -> scalar. Standard deviation over time (ManiPose, Rommel et al. 2024).
    """
    return float(bone_lengths(positions, bones).std(axis=-2).mean())


def mpsse(positions: Floats, skeleton: Skeleton) -> float:
    """Mean per segment symmetry error: left against right bone length, (..., J, 3) -> scalar."""
    bones = {child: (parent, child) for parent, child in skeleton.bones}
    left = bone_lengths(positions, tuple(bones[j] for j in skeleton.left))
    right = bone_lengths(positions, tuple(bones[j] for j in skeleton.right))
    return float(np.abs(left - right).mean())


def acceleration_error(predicted: Floats, truth: Floats) -> float:
    """Mean difference of second differences: (..., F, J, 3) -> unit per frame squared."""
    second = np.diff(predicted - truth, n=2, axis=-3)
    return float(np.linalg.norm(second, axis=-1).mean())
