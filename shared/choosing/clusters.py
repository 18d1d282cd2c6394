"""Clusters: which hypotheses are the same answer, decided where they differ most.

Hypotheses of a long clip agree at one place and differ at another, independently, so that no two
are alike everywhere. A cluster is therefore cut in two at the one moment that divides it best, and
its parts again, each at a moment of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Bools, Floats, Ints
from .moments import chord_of

THRESHOLD_DEGREES = 8.0
"""Answers whose bones differ by less are the same answer."""

MOST_CLUSTERS = 5

SMALLEST_SHARE = 0.04
"""Of all weight. What has less is a stray sample: below one in twenty of equal weight."""

ROUNDS = 8

CAUTION = 2.0
"""Times the scatter that the means of small samples show by chance, taken off their distance."""


@dataclass(frozen=True)
class Cut:
    """Where a cluster was divided: which of the compared limb groups, and which of its moments."""

    group: int
    moment: int


@dataclass(frozen=True)
class Cluster:
    """Hypotheses that are one answer, and the cuts that set them apart, the first cut first."""

    members: Ints
    cuts: tuple[Cut, ...] = ()


@dataclass(frozen=True)
class _Division:
    cut: Cut
    gain: float
    """The part of the members' scatter that the cut explains, times their weight."""
    side: Bools
    """(members,)"""


def find_clusters(
    points: Sequence[Floats], weights: Floats, threshold_degrees: float = THRESHOLD_DEGREES
) -> list[Cluster]:
    """1 to `MOST_CLUSTERS` clusters of the hypotheses, the heaviest first.

    `points`: for every limb group to compare (T, H, D), see `Moments`; weights (H,), sum 1. Two
    clusters differ by more than the threshold in one group at one moment, as far as the scatter
    within them lets it be told.
    """
    clusters = [Cluster(np.arange(len(weights)))]
    divisions = [_divide(points, weights, clusters[0], threshold_degrees)]
    while len(clusters) < MOST_CLUSTERS:
        at = max(range(len(clusters)), key=lambda i: d.gain if (d := divisions[i]) else 0.0)
        division, cluster = divisions.pop(at), clusters.pop(at)
        if division is None:
            clusters.append(cluster)
            break
        for side in (division.side, ~division.side):
            clusters.append(Cluster(cluster.members[side], (*cluster.cuts, division.cut)))
            divisions.append(_divide(points, weights, clusters[-1], threshold_degrees))
    return sorted(
        clusters, key=lambda c: (-round(float(weights[c.members].sum()), 9), c.members[0])
    )


def _divide(
    points: Sequence[Floats], weights: Floats, cluster: Cluster, threshold_degrees: float
) -> _Division | None:
    """The cut that explains most of the cluster's scatter; None if no two parts differ enough."""
    if len(cluster.members) < 2:
        return None
    own = weights[cluster.members]
    best: _Division | None = None
    for group, values in enumerate(points):
        side, gain = _halves(
            values[:, cluster.members], own / own.sum(), float(own.sum()), threshold_degrees
        )
        moment = int(np.argmax(gain))
        if gain[moment] > (best.gain if best else 0.0):
            best = _Division(Cut(group, moment), float(gain[moment]), side[moment])
    return best


def _halves(
    values: Floats, part: Floats, weight: float, threshold_degrees: float
) -> tuple[Bools, Floats]:
    """Two-means at every moment: sides (T, n), and what each cut gains (T,), 0 where not allowed.

    values (T, n, D); part (n,), sum 1. The distance between the means of two small samples is too
    large by what their scatter alone makes of it, which is subtracted before it is judged.
    """
    centred = values - np.einsum("tnd,n->td", values, part)[:, None]
    side = np.einsum("tnd,td->tn", centred, _main_axis(centred, part)) > 0
    for _ in range(ROUNDS):
        one, other = (_mean_of(centred, part * s) for s in (side, ~side))
        nearer = np.einsum("tnd,td->tn", centred - (one + other)[:, None] / 2, one - other) > 0
        side = np.where((nearer.any(axis=1) & ~nearer.all(axis=1))[:, None], nearer, side)
    share = side @ part
    one, other = (_mean_of(centred, part * s) for s in (side, ~side))
    between = np.sum((one - other) ** 2, axis=-1)
    smaller = np.minimum(share, 1 - share)
    product = np.maximum(share * (1 - share), 1e-12)
    scatter = np.einsum("tnd,n->t", centred**2, part) - product * between
    count = 1 / float(np.sum(part**2))
    unbiased = between - CAUTION * scatter / max(count - 2, 1) / product
    allowed = (unbiased > chord_of(threshold_degrees) ** 2) & (smaller * weight >= SMALLEST_SHARE)
    return side, np.where(allowed, weight * product * unbiased, 0.0)


def _main_axis(centred: Floats, part: Floats) -> Floats:
    """Direction (T, D) of the largest scatter of (T, n, D), by power iteration.

    It starts from the point farthest out, which cannot be at right angles to all scatter.
    """
    outermost = np.argmax(np.sum(centred**2, axis=-1), axis=1)
    axis = centred[np.arange(len(centred)), outermost]
    for _ in range(ROUNDS):
        axis = np.einsum("tnd,tn->td", centred, np.einsum("tnd,td->tn", centred, axis) * part)
        axis = axis / np.maximum(np.linalg.norm(axis, axis=-1, keepdims=True), 1e-300)
    return axis


def _mean_of(values: Floats, mass: Floats) -> Floats:
    """(T, n, D) with mass (T, n) -> (T, D)."""
    total = np.maximum(mass.sum(axis=1, keepdims=True), 1e-300)
    return np.einsum("tnd,tn->td", values, mass) / total
