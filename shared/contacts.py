"""Which foot stands on the floor, and how surely: a vote over the hypotheses of one clip.

The skeleton ends at the ankles: a foot whose ankle stands but has risen stands on its toes alone.
Knows nothing of the picture and changes no position.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .arrays import Bools, Floats
from .ground import ANKLES, JOINT_HEIGHT, joint_height

STANDING_SPEED = 0.3
"""m/s. Planted ankles roll at 0.08 to 0.17 m/s; estimated poses add about as much noise."""

SPEED_REACH_S = 0.1
"""Seconds before and after a frame over which its speed is measured. A line through all of them is
far less noisy than the way between two: with 40 mm of noise twice as many contacts are found."""

STANDING_HEIGHT = 0.05
"""Metres above the ankle of a flat foot."""

HEEL_HEIGHT = 0.035
"""The same while the heel is down; above it the toes stand alone."""

HYSTERESIS = 1.5
"""A contact begins below both limits and lasts below this many times the limits."""

STANDS, STILL_STANDS = 0.5, 0.35
"""Probability from which a foot is taken to stand, and down to which a contact lasts. Hypotheses
that part a contact, or lose it, do so in different frames."""

SHORTEST_S = 0.08
"""Shorter contacts and shorter gaps in a contact are taken for noise."""

LARGEST_DRIFT = 0.05
"""In leg lengths: a foot that moves further from its place within a contact has stepped."""

STEP_S = 0.06
"""Half the time between two parts of a contact, in which the foot goes to the next place."""


def contact_probabilities(positions: Floats, fps: float) -> Floats:
    """Probability (frames, 4) of contact: left heel, left toe, right heel, right toe.

    `positions` (H, frames, 17, 3) are in the world: metres, z up, floor at 0. The probability is
    the share of hypotheses in which the foot stands; its heel never does so without its toes.
    """
    votes = np.stack([_standing(hypothesis, fps) for hypothesis in positions]).mean(axis=0)
    right, left = votes
    return np.concatenate([left, right]).T


def standing(probabilities: Floats, fps: float) -> Bools:
    """(frames, parts): when each part stands by probabilities (frames, parts) of contact.

    Gaps and contacts too short to be true are left out.
    """
    shortest = max(2, round(SHORTEST_S * fps))
    return np.stack([_held(own, STANDS, STILL_STANDS, shortest) for own in probabilities.T], -1)


def _standing(positions: Floats, fps: float) -> Bools:
    """(2, 2, frames): right and left foot of one hypothesis (frames, 17, 3), heel and toe each."""
    ankles, flat = positions[:, ANKLES], joint_height(positions)
    speed = _steady_speed(ankles, fps) / STANDING_SPEED
    height = ankles[..., 2] - flat
    shortest, gap = max(2, round(SHORTEST_S * fps)), max(1, round(STEP_S * fps))
    drift = LARGEST_DRIFT * flat / JOINT_HEIGHT
    feet = np.zeros((2, 2, len(positions)), dtype=bool)
    for foot in range(2):
        toe, heel = (
            _held(-np.maximum(speed[:, foot], height[:, foot] / limit), -1, -HYSTERESIS, shortest)
            for limit in (STANDING_HEIGHT, HEEL_HEIGHT)
        )
        for start, stop in parted(ankles[:, foot, :2], toe, drift, shortest, gap):
            feet[foot, 1, start:stop] = True
        feet[foot, 0] = heel & feet[foot, 1]
    return feet


def parted(
    track: Floats, contact: Bools, drift: float, shortest: int, gap: int
) -> list[tuple[int, int]]:
    """First frame and frame after the last of contacts in which a foot keeps to one place.

    `track` (F, 2) across the floor, `contact` (F,). A contact in which it goes further than `drift`
    is cut where two places explain it best, and `gap` frames on both sides are left out. Shorter
    ones than `shortest` frames are dropped, unless an end of the clip cuts them off.
    """
    places: list[tuple[int, int]] = []
    for start, stop in _runs(contact).tolist():
        places += _parted(track, start, stop, drift, shortest, gap)
    return places


def _parted(
    track: Floats, start: int, stop: int, drift: float, shortest: int, gap: int
) -> list[tuple[int, int]]:
    cut_off = start == 0 or stop == len(track)
    if stop - start < (1 if cut_off else shortest):
        return []
    own = track[start:stop]
    place = np.median(own, axis=0)
    if np.linalg.norm(own - place, axis=-1).max() <= drift or stop - start < 2 * (shortest + gap):
        return [(start, stop)]
    cut = start + _best_cut(own, shortest + gap)
    before, after = (np.median(part, axis=0) for part in (track[start:cut], track[cut:stop]))
    if np.linalg.norm(after - before) <= drift:  # noise, not a step
        return [(start, stop)]
    return [
        *_parted(track, start, cut - gap, drift, shortest, gap),
        *_parted(track, cut + gap, stop, drift, shortest, gap),
    ]


def _best_cut(points: Floats, margin: int) -> int:
    """Where two constant places explain points (F, 2) best."""
    count = np.arange(1, len(points) + 1)[:, None]

    def scatter(values: Floats) -> Floats:
        total, squares = np.cumsum(values, axis=0), np.cumsum(values**2, axis=0)
        return np.sum(squares - total**2 / count, axis=1)

    centred = points - points.mean(axis=0)
    cost = scatter(centred)[:-1] + scatter(centred[::-1])[::-1][1:]
    return margin + int(np.argmin(cost[margin - 1 : len(cost) - margin + 1]))


def _steady_speed(points: Floats, fps: float) -> Floats:
    """Speed (F, N) in m/s of points (F, N, 3): slope of the straight line through the frames around
    each, by least squares. Beyond its ends a path goes on as it came.
    """
    reach = max(1, round(SPEED_REACH_S * fps))
    padded = np.pad(points, [(reach, reach), (0, 0), (0, 0)], mode="reflect", reflect_type="odd")
    frames = np.arange(-reach, reach + 1)
    around = np.lib.stride_tricks.sliding_window_view(padded, len(frames), axis=0)
    return np.linalg.norm(around @ (frames * fps / np.sum(frames**2)), axis=-1)


def _held(evidence: Floats, begins: float, lasts: float, shortest: int) -> Bools:
    """Frames (frames,) in contact: above `lasts`, if it comes above `begins` at some time."""
    contact = evidence > lasts
    for start, stop in _runs(contact):
        contact[start:stop] = evidence[start:stop].max() > begins
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
