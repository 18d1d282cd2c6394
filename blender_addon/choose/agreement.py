"""How far hypotheses lie apart at every frame, in degrees of bone directions and in millimetres.

Bones count by their lengths, as in `shared.choosing`, so that a knee says more than a shoulder.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Floats
from ...shared.bones import decompose
from ...shared.choosing.moments import degrees_of
from ...shared.skeleton import HUMAN36M
from ...shared.takes import LIMB_GROUPS, Takes

SMOOTHING_S = 0.25
"""Jitter is averaged away over so much time: it is no other answer."""


@dataclass(frozen=True)
class Doubt:
    """How much the takes disagree with the best, at every frame of the clip.

    degrees (groups in the order of `LIMB_GROUPS`, F): of all bones of a group together
    millimetres (groups, F): of the joint at the group's end, seen from the group's start
    """

    degrees: Floats
    millimetres: Floats


def doubt_of(takes: Takes) -> Doubt:
    """Root mean square over all hypotheses, by weight, of their distance from the best one."""
    weights = takes.weights.astype(np.float64)
    shape = (len(LIMB_GROUPS), takes.frame_count)
    degrees, millimetres = np.zeros(shape), np.zeros(shape)
    length = max(1, round(SMOOTHING_S * takes.fps))
    best = {h: _Bones.of(takes, h, length) for h in set(takes.best.values())}
    for hypothesis, weight in enumerate(weights):
        own = best.get(hypothesis) or _Bones.of(takes, hypothesis, length)
        for row, (group, joints) in enumerate(LIMB_GROUPS.items()):
            other = best[takes.best[group]]
            degrees[row] += weight * own.squared_chord(other, joints)
            millimetres[row] += weight * own.squared_reach(other, joints)
    return Doubt(degrees_of(np.sqrt(degrees)), np.sqrt(millimetres) * 1000.0)


def apart(takes: Takes, one: int, other: int, groups: Iterable[str]) -> Floats:
    """Degrees (F,) between two hypotheses: the limb group that differs most counts."""
    first, second = _Bones.of(takes, one, 1), _Bones.of(takes, other, 1)
    chords = [np.sqrt(first.squared_chord(second, LIMB_GROUPS[group])) for group in groups]
    return degrees_of(np.max(chords, axis=0))


@dataclass(frozen=True)
class _Bones:
    """Directions (F, 17, 3) and lengths (17,) of one hypothesis, and its ends' places."""

    directions: Floats
    lengths: Floats

    @staticmethod
    def of(takes: Takes, hypothesis: int, length: int) -> _Bones:
        lengths, directions = decompose(takes.poses[hypothesis].astype(np.float64), HUMAN36M)
        return _Bones(_averaged(directions, length), lengths[..., 0].mean(axis=0))

    def squared_chord(self, other: _Bones, joints: tuple[int, ...]) -> Floats:
        slots = list(joints)
        shares = self.lengths[slots] / max(float(self.lengths[slots].sum()), 1e-12)
        change = np.sum((self.directions[:, slots] - other.directions[:, slots]) ** 2, axis=-1)
        return change @ shares

    def squared_reach(self, other: _Bones, joints: tuple[int, ...]) -> Floats:
        """Squared metres between the group's ends, both hung up at the same place."""
        slots = list(joints)
        change = (self.directions - other.directions)[:, slots] * self.lengths[slots, None]
        return np.sum(change.sum(axis=1) ** 2, axis=-1)


def _averaged(values: Floats, length: int) -> Floats:
    """Means over about `length` frames around every frame (F, ...); the ends are held."""
    if length < 2 or len(values) < 2:
        return values
    before = length // 2
    padded = np.concatenate(
        [np.repeat(values[:1], before, 0), values, np.repeat(values[-1:], length - 1 - before, 0)]
    )
    total = np.concatenate([np.zeros_like(values[:1]), np.cumsum(padded, axis=0)])
    return (total[length:] - total[:-length]) / length
