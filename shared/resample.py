"""Time: gaps filled, and values carried from one set of times to another.

The model runs at 50 fps. A clip's own times are left once before the model and returned to once
after it (the first named border); scene frames are reached from the clip's times when a take is
applied (the second).
"""

from __future__ import annotations

import numpy as np

from .arrays import Floats

MODEL_FPS = 50.0

LEAST_CONFIDENCE = 0.3
"""A keypoint of less is taken for a detector's guess. A usual value, not a fitted one."""


def model_times(times: Floats) -> Floats:
    """Times at `MODEL_FPS` from the first of `times` (F,) until the last is covered, seconds."""
    count = int(np.ceil((times[-1] - times[0]) * MODEL_FPS - 1e-6)) + 1
    return times[0] + np.arange(max(count, 2)) / MODEL_FPS


def resample(values: Floats, times: Floats, new_times: Floats) -> Floats:
    """Values (F, ...) at strictly increasing `times` (F,) -> (G, ...) at `new_times` (G,).

    Cubic Hermite with three-point slopes for uneven times (Catmull and Rom 1974 where they are
    even). Beyond either end the motion goes on straight for at most one model frame, then it holds.
    """
    if len(times) == 1:
        return np.repeat(values, len(new_times), axis=0)
    column = (slice(None),) + (None,) * (values.ndim - 1)
    steps = np.diff(times)
    rates = np.diff(values, axis=0) / steps[column]
    slopes = np.concatenate([rates[:1], rates[-1:]])
    if len(steps) > 1:
        before, after = steps[:-1][column], steps[1:][column]
        middle = (rates[:-1] * after + rates[1:] * before) / (before + after)
        slopes = np.concatenate([rates[:1], middle, rates[-1:]])
    at = np.clip(new_times, times[0], times[-1])
    i = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(steps) - 1)
    h = steps[i][column]
    s = ((at - times[i]) / steps[i])[column]
    rise, s2, s3 = values[i + 1] - values[i], s * s, s * s * s
    bent = (s3 - 2 * s2 + s) * h * slopes[i] + (s3 - s2) * h * slopes[i + 1]
    inside = values[i] + (3 * s2 - 2 * s3) * rise + bent
    beyond = np.clip(new_times - at, -1 / MODEL_FPS, 1 / MODEL_FPS)[column]
    return inside + beyond * np.where(beyond < 0, slopes[0], slopes[-1])


def without_guesses(points: Floats, confidence: Floats) -> Floats:
    """Keypoints (F, 17, 2) with NaN in place of those of too little confidence (F, 17).

    Unknown, that is: a model with `keypoint_mask` is told so, for others `resample.fill_gaps`
    bridges them. If nothing would remain all are kept.
    """
    sure = confidence >= LEAST_CONFIDENCE
    if not (sure & np.isfinite(points).all(axis=-1)).any():
        return points
    return np.where(sure[..., None], points, np.nan)


def fill_gaps(points: Floats, times: Floats, parents: tuple[int, ...]) -> Floats:
    """Keypoints (F, J, 2) without NaN: gaps linear, ends held, unseen joints at their parent.

    At least one joint must have been seen once. A joint that no frame shows takes the place of the
    nearest seen joint on the way to the root, else of the mean of all seen joints: the model has to
    guess it anyway.
    """
    filled = np.array(points, dtype=float)
    seen = ~np.isnan(filled).any(axis=-1)
    for joint in np.flatnonzero(seen.any(axis=0)):
        known = seen[:, joint]
        for axis in range(filled.shape[-1]):
            track = filled[:, joint, axis]
            filled[:, joint, axis] = np.interp(times, times[known], track[known])
    never = set(np.flatnonzero(~seen.any(axis=0)).tolist())
    if never:
        centre = np.nanmean(filled[:, sorted(set(range(filled.shape[1])) - never)], axis=1)
        for joint in never:
            parent = parents[joint]
            while parent >= 0 and parent in never:
                parent = parents[parent]
            filled[:, joint] = filled[:, parent] if parent >= 0 else centre
    return filled
