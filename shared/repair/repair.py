"""Mend a track: sides exchanged back, blends and jumps taken out, short gaps bridged.

Every step is recorded and can be taken back (`changes`). Face points are not exchanged: of a face
in profile left and right lie so close that nothing tells which is which.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..arrays import Floats, Floats64, Ints
from ..keypoints import KeypointTrack
from ..skeleton import HUMAN36M
from .changes import Change, Cloud, cells, change
from .gaps import bridged, short_gaps
from .outliers import outliers
from .swaps import between, exchanged

_ARMS = ("shoulder", "elbow", "wrist")
_LEGS = ("hip", "knee", "foot", "heel", "toe", "small_toe")

LONGEST_GAP_S = 0.25
BLEND_S = 0.055
HAMPEL_S = 0.12
BRIDGED_CONFIDENCE = 0.5
"""Times the lower of the two ends: a place that was not seen."""

_FROM_THE_FRONT = 0.15
"""Body sizes squared: half the product of both widths of a person who faces the camera, roughly."""

_AGREEMENT = 10.0
"""How much hips that turn as the shoulders do speak against exchanging the legs, per frame."""


def repair(track: KeypointTrack) -> tuple[KeypointTrack, list[Change]]:
    """The mended track, and the changes in the order in which they were made.

    swap     left and right of the arms or legs exchanged
    between  points dropped where the detector passes from one side to the other
    outlier  points dropped that jump away and come back
    gap      missing points bridged, over at most LONGEST_GAP_S
    """
    cloud, size = Cloud.of(track), body_size(track)
    if size <= 0:
        return track, []
    changes = [*_swaps(cloud, track.times, size), *_jumps(cloud, track.times, size)]
    changes += _gaps(cloud, track.times)
    return cloud.put_into(track), changes


def body_size(track: KeypointTrack) -> float:
    """Pixels from hip to thorax where they are seen least foreshortened; 0 if never.

    In its place, half the extent of the points where one of the two is never seen.
    """
    hip, thorax = HUMAN36M.joints.index("hip"), HUMAN36M.joints.index("thorax")
    trunk = np.linalg.norm(track.points[:, hip] - track.points[:, thorax], axis=-1)
    if np.isfinite(trunk).any():
        return float(np.nanquantile(trunk, 0.8))
    rows = track.points[np.isfinite(track.points).all(axis=-1).any(axis=-1)]
    extent = np.nanmax(rows, axis=1) - np.nanmin(rows, axis=1)
    return float(np.quantile(np.linalg.norm(extent, axis=-1), 0.8)) / 2


def swap_sides(
    track: KeypointTrack, frames: Ints, limbs: tuple[str, ...]
) -> tuple[KeypointTrack, Change]:
    """Left and right of some limbs exchanged by hand. `limbs` as in "shoulder", "knee", "ear"."""
    cloud = Cloud.of(track)
    done = _exchange(cloud, frames, *_sides(cloud, limbs))
    return cloud.put_into(track), done


def _sides(cloud: Cloud, limbs: tuple[str, ...]) -> tuple[list[int], list[int]]:
    pairs = [limb for limb in limbs if len(cloud.at(f"left_{limb}", f"right_{limb}")) == 2]
    return cloud.at(*(f"left_{x}" for x in pairs)), cloud.at(*(f"right_{x}" for x in pairs))


def _exchange(cloud: Cloud, frames: Ints, left: list[int], right: list[int]) -> Change:
    done = change(cloud, "swap", frames, left + right)
    cloud.points[cells(frames, right + left)] = done.points
    cloud.confidence[cells(frames, right + left)] = done.confidence
    return done


def _swaps(cloud: Cloud, times: Floats64, size: float) -> Iterator[Change]:
    against = None
    for limbs in (_ARMS, _LEGS):
        left, right = _sides(cloud, limbs)
        weight = np.minimum(cloud.confidence[:, left], cloud.confidence[:, right])
        signs = exchanged(_difference(cloud, left, right, size), weight, times, against)
        if signs.any():
            yield _exchange(cloud, np.flatnonzero(signs), left, right)
            mended = _difference(cloud, left, right, size)
            blends = np.flatnonzero(between(mended, signs, _frames(BLEND_S, times)))
            if blends.size:
                yield _drop(cloud, "between", blends, left + right)
        against = _AGREEMENT * _same_way(cloud, size)


def _difference(cloud: Cloud, left: list[int], right: list[int], size: float) -> Floats:
    return (cloud.points[:, left] - cloud.points[:, right]) / size


def _same_way(cloud: Cloud, size: float) -> Floats:
    """(frames,) -1 to 1: whether hips and shoulders turn the same side to the camera.

    It counts little where they are seen from the side, where the two truly turn against each other
    at every step. 0 where one of them is not seen.
    """
    shoulders, hips = (
        _difference(cloud, *_sides(cloud, (limb,)), size)[:, 0] for limb in ("shoulder", "hip")
    )
    along = np.clip(np.nan_to_num((shoulders * hips).sum(axis=-1)) / _FROM_THE_FRONT, -1, 1)
    return along * np.abs(along)


def _jumps(cloud: Cloud, times: Floats64, size: float) -> Iterator[Change]:
    found = outliers(cloud.points / size, max(3, _frames(HAMPEL_S, times)))
    for point in np.flatnonzero(found.any(axis=0)).tolist():
        yield _drop(cloud, "outlier", np.flatnonzero(found[:, point]), [point])


def _drop(cloud: Cloud, kind: str, frames: Ints, at: list[int]) -> Change:
    done = change(cloud, kind, frames, at)
    cloud.points[cells(frames, at)] = np.nan
    cloud.confidence[cells(frames, at)] = 0.0
    return done


def _gaps(cloud: Cloud, times: Floats64) -> Iterator[Change]:
    seen = np.isfinite(cloud.points[..., 0] + cloud.points[..., 1])
    for point in range(len(cloud.names)):
        frames = np.flatnonzero(short_gaps(seen[:, point], times, LONGEST_GAP_S))
        if frames.size:
            yield _bridge(cloud, times, frames, point, np.flatnonzero(seen[:, point]))


def _bridge(cloud: Cloud, times: Floats64, frames: Ints, point: int, known: Ints) -> Change:
    done = change(cloud, "gap", frames, [point])
    cloud.points[frames, point] = bridged(cloud.points[:, point], frames, times)
    after = np.searchsorted(known, frames)
    ends = cloud.confidence[known, point]
    cloud.confidence[frames, point] = BRIDGED_CONFIDENCE * np.minimum(ends[after - 1], ends[after])
    return done


def _frames(seconds: float, times: Floats64) -> int:
    return max(1, round(seconds / float(np.median(np.diff(times)))))
