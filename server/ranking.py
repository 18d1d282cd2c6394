"""What hypotheses of one clip are worth: weights, spread, the best one, the alternatives.

It sees arrays only and knows neither the model nor the wire. Ranking is by how well a hypothesis
explains the keypoints; nothing here is calibrated: a weight is no probability that the hypothesis
is true.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..shared.arrays import Floats
from ..shared.camera import Camera
from ..shared.takes import LIMB_GROUPS, Alternative

LARGEST_ERROR = 0.5
"""Reprojection errors above this part of the person's size
count as this: a wrong keypoint says no more.
"""

TEMPERATURE = 0.01
"""A reprojection error larger by this part of the person's size divides the weight by e."""

_NEAREST_M = 1e-3


def reprojection_errors(
    positions: Floats, pixels: Floats, confidence: Floats, camera: Camera
) -> Floats:
    """Mean error of every hypothesis in units of the person's size in the picture. (H,) float64.

    positions (H, F, 17, 3) m in the camera frame, root included; pixels (F, 17, 2); confidence (F,
    17) weighs the keypoints. The size is the root mean square distance of all keypoints from the
    hip over the clip. Robust: an error counts as `LARGEST_ERROR` at most.
    """
    in_front = np.concatenate(
        [positions[..., :2], np.maximum(positions[..., 2:], _NEAREST_M)], axis=-1
    )
    distance = np.linalg.norm(camera.project(in_front) - pixels, axis=-1)
    from_hip = pixels - pixels[:, :1]
    size = max(float(np.sqrt(np.mean(np.sum(from_hip**2, axis=-1)))), 1e-6)
    weight = np.maximum(confidence, 1e-6)
    return np.average(
        np.minimum(distance / size, LARGEST_ERROR), axis=(1, 2), weights=_like(weight, distance)
    )


def weights_of(errors: Floats) -> npt.NDArray[np.float32]:
    """Softmax of -errors / `TEMPERATURE`. (H,) -> (H,) float32, sum 1."""
    scores = np.exp(-(errors - errors.min()) / TEMPERATURE)
    return (scores / scores.sum()).astype(np.float32)


def spread_of(poses: Floats) -> npt.NDArray[np.float32]:
    """Root mean square distance of the hypotheses from their mean.

    (H, F, 17, 3) m -> (F, 17) float32 m.

    Raw: how far the samples lie apart, not yet calibrated against true errors.
    """
    squared = np.sum((poses - poses.mean(axis=0)) ** 2, axis=-1)
    return np.sqrt(squared.mean(axis=0)).astype(np.float32)


def medoid(poses: Floats, weights: Floats) -> int:
    """The hypothesis nearest to the weighted mean of all. poses (H, F, 17, 3), weights (H,).

    The mean itself would be a body with shrunken limbs between two answers; the medoid is a real
    answer.
    """
    mean = np.average(poses, axis=0, weights=weights)
    return int(np.argmin(np.mean((poses - mean) ** 2, axis=(1, 2, 3))))


def rank_alternatives(weights: Floats) -> dict[str, tuple[Alternative, ...]]:
    """Every limb group gets all hypotheses, the heaviest first.

    "Take 1" is hypothesis 0, in every group.
    """
    order = np.argsort(-weights, kind="stable")
    ranked = tuple(Alternative(f"Take {h + 1}", float(weights[h]), int(h)) for h in order)
    return dict.fromkeys(LIMB_GROUPS, ranked)


def _like(values: Floats, target: Floats) -> Floats:
    return np.broadcast_to(values, target.shape)
