"""People who are lost for a moment and found again where only they can be.

Following goes forward in time and must decide at once. Afterwards more is known: who lasts and is
not just a mistake of the detector, and who else could have come. It does not know how people are
followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Floats, Floats32, Floats64, Ints

LASTING_S = 0.5
"""Who is seen for less is not joined to anybody."""

LONGEST_AWAY_S = 1.5
REACH, REACH_PER_S = 0.35, 2.0
"""Heights. As far as somebody who jumps or falls gets."""

LARGEST_GROWTH = 1.8
"""Of the height that is usual for the person, which is not that of one who is curled up."""

EDGE = 0.02
"""Of the picture's width. Who is lost nearer to its sides has left it."""


@dataclass(frozen=True)
class _Stretch:
    """Somebody from the first to the last time in sight. Places are middles of the body, pixels."""

    number: int
    first: int
    last: int
    begin: Floats
    end: Floats
    height: float
    leaves: bool
    enters: bool


def rejoined(
    numbers: Ints,
    frames: Ints,
    middles: Floats32,
    heights: Floats64,
    times: Floats64,
    size: tuple[int, int],
    cuts: Sequence[int] = (),
) -> Ints:
    """(S,) numbers of people, where the one found again has the number of the one who was lost.

    They are joined only if nobody else who lasts is lost or found there and then, and not across a
    cut. numbers, frames and heights (S,), middles (S, limbs, 2) in pixels, times (frames,).
    """
    stretches = [
        _stretch(number, numbers == number, frames, middles, heights, size)
        for number in sorted(set(numbers.tolist()) - {-1})
    ]
    lasting = [s for s in stretches if times[s.last] - times[s.first] >= LASTING_S]
    pairs = [
        (lost, found) for lost in lasting for found in lasting if _can_be(lost, found, times, cuts)
    ]
    numbers = numbers.copy()
    for lost, found in sorted(pairs, key=lambda pair: -pair[1].first):
        only = sum(lost is one or found is other for one, other in pairs) == 1
        if only:
            numbers[numbers == found.number] = lost.number
    return numbers


def _stretch(
    number: int,
    mine: Floats,
    frames: Ints,
    middles: Floats32,
    heights: Floats64,
    size: tuple[int, int],
) -> _Stretch:
    rows = np.flatnonzero(mine)
    begin, end = (_middle(middles[rows[i]]) for i in (0, -1))
    margin = EDGE * size[0] + heights[rows[-1]] / 4
    at_side = [not margin < place[0] < size[0] - margin for place in (begin, end)]
    return _Stretch(
        number=number,
        first=int(frames[rows[0]]),
        last=int(frames[rows[-1]]),
        begin=begin,
        end=end,
        height=float(np.median(heights[rows])),
        enters=at_side[0],
        leaves=at_side[1],
    )


def _middle(limbs: Floats) -> Floats:
    """Of the limbs (L, 2) that are seen; NaN without any, which is nowhere."""
    seen = np.isfinite(limbs)
    with np.errstate(invalid="ignore"):
        return np.where(seen, limbs, 0).sum(axis=0) / seen.sum(axis=0)


def _can_be(lost: _Stretch, found: _Stretch, times: Floats64, cuts: Sequence[int]) -> bool:
    """Whether `found` may be `lost`, seen again."""
    away = float(times[found.first] - times[lost.last])
    if not 0 < away <= LONGEST_AWAY_S or lost.leaves or found.enters:
        return False
    if any(lost.last < cut <= found.first for cut in cuts):
        return False
    larger, smaller = max(lost.height, found.height), min(lost.height, found.height)
    apart = float(np.linalg.norm(found.begin - lost.end))
    return apart <= (REACH + REACH_PER_S * away) * larger and larger <= LARGEST_GROWTH * smaller
