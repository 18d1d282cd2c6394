"""Which of several hypotheses counts: the four choices of the field, as released code makes them.

`P` chooses among whole poses, `J` for every joint and frame. `Best` looks at the ground truth: a
bound, not a result. `Agg` does without: the mean pose, or the joints that reproject best. Arrays:
B windows, H hypotheses, F frames, J joints; `counts` (B, F) are the frames that count.
"""

from __future__ import annotations

import numpy as np

from ...shared.arrays import Bools, Floats
from ..metrics import aligned, joint_errors

NAMES = ("J-Best", "P-Best", "P-Agg", "J-Agg")


def selected_errors(
    predicted: Floats, truth: Floats, misses: Floats, counts: Bools, procrustes: bool
) -> dict[str, float]:
    """Name -> mean error of poses (B, H, F, J, 3) against (B, F, J, 3), in their unit.

    misses      (B, H, F, J) distances in the image between projected and given keypoints
    procrustes  Protocol 2: every pose is aligned by itself before errors are taken and chosen, so
                that the J selections are not those of one aligned pose

    P-Best takes the one hypothesis that is best over all B windows together, and so depends on
    how many there are.
    """
    fitted, mean = predicted, predicted.mean(axis=1)
    if procrustes:
        fitted, mean = aligned(predicted, truth[:, None]), aligned(mean, truth)
    errors = joint_errors(fitted, truth[:, None])
    chosen = np.take_along_axis(errors, misses.argmin(axis=1)[:, None], axis=1)[:, 0]
    by_hypothesis = np.swapaxes(errors, 1, 2)[counts].mean(axis=(0, 2))
    return {
        "J-Best": float(errors.min(axis=1)[counts].mean()),
        "P-Best": float(by_hypothesis.min()),
        "P-Agg": float(joint_errors(mean, truth)[counts].mean()),
        "J-Agg": float(chosen[counts].mean()),
    }
