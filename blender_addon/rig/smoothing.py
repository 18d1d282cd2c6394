"""Smoothing that knows what is certain: directions of bones, weighted by the takes' spread.

Zero phase, all frames at once. Lengths stay, and the path of the hip, which has been smoothed where
it was solved. Feet are planted afterwards, so that contacts are kept.
"""

from __future__ import annotations

import numpy as np

from ...shared.arrays import Floats
from ...shared.bones import decompose, recompose
from ...shared.errors import RetakeError
from ...shared.rotations import normalise
from ...shared.skeleton import HUMAN36M
from .solving.smooth import smooth

SURE_M = 0.03
"""Spread up to which a joint is as certain as can be."""

CRISP = 1e4
"""Most that a frame may weigh against the least smoothed ones."""


def smoothed(joints: Floats, spread: Floats, seconds: Floats | float, fps: float) -> Floats:
    """Joints (F, 17, 3) whose movements faster than `seconds` are gone where nobody is sure.

    spread (F, 17) metres, the error to expect; `seconds` is one number or one per frame and joint
    (F, 17), so that a limb or a range can have its own; 0 leaves a joint as it is. A joint with
    twice the spread counts a quarter. Raises RetakeError for less than no time.
    """
    seconds = np.broadcast_to(np.asarray(seconds, dtype=float), spread.shape)
    longest = float(seconds.max())
    if not 0 <= float(seconds.min()) <= longest < np.inf:
        raise RetakeError("Smoothing is a time: 0 seconds for none, or more.")
    if longest == 0 or len(joints) < 3:
        return joints
    lengths, directions = decompose(joints, HUMAN36M)
    asked = (longest / np.maximum(seconds, longest * CRISP**-0.25)) ** 4
    weights = asked * (SURE_M / np.maximum(spread, SURE_M)) ** 2
    flat = directions.reshape(len(joints), -1)
    tracks = smooth(flat, weights, (longest * fps) ** 4).reshape(directions.shape)
    kept = seconds[..., None] > 0
    directions = np.where(kept, normalise(tracks), directions)
    return recompose(lengths, directions, HUMAN36M) + joints[:, :1]
