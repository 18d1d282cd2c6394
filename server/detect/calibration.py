"""What a detector's own score is worth: how often such points are right, and how far they are off.

The measurement behind the numbers is in `docs/experiments.md`. A body size is the distance from hip
to thorax. Scores of other detectors than MediaPipe have not been measured and stay as they are.
"""

from __future__ import annotations

import numpy as np

from ...shared.arrays import Floats, Floats32
from ...shared.keypoints import KeypointTrack
from ...shared.layouts.known import MEDIAPIPE33
from ...shared.repair.repair import body_size

RIGHT = 0.1
"""Body sizes. A point nearer to the truth than this counts as right."""

_VISIBILITY = (0.0, 0.1, 0.2, 0.35, 0.5, 0.7, 0.85, 0.95, 1.0)
_SHARE_RIGHT = (0.0, 0.02, 0.12, 0.22, 0.30, 0.50, 0.70, 0.80, 0.87)
_MEDIAN_ERROR = (0.7, 0.6, 0.4, 0.3, 0.27, 0.12, 0.05, 0.04, 0.035)
"""Of MediaPipe's points with such a visibility: the share that is right; body sizes."""


def calibrated(scores: Floats, layout: str) -> Floats32:
    """The share of points with such a score that are right: what a track calls confidence.

    scores from 0 to 1, NaN counts as 0; `layout` of the detector. The order of two scores is kept.
    """
    known = np.clip(np.nan_to_num(scores), 0, 1)
    if layout != MEDIAPIPE33.name:
        return known.astype(np.float32)
    return np.interp(known, _VISIBILITY, _SHARE_RIGHT).astype(np.float32)


def median_error(confidence: Floats) -> Floats32:
    """Body sizes: half of the points with such a calibrated confidence are off by more."""
    return np.interp(confidence, _SHARE_RIGHT, _MEDIAN_ERROR).astype(np.float32)


def expected_error(track: KeypointTrack) -> float:
    """Pixels: the median over the track's points that were seen."""
    seen = track.confidence > 0
    return float(np.median(median_error(track.confidence[seen]))) * body_size(track)
