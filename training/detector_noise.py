"""2D keypoints as a detector gives them: jitter, drift, other definitions, bridged gaps."""

from __future__ import annotations

import numpy as np

from ..shared.arrays import Bools, Floats
from ..shared.skeleton import HUMAN36M

CLEAN_SHARE = 0.3
"""Share of windows left exact, so that good keypoints keep their worth."""
JITTER = (0.003, 0.015)
DRIFT = (0.005, 0.03)
"""Standard deviations in units of a person's height in the picture; each window draws its own."""
DRIFT_KNOTS = 6
"""Frames between independent values of the slow part."""
OFFSET = 0.012
"""Spread of a window's constant offsets of the joints that detectors define otherwise."""
LOOSELY_DEFINED = (0, 1, 4, 7, 8, 9, 10)
HIP_WIDTH = (0.55, 1.05)
HIP_DROP = (-0.02, 0.16)
"""Detectors put hips nearer to each other and lower than the skeleton has them; the drop is a part
of the way from hip to thorax. MediaPipe's own 3D has legs of 1.54 such ways, people have 1.7."""
GAP_SHARE = 0.25
SWAP_SHARE = 0.1
SWAPPED = (([4, 5, 6], [1, 2, 3]), ([11, 12, 13], [14, 15, 16]))


def corrupt(rng: np.random.Generator, points: Floats, clean_share: float = CLEAN_SHARE) -> Floats:
    """Image points (B, F, 17, 2) -> what a detector might report of them, same shape and unit."""
    batch, _, joints, _ = points.shape
    height = (
        np.sqrt(((points - points[:, :, :1]) ** 2).sum(-1).mean((1, 2))) * 3.7
    )  # root mean square -> stature
    size = height[:, None, None, None]
    size = size * (rng.random((batch, 1, 1, 1)) > clean_share)
    noisy = _hips_as_detected(rng, points, size > 0)
    offset = np.zeros((batch, 1, joints, 2))
    offset[:, :, LOOSELY_DEFINED] = rng.normal(0, OFFSET, (batch, 1, len(LOOSELY_DEFINED), 2))
    jitter = rng.normal(0, 1, points.shape) * rng.uniform(*JITTER, (batch, 1, 1, 1))
    drift = _slow(rng, points.shape) * rng.uniform(*DRIFT, (batch, 1, 1, 1))
    # Ends of limbs are found less exactly than the trunk.
    drift[:, :, (3, 6, 12, 13, 15, 16)] *= 1.5
    noisy = noisy + (offset + jitter + drift * 0.5) * size
    return _bridge_gaps(rng, noisy).astype(np.float32)


def swap_sides(rng: np.random.Generator, points: Floats) -> Floats:
    """(B, F, 17, 2): in some windows left and right legs or arms trade places for a while."""
    batch, frames = points.shape[:2]
    swapped = points.copy()
    for window in np.flatnonzero(rng.random(batch) < SWAP_SHARE):
        left, right = SWAPPED[rng.integers(len(SWAPPED))]
        first = rng.integers(0, frames)
        span = slice(first, first + rng.integers(1, max(frames // 3, 2)))
        swapped[window, span, left + right] = points[window, span, right + left]
    return swapped


def _hips_as_detected(rng: np.random.Generator, points: Floats, chosen: Bools) -> Floats:
    """The hips nearer and lower; the joints between hips and thorax, which are built, follow."""
    width = np.where(chosen, rng.uniform(*HIP_WIDTH, chosen.shape), 1.0)
    drop = np.where(chosen, rng.uniform(*HIP_DROP, chosen.shape), 0.0)
    hips = [HUMAN36M.joints.index(f"{side}_hip") for side in ("right", "left")]
    root, spine, thorax = (HUMAN36M.joints.index(name) for name in ("hip", "spine", "thorax"))
    moved = points.copy()
    centre = points[:, :, hips].mean(axis=2, keepdims=True)
    down = (centre - points[:, :, [thorax]]) * drop
    moved[:, :, hips] = centre + (points[:, :, hips] - centre) * width + down
    moved[:, :, [root]] += down
    moved[:, :, [spine]] += down / 2
    return moved


def _slow(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Unit noise that changes over `DRIFT_KNOTS` frames: linear between random knots."""
    batch, frames, joints, axes = shape
    knots = rng.normal(0, 1, (batch, frames // DRIFT_KNOTS + 2, joints, axes))
    at = np.arange(frames) / DRIFT_KNOTS
    low = at.astype(int)
    part = (at - low)[None, :, None, None]
    return knots[:, low] * (1 - part) + knots[:, low + 1] * part


def _bridge_gaps(rng: np.random.Generator, points: Floats) -> Floats:
    """In some windows one joint is lost for a while and bridged linearly, as at run time."""
    batch, frames, joints, _ = points.shape
    for window in np.flatnonzero(rng.random(batch) < GAP_SHARE):
        joint = rng.integers(1, joints)
        first = rng.integers(0, max(frames - 2, 1))
        last = min(first + rng.integers(2, max(frames // 2, 3)), frames - 1)
        part = np.linspace(0, 1, last - first + 1)[:, None]
        a, b = points[window, first, joint].copy(), points[window, last, joint].copy()
        points[window, first : last + 1, joint] = a * (1 - part) + b * part
    return points
