"""What speaks against a hypothesis, without the truth and without the true path through space.

Four terms for every limb group: how badly it explains the keypoints from where our own solution
puts it, how much it trembles, how much its bones change their lengths, and how far it is from the
middle of all hypotheses. Nothing here is calibrated: a weight is no probability.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Floats, Floats32
from ..bones import decompose
from ..camera import Camera
from ..skeleton import HUMAN36M
from ..takes import LIMB_GROUPS
from .moments import Moments, degrees_of

LARGEST_ERROR = 0.5
"""Reprojection errors above this part of the person's size
count as this: a wrong keypoint says no more.
"""

TEMPERATURE = 0.01
"""A reprojection error larger by this part of the person's size divides the weight by e."""

TERMS = ("reprojection", "trembling", "lengths", "distance")
"""The last axis of `terms_of`: parts of the person's size, logarithm of m/s^2, parts of a length,
degrees."""

WORTH = (300.0, 10.0, 100.0, 1.0)
"""Millimetres of error that one unit of each term foretells; docs/experiments.md tells how well."""

_NEAREST_M = 1e-3
_LEAST_TREMBLING = 0.1


def reprojection_errors(
    positions: Floats, pixels: Floats, confidence: Floats, camera: Camera
) -> Floats:
    """Mean error of every hypothesis and joint in units of the person's size in the picture.

    positions (H, F, 17, 3) m in the camera frame, root included; pixels (F, 17, 2); confidence (F,
    17) weighs the frames. -> (H, 17). The size is the root mean square distance of all keypoints
    from the hip over the clip. Robust: an error counts as `LARGEST_ERROR` at most.
    """
    from_hip = pixels - pixels[:, :1]
    size = max(float(np.sqrt(np.mean(np.sum(from_hip**2, axis=-1)))), 1e-6)
    weight = np.maximum(confidence, 1e-6)
    errors = np.empty((len(positions), positions.shape[2]))
    for h, position in enumerate(positions):
        depth = np.maximum(position[..., 2:], _NEAREST_M)
        seen = camera.project(np.concatenate([position[..., :2], depth], axis=-1))
        distance = np.linalg.norm(seen - pixels, axis=-1) / size
        errors[h] = np.average(np.minimum(distance, LARGEST_ERROR), axis=0, weights=weight)
    return errors


def weights_of(errors: Floats, confidence: Floats) -> Floats32:
    """Softmax of -(mean error) / `TEMPERATURE`: (H, 17), confidence (F, 17) -> (H,), sum 1."""
    mean = np.average(errors, axis=1, weights=np.maximum(confidence, 1e-6).sum(axis=0))
    scores = np.exp(-(mean - mean.min()) / TEMPERATURE)
    return (scores / scores.sum()).astype(np.float32)


def terms_of(
    poses: Floats, errors: Floats, weights: Floats, moments: dict[str, Moments], fps: float
) -> Floats:
    """The four `TERMS` of every hypothesis and limb group: (H, groups, 4).

    poses (H, F, 17, 3) m; `errors` from `reprojection_errors`; weights (H,), sum 1; `moments` of
    the poses, one for each limb group.
    """
    terms = np.empty((len(poses), len(LIMB_GROUPS), len(TERMS)))
    for h, pose in enumerate(poses):
        lengths = decompose(pose.astype(np.float64), HUMAN36M)[0][..., 0]
        trembling = _trembling(pose, fps)
        for g, joints in enumerate(LIMB_GROUPS.values()):
            bones = [j for j in joints if HUMAN36M.parents[j] >= 0]
            own = lengths[:, bones]
            change = own.std(axis=0).sum() / max(float(own.mean(axis=0).sum()), 1e-6)
            terms[h, g, :3] = errors[h, bones].mean(), trembling[bones].mean(), change
    for g, group in enumerate(moments.values()):
        middle = np.einsum("thd,h->td", group.points, weights.astype(np.float64))
        squared = np.sum((group.points - middle[:, None]) ** 2, axis=-1).mean(axis=0)
        terms[:, g, 3] = degrees_of(np.sqrt(squared))
    return terms


def costs_of(terms: Floats) -> Floats:
    """(H, groups, 4) -> (H, groups): about the millimetres of error that the terms foretell."""
    return terms @ np.array(WORTH)


def _trembling(pose: Floats, fps: float) -> Floats:
    """Logarithm of the root mean square acceleration relative to the hip: (F, 17, 3) -> (17,)."""
    if len(pose) < 3:
        return np.zeros(pose.shape[1])
    second = np.diff(pose.astype(np.float64), n=2, axis=0) * fps**2
    size = np.sqrt(np.mean(np.sum(second**2, axis=-1), axis=0))
    return np.log(np.maximum(size, _LEAST_TREMBLING))
