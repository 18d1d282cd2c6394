"""Names that tell takes apart: what differs between them, where they differ most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from ..arrays import Floats
from .words import Quality, qualities_of

CLEAR_ENOUGH = 0.1
"""A smaller difference is not worth saying, though it may lie on both sides of a limit."""

PLAIN = 0.5
"""From this difference on nobody can mistake one for the other: telling more pairs apart is better
than telling one apart by more."""


@dataclass(frozen=True)
class Scene:
    """All takes at one moment at which some of them differ.

    group    the limb group that differs, a key of `shared.takes.LIMB_GROUPS`
    seconds  where in the clip
    poses    (K, 17, 3), camera frame: how each take stands there
    """

    group: str
    seconds: float
    poses: Floats


_Said = dict[int, tuple[str, float]]
"""What one statement says: take -> phrase and seconds."""


@dataclass(frozen=True)
class _Statement:
    scene: Scene
    quality: Quality
    numbers: Floats

    def contrast(self, one: int, other: int) -> float:
        """How clearly its words tell two takes apart; 0 if they say the same of both."""
        difference = float(abs(self.numbers[one] - self.numbers[other]))
        steps = self.quality.step_of(self.numbers[[one, other]])
        if steps[0] == steps[1] or difference < CLEAR_ENOUGH:
            return 0.0
        return difference * self.quality.clearness

    def worth(self, pairs: set[tuple[int, int]]) -> tuple[float, float]:
        """How many pairs it tells apart plainly, and by how much."""
        contrasts = [self.contrast(*pair) for pair in sorted(pairs)]
        return sum(min(contrast, PLAIN) for contrast in contrasts), sum(contrasts)


def names_of(scenes: Sequence[Scene]) -> list[str]:
    """One name for each of the K takes in `scenes`, no two the same.

    The clearest statement comes first: the one that tells most pairs of takes apart by most. More
    are made until no two takes are the same, each only of the takes that need it. What no word
    tells apart is compared ("left hand higher"). The time is added where takes differ at several.
    """
    count = len(scenes[0].poses)
    spoken = _without_commonplaces(_speak(scenes, count))
    with_time = len({seconds for said in spoken for _, seconds in said.values()}) > 1
    names = [_joined([said[k] for said in spoken if k in said], with_time) for k in range(count)]
    return [f"{n} ({names[:k].count(n) + 1})" if n in names[:k] else n for k, n in enumerate(names)]


def _speak(scenes: Sequence[Scene], count: int) -> list[_Said]:
    statements = [
        _Statement(s, q, q.measure(s.poses)) for s in scenes for q in qualities_of(s.group)
    ]
    spoken: list[_Said] = []
    alike = set(combinations(range(count), 2))
    while apart := _told_apart(statement := max(statements, key=lambda s: s.worth(alike)), alike):
        phrases = statement.quality.phrases(statement.scene.poses, statement.numbers)
        takes = sorted({take for pair in apart for take in pair})
        spoken.append({take: (phrases[take], statement.scene.seconds) for take in takes})
        alike -= apart
    while alike:
        takes = _connected(alike)
        statement = max(statements, key=lambda s: np.ptp(s.numbers[takes]) * s.quality.clearness)
        spoken.append(_compared(statement, takes))
        alike -= set(combinations(takes, 2))
    return spoken


def _without_commonplaces(spoken: list[_Said]) -> list[_Said]:
    """What most takes share is left to the few that differ, except where nothing else is said."""
    left = Counter(take for said in spoken for take in said)
    kept: list[_Said] = []
    for said in spoken:
        common = [
            phrase for phrase, times in Counter(said.values()).items() if 2 * times > len(said)
        ]
        dropped = {take for take in said if said[take] in common and left[take] > 1}
        left.subtract(dropped)
        kept.append({take: phrase for take, phrase in said.items() if take not in dropped})
    return kept


def _told_apart(statement: _Statement, pairs: set[tuple[int, int]]) -> set[tuple[int, int]]:
    return {pair for pair in pairs if statement.contrast(*pair) > 0}


def _connected(pairs: set[tuple[int, int]]) -> list[int]:
    """All takes that are linked with the first one, in their order."""
    found = set(min(pairs))
    while more := {take for pair in pairs if found & set(pair) for take in pair} - found:
        found |= more
    return sorted(found)


def _compared(statement: _Statement, takes: list[int]) -> _Said:
    """The less and the more of two; of several also their ranks."""
    quality, seconds = statement.quality, statement.scene.seconds
    ranked = sorted(takes, key=lambda take: (statement.numbers[take], take))
    words = [f"{quality.more}: {rank} of {len(ranked)}" for rank in range(1, len(ranked) + 1)]
    if len(ranked) == 2:
        words = [quality.less, quality.more]
    return {take: (phrase, seconds) for take, phrase in zip(ranked, words, strict=True)}


def _joined(phrases: list[tuple[str, float]], with_time: bool) -> str:
    texts = [f"{phrase} at {time:.1f} s" if with_time else phrase for phrase, time in phrases]
    return ", ".join(dict.fromkeys(texts))
