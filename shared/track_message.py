"""Keypoints as a message and back: what `detect` sends, and what its clients make of it."""

from __future__ import annotations

import json
from typing import Any

from .keypoints import KeypointTrack, read_about
from .protocol import Array, Track


def message_of(job_id: str, track: KeypointTrack) -> Track:
    width, height = track.image_size
    extra: dict[str, Any] = {}
    if track.extra_names:
        extra["extra_names"] = list(track.extra_names)
        extra["extra_points"] = Array.pack(track.extra_points)
        extra["extra_confidence"] = Array.pack(track.extra_confidence)
    return Track(
        job_id=job_id,
        points=Array.pack(track.points),
        confidence=Array.pack(track.confidence),
        times=Array.pack(track.times),
        width=width,
        height=height,
        fps=track.fps,
        source=track.source,
        about=json.dumps(track.about) if track.about else "",
        **extra,
    )


def track_of(message: Track) -> KeypointTrack:
    """RetakeError if the parts of the message do not fit together."""
    extra: dict[str, Any] = {}
    if message.extra_points is not None and message.extra_confidence is not None:
        extra["extra_names"] = tuple(message.extra_names or ())
        extra["extra_points"] = message.extra_points.unpack("extra_points")
        extra["extra_confidence"] = message.extra_confidence.unpack("extra_confidence")
    return KeypointTrack(
        message.points.unpack("points"),
        message.confidence.unpack("confidence"),
        message.times.unpack("times"),
        (message.width, message.height),
        message.fps,
        message.source,
        about=read_about(message.about),
        **extra,
    )
