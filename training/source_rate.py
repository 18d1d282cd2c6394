"""Keypoints as they reach the model from a video of any frame rate.

A detector sees frames of the video: its noise, its swaps and its gaps happen at that rate. Only
then are gaps bridged and everything is brought to the model's 50 fps, as at run time.
"""

from __future__ import annotations

import numpy as np

from ..shared.arrays import Bools, Floats
from ..shared.resample import MODEL_FPS, fill_gaps, resample
from ..shared.skeleton import HUMAN36M

RATES = {24.0: 0.1, 25.0: 0.15, 30.0: 0.3, 50.0: 0.25, 60.0: 0.2}
"""Frames per second of videos, and how often each is drawn."""


def draw_rate(rng: np.random.Generator) -> float:
    return float(rng.choice(list(RATES), p=list(RATES.values())))


def source_times(frames: int, fps: float) -> Floats:
    """Times (S,) of the video's frames that a window of `frames` model frames is made from.

    The last may lie less than one video frame before the window's end: the model's times then reach
    beyond the video's, as the last ones of a clip do.
    """
    return np.arange(int((frames - 1) / MODEL_FPS * fps + 1e-6) + 1) / fps


def to_source(positions: Floats, fps: float) -> Floats:
    """Positions (B, F, J, 3) at 50 fps -> (B, S, J, 3) at the video's frames."""
    frames = positions.shape[1]
    if fps == MODEL_FPS:
        return positions
    times = source_times(frames, fps)
    return _over_time(positions, np.arange(frames) / MODEL_FPS, times)


def to_model(points: Floats, known: Bools, fps: float, frames: int) -> tuple[Floats, Bools]:
    """Keypoints (B, S, J, 2), known (B, S, J) of the video -> the same at 50 fps, F frames.

    Unknown keypoints are bridged before, because the known ones are normalised by the size of all.
    Afterwards a keypoint counts as known if the video's nearest frame knows it.
    """
    times = source_times(frames, fps) if fps != MODEL_FPS else np.arange(frames) / MODEL_FPS
    bridged = points.copy()
    for window in np.flatnonzero(~known.all(axis=(1, 2)) & known.any(axis=(1, 2))):
        seen = np.where(known[window][..., None], points[window], np.nan)
        bridged[window] = fill_gaps(seen, times, HUMAN36M.parents)
    if fps == MODEL_FPS:
        return bridged, known
    model_times = np.arange(frames) / MODEL_FPS
    nearest = np.clip(np.rint(model_times * fps).astype(int), 0, len(times) - 1)
    return _over_time(bridged, times, model_times), known[:, nearest]


def _over_time(values: Floats, times: Floats, new_times: Floats) -> Floats:
    """`resample` along the second axis of (B, F, ...)."""
    moved = resample(np.swapaxes(values, 0, 1), times, new_times)
    return np.swapaxes(moved, 0, 1).astype(np.float32)
