"""The review list: stretches where the takes disagree, the worst first, and which are done.

It knows how far takes lie apart (`agreement`), not why, and no Blender.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...shared.arrays import Bools, Floats
from ...shared.takes import LIMB_GROUPS, Takes
from ..takes.costs import Costs, costs_of
from ..takes.held import Limited
from .agreement import Doubt, doubt_of
from .combine import combine
from .stage import scale_of

DOUBTFUL_DEGREES = 15.0
"""From this disagreement on a stretch is listed: one mirrored limb of 7 % of the weight, 57 degrees
away, or all three of them 33."""

SHORTEST_S, GAP_S, LONGEST_S = 0.2, 0.3, 4.0
"""Shorter stretches are not listed, shorter gaps do not divide; longer stretches are cut where the
takes agree best."""

SAME_SHARE = 0.5
"""Stretches of two limb groups that share this part of their time are one."""


@dataclass(frozen=True)
class Stretch:
    """Seconds `first` to `last` in which `groups` are in doubt, the worst group first."""

    first: float
    last: float
    groups: tuple[str, ...]
    degrees: float
    millimetres: float

    @property
    def key(self) -> str:
        """Names it in a file; `is_done` finds it again even if its ends move a little."""
        return f"{self.groups[0]}:{self.first:.3f}:{self.last:.3f}"


@dataclass(frozen=True)
class Review:
    """What there is to know of a set of takes before anybody chooses, made in one go."""

    doubt: Doubt
    stretches: tuple[Stretch, ...]
    costs: Costs


def review_of(
    takes: Takes, limit_degrees: float, leg_length: float | None, rig: Limited | None = None
) -> Review:
    """All of it; `leg_length` of the rig, None: there is none, and millimetres are the person's.
    `rig`: if it has limits."""
    scale = scale_of(combine(takes), leg_length) if leg_length is not None else 1.0
    doubt = doubt_of(takes)
    found = stretches_of(takes, doubt, limit_degrees, scale)
    return Review(doubt, tuple(found), costs_of(takes, rig))


def stretches_of(
    takes: Takes, doubt: Doubt, limit_degrees: float = DOUBTFUL_DEGREES, scale: float = 1.0
) -> list[Stretch]:
    """The doubtful stretches, by disagreement. `scale`: size of the rig over that of the person."""
    found: list[Stretch] = []
    for row, group in enumerate(LIMB_GROUPS):
        degrees, reach = doubt.degrees[row], doubt.millimetres[row] * scale
        for first, last in _runs(degrees > limit_degrees, degrees, takes.times):
            part = slice(first, last + 1)
            ends = float(takes.times[first]), float(takes.times[last])
            worst = float(degrees[part].max()), float(reach[part].max())
            found.append(Stretch(*ends, (group,), *worst))
    found.sort(key=lambda stretch: -stretch.degrees)
    return _merged(found)


def is_done(stretch: Stretch, done: Sequence[str]) -> bool:
    """Whether more than half of it was ticked off, in its worst limb group."""
    for key in done:
        group, first, last = parse_key(key)
        if group == stretch.groups[0] and _overlap(stretch, first, last) > SAME_SHARE:
            return True
    return False


def without_done(stretch: Stretch, done: Sequence[str]) -> list[str]:
    """The keys in `done` that do not tick this stretch off."""
    return [key for key in done if not is_done(stretch, [key])]


def parse_key(key: str) -> tuple[str, float, float]:
    """Group, first and last second; a key that is none names nothing."""
    try:
        group, first, last = key.split(":")
        return group, float(first), float(last)
    except ValueError:
        return "", 0.0, 0.0


def neighbour(stretches: Sequence[Stretch], seconds: float, step: int) -> Stretch | None:
    """The next (`step` 1) or the previous (-1) stretch in time, round the end of the clip."""
    if not stretches:
        return None
    ordered = sorted(stretches, key=lambda s: (s.first, s.groups))
    if step > 0:
        return next((s for s in ordered if s.first > seconds + 1e-4), ordered[0])
    return next((s for s in reversed(ordered) if s.first < seconds - 1e-4), ordered[-1])


def total_seconds(stretches: Sequence[Stretch]) -> float:
    """The time that at least one of them covers."""
    covered, end = 0.0, -np.inf
    for stretch in sorted(stretches, key=lambda s: s.first):
        covered += max(0.0, stretch.last - max(stretch.first, end))
        end = max(end, stretch.last)
    return float(covered)


def _merged(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The worst first; one that covers mostly the same time joins a worse one."""
    kept: list[Stretch] = []
    for stretch in stretches:
        for index, worse in enumerate(kept):
            shared = min(
                _overlap(stretch, worse.first, worse.last),
                _overlap(worse, stretch.first, stretch.last),
            )
            if shared > SAME_SHARE and stretch.groups[0] not in worse.groups:
                kept[index] = replace(worse, groups=(*worse.groups, *stretch.groups))
                break
        else:
            kept.append(stretch)
    return kept


def _overlap(stretch: Stretch, first: float, last: float) -> float:
    """The part of the stretch's time between `first` and `last`."""
    shared = min(stretch.last, last) - max(stretch.first, first)
    return max(0.0, shared) / max(stretch.last - stretch.first, 1e-9)


def _runs(doubtful: Bools, degrees: Floats, times: Floats) -> Iterator[tuple[int, int]]:
    """First and last frame of every stretch."""
    edges = np.diff(np.concatenate([[False], doubtful, [False]]).astype(np.int8))
    runs = np.flatnonzero(edges).reshape(-1, 2) - (0, 1)
    joined: list[list[int]] = []
    for first, last in runs.tolist():
        if joined and times[first] - times[joined[-1][1]] < GAP_S:
            joined[-1][1] = last
        else:
            joined.append([first, last])
    for first, last in joined:
        if times[last] - times[first] >= SHORTEST_S:
            yield from _cut(first, last, degrees, times)


def _cut(first: int, last: int, degrees: Floats, times: Floats) -> Iterator[tuple[int, int]]:
    """Pieces of at most `LONGEST_S`, cut where the disagreement is least, not near the ends."""
    if times[last] - times[first] <= LONGEST_S:
        yield first, last
        return
    edge = LONGEST_S / 4
    inside = (times >= times[first] + edge) & (times <= times[last] - edge)
    middle = int(np.argmin(np.where(inside, degrees, np.inf)))
    yield from _cut(first, middle - 1, degrees, times)
    yield from _cut(middle, last, degrees, times)
