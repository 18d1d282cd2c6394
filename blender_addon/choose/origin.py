# pyright: basic, reportAttributeAccessIssue=false
"""Where an action of ours comes from, and whether somebody has worked on it since."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

import numpy as np

from .. import session
from . import reading

OURS = "retake"
"""The custom property of our actions: where they come from, as JSON."""


CLOCK = ("fps", "start")
"""Of the note: the scene's rate, and its frame at which the takes begin."""


def note_of(action) -> dict[str, Any]:
    """What our action says of itself; nothing if it is none of ours, or the note is damaged."""
    try:
        note = json.loads(action.get(OURS) or "null")
    except (ValueError, TypeError):
        return {}
    return note if isinstance(note, dict) else {}


def provenance(scene) -> dict[str, object]:
    """What is needed to make the action again, except the takes file itself."""
    takes = session.takes_of(scene)
    known = ("model", "model_sha256", "track_source", "track_sha256", "package_version")
    return {
        "takes": session.of(scene).takes_path,
        "seed": takes.seed,
        "fps": round(session.fps_of(scene), 4),
        "start": session.start_of(scene, takes),
        **{name: takes.provenance[name] for name in known if name in takes.provenance},
        "video": str(takes.provenance.get("video_sha256", "")),
        "choices": json.loads(reading.of(scene).decisions or "[]"),
    }


def keys_of(action) -> str:
    """A digest of all curves: whether somebody has changed them."""
    found = blake2b(digest_size=16)
    for layer in action.layers:
        for strip in layer.strips:
            for bag in strip.channelbags:
                for curve in bag.fcurves:
                    values = np.empty(2 * len(curve.keyframe_points), np.float32)
                    curve.keyframe_points.foreach_get("co", values)
                    found.update(f"{curve.data_path}[{curve.array_index}]".encode())
                    found.update(values.tobytes())
    return found.hexdigest()
