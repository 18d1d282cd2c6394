"""Which sightings are of the same person: followed from frame to frame by place and size.

A detector lists people in any order and lists one twice at times. Left and right are not trusted
here (see `repair.swaps`): people are compared by the middles of their limbs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Floats, Floats32, Floats64, Ints
from .assignment import FORBIDDEN, assign
from .rejoin import rejoined
from .sightings import NOT_TRACKED, Sightings

DUPLICATE = 0.08
"""Heights. Two people in one frame nearer to each other than this are one, seen twice."""

REACH, REACH_PER_S = 0.35, 1.0
"""Heights. A person is sought this far from the last place, and farther the longer ago that is."""

LARGEST_GROWTH = 1.8
KEPT_S = 1.5
"""Nobody is recognised who was away for longer."""

_LIMBS = ("shoulder", "elbow", "wrist", "hip", "knee", "ankle", "ear")


@dataclass
class _Person:
    number: int
    middles: Floats32
    velocity: Floats32
    height: float
    time: float


def people(
    sightings: Sightings, size: tuple[int, int], times: Floats64, cuts: Sequence[int] = ()
) -> Ints:
    """(S,) a person's number from 0 on for each sighting; -1 for a duplicate of another one.

    Where the tracker has followed people itself, its numbers are kept, in the order in which they
    appear. `times` (frames,) in seconds; nobody is followed into the frames `cuts`, which begin new
    scenes.
    """
    if (sightings.ids != NOT_TRACKED).all():
        return _by_appearance(sightings.ids)
    middles = limb_middles(sightings, size)
    heights: Floats64 = np.array([_height(one) for one in middles])
    numbers = np.full(len(sightings.frames), -1, np.intp)
    known: list[_Person] = []
    scene_began = 0
    bounds = np.searchsorted(sightings.frames, np.arange(len(times) + 1))
    for frame, time in enumerate(times.tolist()):
        rows = np.arange(bounds[frame], bounds[frame + 1])
        rows = _without_duplicates(rows, middles, heights, sightings.confidence)
        scene_began = len(known) if frame in cuts else scene_began
        near = [one for one in known[scene_began:] if time - one.time <= KEPT_S]
        numbers[rows] = _follow(near, known, rows, middles, heights, time)
    return rejoined(numbers, sightings.frames, middles, heights, times, size, cuts)


def limb_middles(sightings: Sightings, size: tuple[int, int]) -> Floats32:
    """(S, limbs, 2) pixels: middles between left and right, of the one seen where only one is."""
    points, places = sightings.in_pixels(size), sightings.places
    pairs = [
        [points[:, places[f"{side}_{limb}"]] for side in ("left", "right")]
        for limb in _LIMBS
        if f"left_{limb}" in places and f"right_{limb}" in places
    ]
    both = np.array(pairs, np.float32)
    seen = np.isfinite(both)
    total, count = np.where(seen, both, 0).sum(axis=1), seen.sum(axis=1)
    middles = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return middles.transpose(1, 0, 2).astype(np.float32)


def _height(middles: Floats) -> float:
    """Diagonal of the box of the middles, at least a few pixels."""
    seen = middles[np.isfinite(middles[:, 0])]
    return max(4.0, float(np.linalg.norm(np.ptp(seen, axis=0)))) if len(seen) else 4.0


def _apart(one: Floats, other: Floats) -> float:
    """Mean distance of the limbs that both show; infinite if there is none."""
    off = np.linalg.norm(one - other, axis=-1)
    return float(np.nanmean(off)) if np.isfinite(off).any() else np.inf


def _without_duplicates(rows: Ints, middles: Floats, heights: Floats, confidence: Floats) -> Ints:
    kept: list[int] = []
    for row in sorted(rows.tolist(), key=lambda row: -float(confidence[row].sum())):
        if all(
            _apart(middles[row], middles[other]) > DUPLICATE * max(heights[row], heights[other])
            for other in kept
        ):
            kept.append(row)
    return np.array(sorted(kept), np.intp)


def _follow(
    near: list[_Person],
    known: list[_Person],
    rows: Ints,
    middles: Floats32,
    heights: Floats64,
    time: float,
) -> list[int]:
    """The number of each of `rows`; who is new is added to `known`."""
    costs = np.array(
        [[_cost(one, middles[r], float(heights[r]), time) for r in rows] for one in near]
    )
    found = {column: near[row] for row, column in assign(costs)}
    numbers: list[int] = []
    for column, row in enumerate(rows.tolist()):
        person = found.get(column)
        if person is None:
            still = np.zeros_like(middles[row])
            person = _Person(len(known), middles[row], still, float(heights[row]), time)
            known.append(person)
        else:
            _move(person, middles[row], float(heights[row]), time)
        numbers.append(person.number)
    return numbers


def _cost(person: _Person, middles: Floats32, height: float, time: float) -> float:
    away = time - person.time
    larger, smaller = max(height, person.height), min(height, person.height)
    expected = person.middles + person.velocity * min(away, 0.2)
    apart = _apart(expected, middles) / larger
    reach = REACH + REACH_PER_S * away
    if apart > reach or larger > smaller * LARGEST_GROWTH:
        return FORBIDDEN
    return apart


def _move(person: _Person, middles: Floats32, height: float, time: float) -> None:
    """Half of the new velocity: one frame's is noise. Limbs that are not seen stay."""
    seen = np.isfinite(middles) & np.isfinite(person.middles)
    rate = np.where(seen, middles - person.middles, 0) / max(time - person.time, 1e-3)
    person.velocity = ((person.velocity + rate) / 2).astype(np.float32)
    person.middles = np.where(np.isfinite(middles), middles, person.middles)
    person.height = 0.8 * person.height + 0.2 * height
    person.time = time


def _by_appearance(ids: Ints) -> Ints:
    numbers = {given: number for number, given in enumerate(dict.fromkeys(ids.tolist()))}
    return np.array([numbers[given] for given in ids.tolist()], np.intp)
