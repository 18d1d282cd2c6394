"""How tall a body of joints is, and by what factor to change it for a person of known height.

One camera cannot tell a tall person from a near one, so that depth is only as good as this.
"""

from __future__ import annotations

import math

import numpy as np

from .arrays import Floats
from .bones import decompose
from .errors import RetakeError
from .skeleton import HUMAN36M

HEIGHT_PER_CHAIN = 1.087
"""Standing height / (mean leg from hip to ankle + hip to upper head, along the bones): what lies
below the ankle and above the last joint. 1.6 % spread over bodies with the proportions of Drillis
and Contini (1966)."""

HEIGHT_RANGE_M = (0.5, 2.6)

_LEGS = tuple(
    HUMAN36M.joints.index(f"{s}_{j}") for s in ("left", "right") for j in ("knee", "foot")
)
_UPPER = tuple(HUMAN36M.joints.index(name) for name in ("spine", "thorax", "neck", "head"))


def body_height(poses: Floats) -> float:
    """Standing height in metres of the body in (..., 17, 3) metres, whatever it is doing.

    Bone lengths are medians over all poses.
    """
    lengths = decompose(poses, HUMAN36M)[0].reshape(-1, HUMAN36M.joint_count)
    median = np.median(lengths, axis=0)
    return HEIGHT_PER_CHAIN * float(median[list(_LEGS)].sum() / 2 + median[list(_UPPER)].sum())


def body_scale(poses: Floats, height: float | None) -> float:
    """The factor that gives the body in (..., 17, 3) a standing `height` in metres.

    None, an unknown height, leaves the body as it is: 1. Poses are multiplied by it before
    `root.solve_root`, whose depth grows by the same factor. Raises RetakeError if no person is so
    tall.
    """
    if height is None:
        return 1.0
    least, most = HEIGHT_RANGE_M
    if not (math.isfinite(height) and least <= height <= most):
        raise RetakeError(
            f"The person's height is {height:g} m; expected {least:g} to {most:g} m. Give metres."
        )
    return height / max(body_height(poses), 1e-6)
