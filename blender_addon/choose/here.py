"""What there is to choose from in a range, and takes that were sampled again for a range.

A take that was sampled again is a copy of another outside of its range; it counts only within.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ...shared.arrays import Ints
from ...shared.choosing.alternatives import Choice, choice_of
from ...shared.choosing.clusters import MOST_CLUSTERS
from ...shared.choosing.moments import moments_of
from ...shared.errors import RetakeError
from ...shared.takes import LIMB_GROUPS, Alternative, Takes
from .choice_track import WHOLE

WORDS = {WHOLE: "whole body", "torso_head": "torso and head"}

RESAMPLED = "resampled"
"""The provenance's list of what was sampled again."""


@dataclass(frozen=True)
class Again:
    """What was asked for when a range was sampled again; times in seconds as in `Takes.times`."""

    first: float
    last: float
    groups: tuple[str, ...]
    strength: float
    seed: int


def alternatives_in(takes: Takes, group: str, first: int, last: int) -> tuple[Alternative, ...]:
    """The distinct takes of a limb group, or of the whole body, in frames `first` to `last`.

    Raises RetakeError if the clip has no such frames.
    """
    is_all = first == 0 and last == takes.frame_count - 1
    if is_all and RESAMPLED not in takes.provenance:  # the server has named them already
        return (takes.whole or _heaviest(takes)) if group == WHOLE else takes.groups[group]
    choice = choice_here(takes, first, last)
    return choice.whole if group == WHOLE else choice.groups[group]


def with_worn(
    takes: Takes, rows: tuple[Alternative, ...], group: str, worn: int, first: int, last: int
) -> tuple[Alternative, ...]:
    """The same, but the take that the character wears stands for those that are like it.

    So one row is what is seen already, and the others are what else there is. `group` is a limb
    group: whole bodies are worn limb by limb.
    """
    if not rows or worn in (row.hypothesis for row in rows):
        return rows
    compared = [worn, *(row.hypothesis for row in rows)]
    poses = takes.poses[compared, first : last + 1]
    points = moments_of(poses, takes.fps, {group: LIMB_GROUPS[group]})[group].points
    apart = np.linalg.norm(points[:, 1:] - points[:, :1], axis=-1).mean(axis=0)
    like = int(np.argmin(apart))
    return tuple(replace(r, hypothesis=worn) if i == like else r for i, r in enumerate(rows))


def _heaviest(takes: Takes) -> tuple[Alternative, ...]:
    """For files from before takes of the whole body had names."""
    order = np.argsort(-takes.weights, kind="stable")[:MOST_CLUSTERS]
    return tuple(Alternative(f"take {h + 1}", float(takes.weights[h]), int(h)) for h in order)


def choice_here(takes: Takes, first: int, last: int) -> Choice:
    """`shared.choosing.choice_of` a range, among the takes that were made for it."""
    if not 0 <= first <= last < takes.frame_count:
        raise RetakeError(
            f"The range is frame {first} to {last}; the clip has frames 0 to "
            f"{takes.frame_count - 1}."
        )
    ours = valid_in(takes, float(takes.times[first]), float(takes.times[last]))
    frames = slice(first, last + 1)
    weights = takes.weights[ours].astype(np.float64)
    found = choice_of(
        takes.poses[ours, frames], (weights / weights.sum()).astype(np.float32), takes.times[frames]
    )

    def own(rows: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
        return tuple(replace(row, hypothesis=int(ours[row.hypothesis])) for row in rows)

    return Choice(
        own(found.whole),
        {group: own(rows) for group, rows in found.groups.items()},
        {group: int(ours[hypothesis]) for group, hypothesis in found.best.items()},
    )


def valid_in(takes: Takes, first: float, last: float) -> Ints:
    """Hypotheses that say something of their own between two seconds of the clip."""
    ours = np.ones(takes.hypothesis_count, dtype=np.bool_)
    for entry in takes.provenance.get(RESAMPLED, []):
        if entry["last"] < first or entry["first"] > last:
            ours[entry["hypotheses"][0] : entry["hypotheses"][1]] = False
    return np.flatnonzero(ours)


def with_more(takes: Takes, more: Takes, again: Again) -> Takes:
    """`takes` and after them those of `more`, which `again` asked for: none is replaced.

    Every hypothesis keeps its number, its part of the weight among its own, and the best stays what
    it was, so that nothing changes on the character until somebody chooses. Raises RetakeError if
    they are not of the same clip.
    """
    if more.frame_count != takes.frame_count or np.any(np.abs(more.times - takes.times) > 1e-3):
        raise RetakeError(
            f"The new takes have {more.frame_count} frames, the old ones {takes.frame_count}: "
            "they are not of the same clip. Sample all of it again."
        )
    old, new = takes.hypothesis_count, more.hypothesis_count
    share = new / (old + new)
    weights = np.concatenate([takes.weights * (1 - share), more.weights * share])
    merged = replace(
        takes,
        poses=np.concatenate([takes.poses, more.poses]),
        root=np.concatenate([takes.root, more.root]),
        weights=(weights / weights.sum()).astype(np.float32),
        provenance={
            **takes.provenance,
            RESAMPLED: [*takes.provenance.get(RESAMPLED, []), _entry(again, old, old + new, more)],
        },
    )
    return merged


def _entry(again: Again, first: int, stop: int, more: Takes) -> Mapping[str, Any]:
    return {
        "first": again.first,
        "last": again.last,
        "groups": list(again.groups),
        "strength": again.strength,
        "seed": again.seed,
        "model": more.model,
        "hypotheses": [first, stop],
        "provenance": more.provenance,
    }


def group_words(group: str) -> str:
    """A limb group as people say it."""
    return WORDS.get(group, group.replace("_", " "))
