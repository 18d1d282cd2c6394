"""Between a clip's frames, its seconds and the scene's frames. Knows no Blender."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from ...shared.errors import RetakeError
from ...shared.keypoints import FEWEST_FRAMES, KeypointTrack

COMMON_BASES = (1.0, 1.001)
"""Blender shows 23.98, 29.97 and 59.94 as 24, 30 and 60 over 1.001."""


@dataclass(frozen=True)
class SceneTime:
    """A scene's frame rate as Blender keeps it, and the frames that a clip covers in it."""

    fps: int
    base: float
    first: int
    last: int

    @property
    def rate(self) -> float:
        return self.fps / self.base


def blender_rate(fps: float) -> tuple[int, float]:
    """(fps, fps_base) for any rate. Blender's fps is a whole number from 1 on."""
    for base in COMMON_BASES:
        whole = round(fps * base)
        if whole >= 1 and abs(whole / base - fps) < 2e-3:
            return whole, base
    whole = max(1, round(fps))
    return whole, whole / fps


def matched(first: int, frame_count: int, fps: float) -> SceneTime:
    """The scene at the clip's own rate: one frame of it per frame of the clip."""
    whole, base = blender_rate(fps)
    return SceneTime(whole, base, first, first + max(1, frame_count) - 1)


def resampled(first: int, frame_count: int, fps: float, scene: SceneTime) -> SceneTime:
    """The scene keeps its rate; the range is as long as the clip lasts."""
    length = int((max(1, frame_count) - 1) / fps * scene.rate + 1e-6)
    return replace(scene, first=first, last=first + length)


def scene_frame(seconds: float, scene_fps: float, clip_start: int) -> float:
    """Where a time of the clip lies in a scene in which its first frame is at `clip_start`."""
    return clip_start + seconds * scene_fps


def clip_frame(frame: float, scene_fps: float, clip_fps: float, clip_start: int) -> int:
    """The clip's frame, from 0, that is shown at a frame of the scene."""
    return math.floor((frame - clip_start) / scene_fps * clip_fps + 0.5)


def cut(track: KeypointTrack, first: int, last: int) -> KeypointTrack:
    """The frames `first` to `last` of a track, from 0, both included; `last` -1: to its end.

    Times stay those of the clip. RetakeError if too few are left.
    """
    end = track.frame_count - 1 if last < 0 else min(last, track.frame_count - 1)
    if first <= 0 and end == track.frame_count - 1:
        return track
    if end - max(first, 0) + 1 < FEWEST_FRAMES:
        raise RetakeError(
            f"The range from {first + 1} to {end + 1} leaves less than {FEWEST_FRAMES} of the "
            f"clip's {track.frame_count} frames. Widen In and Out."
        )
    part = slice(max(first, 0), end + 1)
    extra = len(track.extra_names) > 0
    return replace(
        track,
        points=track.points[part],
        confidence=track.confidence[part],
        times=np.ascontiguousarray(track.times[part]),
        extra_points=track.extra_points[part] if extra else track.extra_points,
        extra_confidence=track.extra_confidence[part] if extra else track.extra_confidence,
    )
