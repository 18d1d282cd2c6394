"""Where a foot stands, from when to when: spans of contact and the place that is held in each.

Works on ankle positions of one foot; knows no rig and no other foot.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Bools, Floats
from .smooth import smooth

LARGEST_DRIFT = 0.06
"""In leg lengths: a foot that moves further within a contact has stepped; the contact is parted."""

SHORTEST_S = 0.08
STEP_S = 0.06
"""Half the time between two parts of a contact, in which the foot goes to the next place."""

EASE_S = 0.12
"""Time scale of the way into and out of a plant."""

HOLD = 1e8
"""Weight of a planted frame against a free one."""


@dataclass(frozen=True)
class Plant:
    """Frames start <= f < stop in which an ankle is held at `place` (2,), across the floor."""

    start: int
    stop: int
    place: Floats


def find_plants(track: Floats, contact: Bools, leg_length: float, fps: float) -> list[Plant]:
    """Plants of an ankle with the positions (F, 3), in order, where `contact` (F,) says so."""
    shortest, gap = max(2, round(SHORTEST_S * fps)), max(1, round(STEP_S * fps))
    plants: list[Plant] = []
    edges = np.flatnonzero(np.diff(np.concatenate([[0], contact.astype(int), [0]])))
    for start, stop in edges.reshape(-1, 2).tolist():
        plants += _parted(track[:, :2], start, stop, LARGEST_DRIFT * leg_length, shortest, gap)
    return plants


def _parted(
    track: Floats, start: int, stop: int, drift: float, shortest: int, gap: int
) -> list[Plant]:
    if stop - start < shortest:
        return []
    own = track[start:stop]
    place = np.median(own, axis=0)
    if np.linalg.norm(own - place, axis=-1).max() <= drift or stop - start < 2 * (shortest + gap):
        return [Plant(start, stop, place)]
    cut = start + _best_cut(own, shortest + gap)
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


def eased(values: Floats, held: Bools, seconds: float, fps: float) -> Floats:
    """A track (F, K) that equals `values` where `held` (F,) and goes to zero smoothly elsewhere."""
    if not held.any():
        return np.zeros_like(values)
    weights = np.where(held, HOLD, 1.0)[:, None] * np.ones_like(values)
    track = smooth(np.where(held[:, None], values, 0.0), weights, (seconds * fps) ** 4)
    track[held] = values[held]
    return track
