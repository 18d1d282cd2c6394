"""When feet stand, and where: spans of contact and the place that is held in each.

Works on one point of each foot; knows no rig.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....shared.arrays import Bools, Floats, Ints
from ....shared.contacts import SHORTEST_S, STEP_S, parted
from ..solving.smooth import smooth

LARGEST_DRIFT = 0.08
"""In leg lengths: a foot that moves further within a contact has stepped; the contact is parted."""

EASE_S = 0.12
"""Time scale of the way into and out of a plant."""

HOLD = 1e8
"""Weight of a planted frame against a free one."""


@dataclass(frozen=True)
class Contacts:
    """When feet stand: left heel, left toe, right heel, right toe; (F, 4).

    `spans` holds the number of the span, 0 for none. `exact`: somebody asked for these very spans;
    else they were found and may be wrong.
    """

    spans: Ints
    exact: bool = False

    @staticmethod
    def of(flags: Bools | Floats, exact: bool = False) -> Contacts:
        """From flags or numbers of (F, 4) parts, or of (F, 2) feet: left and right."""
        spans = np.asarray(flags).astype(np.intp)
        return Contacts(np.repeat(spans, 2, axis=1) if spans.shape[1] == 2 else spans, exact)


@dataclass(frozen=True)
class Plant:
    """Frames start <= f < stop in which a foot is held at `place` (2,), across the floor: there is
    its ankle with the heel down."""

    start: int
    stop: int
    place: Floats


def find_plants(
    track: Floats, contact: Bools, seen: Floats, leg_length: float, fps: float
) -> list[Plant]:
    """Plants of a foot with the positions (F, 2), in order, where `contact` (F,) says so.

    Contacts were found, so that they may be wrong: steps part them, and short ones are dropped.
    Whether it steps is told by the source's ankle, `seen` (F, 2), and its `leg_length`: what the
    rig's other lengths do to its foot is to be held, not to be believed.
    """
    shortest, gap = max(2, round(SHORTEST_S * fps)), max(1, round(STEP_S * fps))
    runs = parted(seen, contact, LARGEST_DRIFT * leg_length, shortest, gap)
    return [Plant(start, stop, np.median(track[start:stop], axis=0)) for start, stop in runs]


def given_plants(track: Floats, heel: Ints, toe: Ints) -> list[Plant]:
    """A plant for every contact that somebody asked for: heel and toe (F,) hold the span's number.

    One span that follows another without a frame between them is a place of its own.
    """
    held = (heel > 0) | (toe > 0)
    begins = held.copy()
    both = held[1:] & held[:-1]
    other = [(p[1:] != p[:-1]) & (p[1:] > 0) & (p[:-1] > 0) for p in (heel, toe)]
    begins[1:] &= ~both | other[0] | other[1]
    number = np.cumsum(begins) * held
    plants: list[Plant] = []
    for own in range(1, int(number.max(initial=0)) + 1):
        frames = np.flatnonzero(number == own)
        place = np.median(track[frames], axis=0)
        plants.append(Plant(int(frames[0]), int(frames[-1]) + 1, place))
    return plants


def eased(values: Floats, held: Bools, seconds: float, fps: float) -> Floats:
    """A track (F, K) that equals `values` where `held` (F,) and goes to zero smoothly elsewhere."""
    if not held.any():
        return np.zeros_like(values)
    weights = np.where(held, HOLD, 1.0)[:, None]
    track = smooth(np.where(held[:, None], values, 0.0), weights, (seconds * fps) ** 4)
    track[held] = values[held]
    return track
