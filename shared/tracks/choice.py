"""Whose motion it is to be: the largest person, one by number, or one by a click."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..arrays import Floats64, Ints
from ..errors import RetakeError
from .identity import limb_middles
from .sightings import Sightings


@dataclass(frozen=True)
class Person:
    """`rows` of the sightings in which the person is, at most one per frame; `area` summed up."""

    number: int
    rows: Ints
    first: int
    last: int
    area: float


def overview(sightings: Sightings, numbers: Ints, size: tuple[int, int]) -> list[Person]:
    """Everybody, in the order of their numbers. `numbers` (S,) as `identity.people` gives them."""
    areas = _areas(sightings, size)
    everybody: list[Person] = []
    for number in sorted(set(numbers.tolist()) - {-1}):
        rows = np.flatnonzero(numbers == number)
        _, once = np.unique(sightings.frames[rows], return_index=True)
        rows = rows[once]
        frames = sightings.frames[rows]
        first, last = int(frames.min()), int(frames.max())
        everybody.append(Person(number, rows, first, last, float(areas[rows].sum())))
    return everybody


def _areas(sightings: Sightings, size: tuple[int, int]) -> Floats64:
    """(S,) pixels: the box around what is seen of a person."""
    points = sightings.in_pixels(size)
    seen = np.isfinite(points)
    low = np.where(seen, points, np.inf).min(axis=1)
    high = np.where(seen, points, -np.inf).max(axis=1)
    return np.maximum(high - low, 0).prod(axis=1).astype(np.float64)


def largest(everybody: list[Person]) -> Person:
    """Who takes up most of the pictures, over all frames together."""
    if not everybody:
        raise RetakeError("Nobody was found in any frame.")
    return max(everybody, key=lambda person: person.area)


def by_number(everybody: list[Person], number: int) -> Person:
    for person in everybody:
        if person.number == number:
            return person
    told = ", ".join(f"{p.number} (frames {p.first}-{p.last})" for p in everybody) or "nobody"
    raise RetakeError(f"There is no person {number}. Found were: {told}.")


def by_click(
    everybody: list[Person],
    sightings: Sightings,
    size: tuple[int, int],
    frame: int,
    place: tuple[float, float],
) -> Person:
    """Who is nearest to `place` (pixels) in `frame`; RetakeError if nobody is seen in it."""
    middles = limb_middles(sightings, size)
    distances: dict[float, Person] = {}
    for person in everybody:
        for row in person.rows[sightings.frames[person.rows] == frame].tolist():
            off = np.linalg.norm(middles[row] - np.array(place), axis=-1)
            distances[float(np.nanmin(off, initial=np.inf))] = person
    if not distances:
        raise RetakeError(f"Nobody was found in frame {frame}. Choose another frame.")
    return distances[min(distances)]
