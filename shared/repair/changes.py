"""What a repair did to a track, so that it can be told, stored and taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..arrays import Floats32, Ints
from ..errors import RetakeError
from ..keypoints import KeypointTrack
from ..skeleton import HUMAN36M


@dataclass(frozen=True)
class Cloud:
    """All keypoints of a track in one array: the 17 joints, then the extra points.

    points (frames, 17 + K, 2) float32, confidence (frames, 17 + K) float32, K extra names.
    """

    points: Floats32
    confidence: Floats32
    names: tuple[str, ...]

    @staticmethod
    def of(track: KeypointTrack) -> Cloud:
        if not track.extra_names:
            return Cloud(track.points.copy(), track.confidence.copy(), HUMAN36M.joints)
        return Cloud(
            np.concatenate([track.points, track.extra_points], axis=1),
            np.concatenate([track.confidence, track.extra_confidence], axis=1),
            HUMAN36M.joints + track.extra_names,
        )

    def put_into(self, track: KeypointTrack) -> KeypointTrack:
        joints = HUMAN36M.joint_count
        body = replace(
            track, points=self.points[:, :joints], confidence=self.confidence[:, :joints]
        )
        if not track.extra_names:
            return body
        return replace(
            body,
            extra_points=self.points[:, joints:],
            extra_confidence=self.confidence[:, joints:],
        )

    def at(self, *names: str) -> list[int]:
        """The places of those of `names` that the track has."""
        return [self.names.index(name) for name in names if name in self.names]


@dataclass(frozen=True)
class Change:
    """One kind of change to some points in some frames, with what was there before.

    kind        "swap", "between", "outlier" or "gap", see `repair`
    names       the points (N)
    frames      (G,) increasing frame numbers, from 0
    points      (G, N, 2) float32 and confidence (G, N) float32: the values before
    """

    kind: str
    names: tuple[str, ...]
    frames: Ints
    points: Floats32
    confidence: Floats32

    def to_json(self) -> dict[str, Any]:
        """For a report file. NaN becomes null."""
        values = np.concatenate([self.points, self.confidence[..., None]], axis=-1)
        old = values.astype(object)
        old[np.isnan(values)] = None
        return {
            "kind": self.kind,
            "points": list(self.names),
            "frames": self.frames.tolist(),
            "before": old.tolist(),
        }

    @staticmethod
    def from_json(data: Any) -> Change:
        """Raises RetakeError for anything that `to_json` did not make."""
        try:
            frames = np.array(data["frames"], np.intp)
            names = tuple(str(name) for name in data["points"])
            old = np.array(data["before"], np.float32).reshape(len(frames), len(names), 3)
            return Change(str(data["kind"]), names, frames, old[..., :2], old[..., 2])
        except (KeyError, TypeError, ValueError, OverflowError):
            raise RetakeError("This is not a record of changes to a keypoint track.") from None


def cells(frames: Ints, at: list[int]) -> tuple[Ints, Ints]:
    """The index of every one of `at` in every one of `frames`."""
    return frames[:, None], np.array(at, np.intp)[None]


def change(cloud: Cloud, kind: str, frames: Ints, at: list[int]) -> Change:
    """The record of what is about to be changed in `frames` at the places `at`."""
    rows = cells(frames, at)
    names = tuple(cloud.names[i] for i in at)
    return Change(kind, names, frames, cloud.points[rows], cloud.confidence[rows])


def undo(track: KeypointTrack, done: Change) -> KeypointTrack:
    """`track` without one change. Of changes to the same point undo the last one first.

    RetakeError if the change is not of this track.
    """
    cloud = Cloud.of(track)
    at = cloud.at(*done.names)
    inside = done.frames.size == 0 or 0 <= done.frames.min() <= done.frames.max() < len(
        cloud.points
    )
    if len(at) != len(done.names) or not inside:
        raise RetakeError("The record of changes belongs to another keypoint track.")
    rows = cells(done.frames, at)
    cloud.points[rows] = done.points
    cloud.confidence[rows] = done.confidence
    return cloud.put_into(track)
