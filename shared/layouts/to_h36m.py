"""Points in some layout -> the 17 joints, and the extra points of face and feet beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..arrays import Floats, Floats32
from ..errors import RetakeError
from .blends import EXTRAS, Blend, blends
from .known import Layout


class MappedKeypoints(NamedTuple):
    """The fields of `KeypointTrack` with the same names."""

    points: Floats32
    confidence: Floats32
    extra_points: Floats32
    extra_names: tuple[str, ...]
    extra_confidence: Floats32


def to_h36m(points: Floats, confidence: Floats, layout: Layout) -> MappedKeypoints:
    """Points (frames, count, 2) in `layout` and their confidence (frames, count) -> the 17 joints.

    A built joint is as certain as its least certain source; NaN in a source gives NaN.
    """
    return by_name(points, confidence, layout.places)


def by_name(points: Floats, confidence: Floats, places: Mapping[str, int]) -> MappedKeypoints:
    """As `to_h36m`, for points whose names are known one by one (see `blends`).

    A joint that no rule can build is missing throughout. RetakeError if that leaves less than a
    trunk with arms or legs.
    """
    rules = blends(places)
    if sum(rule is not None for rule in rules) < _FEWEST_JOINTS:
        raise RetakeError(
            "These keypoints do not name a body: expected points such as left_shoulder, right_hip "
            f"and left_knee, found {', '.join(sorted(places)[:6]) or 'none of them'}."
        )
    extra = {name: places[point] for name, point in EXTRAS.items() if point in places}
    at = list(extra.values())
    return MappedKeypoints(
        points=np.stack([_blended(points, places, rule) for rule in rules], axis=1),
        confidence=np.stack([_least(confidence, places, rule) for rule in rules], axis=1),
        extra_points=points[:, at].astype(np.float32),
        extra_names=tuple(extra),
        extra_confidence=confidence[:, at].astype(np.float32),
    )


_FEWEST_JOINTS = 9
"""Shoulders and hips, hip, spine and thorax between them, and two more."""


def _blended(points: Floats, places: Mapping[str, int], rule: Blend | None) -> Floats32:
    if rule is None:
        return np.full((len(points), 2), np.nan, np.float32)
    parts = [weight * points[:, places[name]] for name, weight in rule.items()]
    return np.sum(parts, axis=0).astype(np.float32)


def _least(confidence: Floats, places: Mapping[str, int], rule: Blend | None) -> Floats32:
    if rule is None:
        return np.zeros(len(confidence), np.float32)
    return confidence[:, [places[name] for name in rule]].min(axis=1).astype(np.float32)
