"""The rows of the Takes list: what an animator sees of a set of takes. Knows no bpy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ...shared.takes import Takes

BEST = -1
"""In place of a hypothesis: the likeliest take of every limb group."""


@dataclass(frozen=True)
class Row:
    """`share` is the part of all hypotheses' weight that this one, or what it stands for, carries.

    named        whether it is one of the distinct takes of the whole body
    """

    name: str
    share: float
    hypothesis: int
    named: bool


def rows_of(takes: Takes) -> list[Row]:
    """First the takes' own choice, then the distinct takes by name, then all others by weight."""
    distinct = [Row(_sentence(a.name), a.share, a.hypothesis, True) for a in takes.whole]
    known = {row.hypothesis for row in distinct}
    order = [int(h) for h in np.argsort(-takes.weights, kind="stable") if int(h) not in known]
    others = [Row(f"Take {h + 1}", float(takes.weights[h]), h, not distinct) for h in order]
    return [Row("Best of All", 1.0, BEST, True), *distinct, *others]


MOMENT = re.compile(r" at \d+\.\d s\b")


@lru_cache(maxsize=8)
def without_moments(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names without "at 1.1 s", for rows that are too narrow; as they are if that would make
    two the same."""
    short = tuple(MOMENT.sub("", name) for name in names)
    return short if len(set(short)) == len(set(names)) else names


def _sentence(name: str) -> str:
    return name[:1].upper() + name[1:]
