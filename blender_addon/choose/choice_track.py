"""The choice track: what an animator has decided, as a small list that changes nothing itself.

Where nobody decided, the takes' best holds. It knows no arrays but the times of frames and the
picks it makes of them; `combine` turns picks into a motion.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from ...shared.arrays import Floats, Ints
from ...shared.errors import RetakeError
from ...shared.takes import LIMB_GROUPS, Takes

WHOLE = "whole"
"""In place of a limb group: the whole body."""

GROUPS = (WHOLE, *LIMB_GROUPS)

BLEND_S = 0.16
"""Seconds of a seam's cross-fade: four frames at 25 per second."""

LONGEST_BLEND_S = 5.0

SAME_TIME_S = 1e-6
"""Frames nearer than this to a decision's end belong to it."""


@dataclass(frozen=True)
class Decision:
    """From `first` to `last`, seconds as in `Takes.times`, a limb group shows a hypothesis.

    `colour` is the number of the take among the named ones it was chosen from, from 0; -1: none.
    Both ends are included. `blend_in` and `blend_out` are the lengths of the cross-fades around
    them in seconds, half before and half after; 0 cuts.
    """

    first: float
    last: float
    hypothesis: int
    group: str = WHOLE
    blend_in: float = BLEND_S
    blend_out: float = BLEND_S
    colour: int = -1

    def __post_init__(self) -> None:
        """Raises RetakeError that says what was expected and what was found."""
        if not (math.isfinite(self.first) and self.first <= self.last < math.inf):
            raise RetakeError(
                f"A decision goes from {self.first} to {self.last} s; "
                "expected two times, the earlier first."
            )
        if self.group not in GROUPS:
            raise RetakeError(
                f"A decision is about '{self.group}'; expected one of {', '.join(GROUPS)}."
            )
        if self.hypothesis < 0:
            raise RetakeError(f"A decision is for take {self.hypothesis}; expected 0 or more.")
        for blend in (self.blend_in, self.blend_out):
            if not 0 <= blend <= LONGEST_BLEND_S:
                raise RetakeError(
                    f"A decision is blended over {blend} s; expected 0 to {LONGEST_BLEND_S:g}."
                )

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(LIMB_GROUPS) if self.group == WHOLE else (self.group,)

    def frames(self, times: Floats) -> slice:
        """The frames at `times` (F,) that it is about; empty if it lies between two of them."""
        first = np.searchsorted(times, self.first - SAME_TIME_S, side="left")
        last = np.searchsorted(times, self.last + SAME_TIME_S, side="right")
        return slice(int(first), int(last))


@dataclass(frozen=True)
class Seam:
    """Before frame `frame` a group changes to another hypothesis, faded over `seconds`."""

    group: str
    frame: int
    before: int
    after: int
    seconds: float


@dataclass(frozen=True)
class ChoiceTrack:
    """Decisions in the order they were made: where two disagree the later one holds."""

    decisions: tuple[Decision, ...] = ()

    def with_decision(self, decision: Decision) -> ChoiceTrack:
        """`decision` made last. Decisions that it hides entirely are dropped."""
        kept = [d for d in self.decisions if not _hides(decision, d)]
        return ChoiceTrack((*kept, decision))

    def without(self, first: float, last: float, group: str) -> ChoiceTrack:
        """Nothing decided from `first` to `last`: decisions are dropped, cut short or cut in two.

        A decision for the whole body keeps its other limb groups.
        """
        cleared = tuple(LIMB_GROUPS) if group == WHOLE else (group,)
        kept: list[Decision] = []
        for decision in self.decisions:
            if decision.last < first or decision.first > last:
                kept.append(decision)
                continue
            hit = [g for g in decision.groups if g in cleared]
            rest = [g for g in decision.groups if g not in cleared]
            if not hit:
                kept.append(decision)
            elif rest:
                kept += [replace(decision, group=g) for g in rest]
                kept += [p for g in hit for p in _outside(replace(decision, group=g), first, last)]
            else:
                kept += _outside(decision, first, last)
        return ChoiceTrack(tuple(kept))

    def check(self, takes: Takes) -> None:
        """Raises RetakeError if a decision is for a take that does not exist."""
        for decision in self.decisions:
            if decision.hypothesis >= takes.hypothesis_count:
                raise RetakeError(
                    f"A decision is for take {decision.hypothesis}: "
                    f"the takes hold 0 to {takes.hypothesis_count - 1}."
                )

    def picks(self, takes: Takes) -> dict[str, Ints]:
        """Limb group -> hypothesis at every frame (F,), cuts at the seams. Raises RetakeError."""
        self.check(takes)
        shape = takes.frame_count
        picks = {g: np.full(shape, takes.best[g], dtype=np.intp) for g in LIMB_GROUPS}
        for decision in self.decisions:
            for group in decision.groups:
                picks[group][decision.frames(takes.times)] = decision.hypothesis
        return picks

    def seams(self, takes: Takes) -> list[Seam]:
        """Where the picks change, in order of time. Raises RetakeError."""
        return [
            Seam(group, int(f), int(own[f - 1]), int(own[f]), self._blend_at(group, int(f), takes))
            for group, own in self.picks(takes).items()
            for f in np.flatnonzero(np.diff(own)) + 1
        ]

    def _blend_at(self, group: str, frame: int, takes: Takes) -> float:
        """Of the decision made last of those that begin or end there."""
        for decision in reversed(self.decisions):
            frames = decision.frames(takes.times)
            if group in decision.groups and frames.start < frames.stop:
                if frames.start == frame:
                    return decision.blend_in
                if frames.stop == frame:
                    return decision.blend_out
        return BLEND_S

    def to_json(self) -> str:
        return json.dumps([asdict(decision) for decision in self.decisions])

    @staticmethod
    def from_json(text: str) -> ChoiceTrack:
        """The inverse of `to_json`. Raises RetakeError for anything else."""
        try:
            rows = json.loads(text)
        except ValueError:
            raise RetakeError("The choices are not JSON. Clear them and choose again.") from None
        if not isinstance(rows, list):
            raise RetakeError("The choices are no list of decisions. Clear them and choose again.")
        return ChoiceTrack(tuple(_decision(row) for row in rows))


def as_track(decisions: Iterable[Decision] | ChoiceTrack) -> ChoiceTrack:
    return decisions if isinstance(decisions, ChoiceTrack) else ChoiceTrack(tuple(decisions))


def moved(decision: Decision, first: float | None = None, last: float | None = None) -> Decision:
    """With other ends, which may not pass each other."""
    first = decision.first if first is None else min(first, decision.last)
    last = decision.last if last is None else max(last, first)
    return replace(decision, first=first, last=last)


def _hides(later: Decision, earlier: Decision) -> bool:
    covers = later.first <= earlier.first and earlier.last <= later.last
    return covers and set(earlier.groups) <= set(later.groups)


def _outside(decision: Decision, first: float, last: float) -> Sequence[Decision]:
    """What is left of it before `first` and after `last`."""
    nearly = 2 * SAME_TIME_S
    parts: list[Decision] = []
    if decision.first <= first - nearly:
        parts.append(replace(decision, last=first - nearly))
    if decision.last >= last + nearly:
        parts.append(replace(decision, first=last + nearly))
    return parts


_FIELDS = tuple(field.name for field in fields(Decision))


def _decision(row: Any) -> Decision:
    if not isinstance(row, dict) or not row.keys() <= set(_FIELDS):
        raise RetakeError(f"A decision has the fields {', '.join(_FIELDS)}; found {row!r:.80}.")
    try:
        return Decision(
            first=float(row["first"]),
            last=float(row["last"]),
            hypothesis=int(row["hypothesis"]),
            group=str(row.get("group", WHOLE)),
            blend_in=float(row.get("blend_in", BLEND_S)),
            blend_out=float(row.get("blend_out", BLEND_S)),
            colour=int(row.get("colour", -1)),
        )
    except (KeyError, TypeError, ValueError):
        raise RetakeError(f"A decision cannot be read: {row!r:.80}.") from None
