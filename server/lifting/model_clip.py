"""A track at the model's frame rate, and the way back to the track's own times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Bools, Floats, Floats32, Ints
from ...shared.keypoints import KeypointTrack
from ...shared.resample import fill_gaps, model_times, resample, without_guesses
from ...shared.skeleton import HUMAN36M


@dataclass(frozen=True)
class ModelClip:
    """A track at G frames of the model's rate.

    Unknown keypoints are bridged, have confidence 0 and are marked in `known` (G, 17).
    """

    times: Floats
    pixels: Floats
    confidence: Floats
    known: Bools


def at_model_rate(track: KeypointTrack) -> ModelClip:
    """Keypoints that are missing or of too little confidence are unknown."""
    times = model_times(track.times)
    points = without_guesses(track.points, track.confidence)
    filled = fill_gaps(points, track.times, HUMAN36M.parents)
    known = np.isfinite(points).all(axis=-1)
    confidence = np.where(known, track.confidence, 0)
    return ModelClip(
        times=times,
        pixels=resample(filled, track.times, times),
        # A cubic may swing past its values.
        confidence=np.clip(resample(confidence, track.times, times), 0, 1),
        known=known[_nearest(track.times, times)],
    )


def _nearest(times: Floats, wanted: Floats) -> Ints:
    """Index of the frame of `times` (F,) nearest to each of `wanted` (G,)."""
    return np.rint(np.interp(wanted, times, np.arange(len(times)))).astype(np.intp)


def at_own_times(values: Floats, clip: ModelClip, track: KeypointTrack) -> Floats32:
    """(H, G, ...) at the model's times -> (H, F, ...) at the track's."""
    resampled = resample(np.moveaxis(values, 0, 1), clip.times, track.times)
    return np.ascontiguousarray(np.moveaxis(resampled, 1, 0), np.float32)
