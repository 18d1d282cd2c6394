"""The choice: 1 to 5 named takes of the whole body and of every limb group.

Deterministic, and independent of the order of the hypotheses: they are put into an order of their
own first, by their values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

import numpy as np

from ..arrays import Floats, Ints
from ..errors import RetakeError
from ..takes import LIMB_GROUPS, Alternative, Takes
from .best import best_of
from .clusters import THRESHOLD_DEGREES, Cluster, Cut, find_clusters
from .moments import Moments, degrees_of, moments_of
from .names import Scene, names_of

COST_PER_DEGREE = 2.0
"""What it costs a hypothesis that might stand for its cluster to lie one degree from the cluster's
middle; see `judge.WORTH`."""


@dataclass(frozen=True)
class Choice:
    """What there is to choose from, and the choice that is made for who does not choose.

    whole   takes of the whole body, the heaviest first
    groups  limb group -> its takes, the heaviest first
    best    limb group -> hypothesis
    """

    whole: tuple[Alternative, ...]
    groups: dict[str, tuple[Alternative, ...]]
    best: dict[str, int]


def choice_of(
    poses: Floats,
    weights: Floats,
    times: Floats,
    *,
    costs: Floats | None = None,
    threshold_degrees: float = THRESHOLD_DEGREES,
) -> Choice:
    """The distinct takes among the hypotheses of a clip, or of a part of it.

    poses (H, F, 17, 3) root-relative, camera frame; weights (H,), sum 1; times (F,) seconds. For a
    range of frames pass that part of poses and times. `costs` (H, groups in the order of
    `LIMB_GROUPS`): what speaks against each hypothesis (`judge.costs_of`), so that of several that
    are the same answer the better one stands for it.
    """
    order = _own_order(poses)
    poses, weights = poses[order], weights[order].astype(np.float64)
    costs = np.zeros((len(order), len(LIMB_GROUPS))) if costs is None else costs[order]
    fps = (len(times) - 1) / float(times[-1] - times[0]) if len(times) > 1 else 1.0
    clip = _Clip(poses, weights, times, threshold_degrees)
    moments = moments_of(poses, fps)
    whole = _alternatives(clip, moments, costs.mean(axis=1))
    groups = {
        group: _alternatives(clip, {group: moments[group]}, costs[:, index])
        for index, group in enumerate(LIMB_GROUPS)
    }
    ranked = {group: [take.hypothesis for take in takes] for group, takes in groups.items()}
    best = best_of(whole[0].hypothesis, ranked, moments)
    return _numbered(Choice(whole, groups, best), order)


def choice_in(takes: Takes, first: int, last: int) -> Choice:
    """The distinct takes of the frames `first` to `last`, both included.

    Raises RetakeError if the clip has no such frames.
    """
    if not 0 <= first <= last < takes.frame_count:
        raise RetakeError(
            f"The range is frame {first} to {last}; the clip has frames 0 to "
            f"{takes.frame_count - 1}."
        )
    frames = slice(first, last + 1)
    return choice_of(takes.poses[:, frames], takes.weights, takes.times[frames])


@dataclass(frozen=True)
class _Clip:
    poses: Floats
    weights: Floats
    times: Floats
    threshold_degrees: float


def _own_order(poses: Floats) -> Ints:
    """The hypotheses sorted by what they are: by the hash of their values."""
    hashes = [blake2b(np.ascontiguousarray(pose).tobytes()).digest() for pose in poses]
    return np.array(sorted(range(len(poses)), key=hashes.__getitem__), dtype=np.intp)


def _numbered(choice: Choice, order: Ints) -> Choice:
    """The choice among hypotheses in `order`, with the numbers that they had before."""

    def own(takes: tuple[Alternative, ...]) -> tuple[Alternative, ...]:
        return tuple(replace(take, hypothesis=int(order[take.hypothesis])) for take in takes)

    return Choice(
        own(choice.whole),
        {group: own(takes) for group, takes in choice.groups.items()},
        {group: int(order[take]) for group, take in choice.best.items()},
    )


def _alternatives(
    clip: _Clip, moments: dict[str, Moments], costs: Floats
) -> tuple[Alternative, ...]:
    points = [m.points for m in moments.values()]
    clusters = find_clusters(points, clip.weights, clip.threshold_degrees)
    shown = [_representative(points, clip.weights, costs, cluster) for cluster in clusters]
    if len(clusters) == 1:
        return (Alternative(_only(clip), 1.0, shown[0]),)
    scenes = _scenes(clip, moments, clusters, shown)
    names = names_of(list(scenes.values()))
    return tuple(
        Alternative(
            name,
            float(clip.weights[cluster.members].sum()),
            take,
            scenes[cluster.cuts[-1]].seconds,
        )
        for name, cluster, take in zip(names, clusters, shown, strict=True)
    )


def _only(clip: _Clip) -> str:
    if len(clip.poses) == 1:
        return "the only take"
    return f"all agree within {clip.threshold_degrees:g}°"


def _representative(
    points: Sequence[Floats], weights: Floats, costs: Floats, cluster: Cluster
) -> int:
    """The hypothesis nearest to the middle of its cluster, where it was cut and everywhere.

    A real hypothesis, so that all bones keep their lengths.
    """
    own = weights[cluster.members]
    own = own / own.sum()
    far = np.zeros(len(own))
    for group, values in enumerate(points):
        mine = values[:, cluster.members]
        squared = np.sum((mine - np.einsum("tnd,n->td", mine, own)[:, None]) ** 2, axis=-1)
        far += squared.mean(axis=0)
        far += sum(squared[cut.moment] for cut in cluster.cuts if cut.group == group)
    score = COST_PER_DEGREE * degrees_of(np.sqrt(far)) + costs[cluster.members]
    return int(cluster.members[np.argmin(score)])


def _scenes(
    clip: _Clip, moments: dict[str, Moments], clusters: list[Cluster], shown: list[int]
) -> dict[Cut, Scene]:
    """What stands at every cut: all shown takes, each averaged over the moment."""
    groups = list(moments)
    scenes: dict[Cut, Scene] = {}
    for cut in (cut for cluster in clusters for cut in cluster.cuts):
        group = groups[cut.group]
        frames = moments[group].frames(cut.moment)
        poses = clip.poses[shown, frames].astype(np.float64).mean(axis=1)
        seconds = float(clip.times[frames].mean())
        scenes[cut] = Scene(group, seconds, poses)
    return scenes
