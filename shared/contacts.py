"""Which foot stands on the floor, and how surely: a vote over the hypotheses of one clip.

The skeleton ends at the ankles, so that heel and toe of a foot share the ankle's vote. Knows
nothing of the picture and changes no position.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .arrays import Bools, Floats
from .ground import ANKLES, joint_height

STANDING_SPEED = 0.3
"""m/s. Planted ankles roll at 0.08 to 0.17 m/s; estimated poses add about as much noise."""

SPEED_REACH_S = 0.1
"""Seconds before and after a frame over which its speed is measured. A line through all of them is
far less noisy than the way between two: with 40 mm of noise twice as many contacts are found."""

STANDING_HEIGHT = 0.05
"""Metres above the ankle of a flat foot."""

HYSTERESIS = 1.5
"""A contact begins below both limits and lasts below this many times the limits."""

SHORTEST_S = 0.08
"""Shorter contacts and shorter gaps in a contact are taken for noise."""


def contact_probabilities(positions: Floats, fps: float) -> Floats:
    """Probability (frames, 4) of contact: left heel, left toe, right heel, right toe.

    `positions` (H, frames, 17, 3) are in the world: metres, z up, floor at 0. The probability is
    the share of hypotheses in which the foot stands.
    """
    votes = np.stack([_standing(hypothesis, fps) for hypothesis in positions]).mean(axis=0)
    right, left = votes.T
    return np.stack([left, left, right, right], axis=-1)


def _standing(positions: Floats, fps: float) -> Bools:
    """(frames, 2): right and left foot of one hypothesis (frames, 17, 3)."""
    ankles = positions[:, ANKLES]
    speed = _steady_speed(ankles, fps) / STANDING_SPEED
    height = (ankles[..., 2] - joint_height(positions)) / STANDING_HEIGHT
    effort = np.maximum(speed, height)
    shortest = max(2, round(SHORTEST_S * fps))
    return np.stack([_contact(foot, shortest) for foot in effort.T], axis=-1)


def _steady_speed(points: Floats, fps: float) -> Floats:
    """Speed (F, N) in m/s of points (F, N, 3): slope of the straight line through the frames around
    each, by least squares. Beyond its ends a path goes on as it came.
    """
    reach = max(1, round(SPEED_REACH_S * fps))
    padded = np.pad(points, [(reach, reach), (0, 0), (0, 0)], mode="reflect", reflect_type="odd")
    frames = np.arange(-reach, reach + 1)
    around = np.lib.stride_tricks.sliding_window_view(padded, len(frames), axis=0)
    return np.linalg.norm(around @ (frames * fps / np.sum(frames**2)), axis=-1)


def _contact(effort: Floats, shortest: int) -> Bools:
    """Frames (frames,) in contact; `effort` is 1 at the limit that begins one."""
    contact = effort < HYSTERESIS
    for start, stop in _runs(contact):
        contact[start:stop] = effort[start:stop].min() < 1
    gapless = ~_without_short_runs(~contact, shortest)
    return _without_short_runs(gapless, shortest)


def _without_short_runs(flags: Bools, shortest: int) -> Bools:
    """Bools without runs of fewer frames, except those that the ends of the clip cut off."""
    kept = flags.copy()
    for start, stop in _runs(flags):
        if start > 0 and stop < len(flags):
            kept[start:stop] = stop - start >= shortest
    return kept


def _runs(flags: Bools) -> npt.NDArray[np.intp]:
    """(runs, 2): first frame and first frame after every unbroken run of true flags."""
    edges = np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8))
    return np.flatnonzero(edges).reshape(-1, 2)
