"""Single keypoints that jump away and come back: Hampel's rule on every point by itself."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..arrays import Bools, Floats, Floats64

DEVIATIONS = 4.0
"""Standard deviations, estimated from the median absolute deviation (factor 1.4826)."""

LEAST_JUMP = 0.12
"""Body sizes. What deviates by less is left alone, however still the point is otherwise."""


def outliers(points: Floats, reach: int) -> Bools:
    """(frames, points) whether a point lies off the running median of its path and off its line.

    points (frames, points, 2) in body sizes, NaN = missing; the window is `reach` frames to either
    side. A point at the turn of a fast motion is off the median too, but not off the straight line
    between its neighbours; so both are asked (Hampel 1974 for the first).
    """
    middle = _running_median(points, reach)
    off = np.linalg.norm(points - middle, axis=-1)
    spread = 1.4826 * _running_median(off[..., None], reach)[..., 0]
    limit = np.maximum(DEVIATIONS * spread, LEAST_JUMP)
    with np.errstate(invalid="ignore"):
        return (off > limit) & (_off_the_line(points) > LEAST_JUMP)


def _off_the_line(points: Floats) -> Floats64:
    """(frames, points): distance from the middle of the neighbours; infinite without both."""
    off = np.full(points.shape[:2], np.inf)
    inner = np.linalg.norm(points[1:-1] - (points[:-2] + points[2:]) / 2, axis=-1)
    off[1:-1] = np.where(np.isnan(inner), np.inf, inner)
    return off


def _running_median(values: Floats, reach: int) -> Floats64:
    """Over the frames (F, P, C) that are there; NaN where none is."""
    padded = np.pad(
        values.astype(np.float64), ((reach, reach), (0, 0), (0, 0)), constant_values=np.nan
    )
    windows = sliding_window_view(padded, 2 * reach + 1, axis=0)
    empty: Bools = np.isnan(windows).min(axis=-1)
    return np.where(empty, np.nan, np.nanmedian(np.where(empty[..., None], 0.0, windows), axis=-1))
