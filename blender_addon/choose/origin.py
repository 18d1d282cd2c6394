# pyright: basic, reportAttributeAccessIssue=false
"""Where an action of ours comes from, and whether somebody has worked on it since."""

from __future__ import annotations

import json
from hashlib import blake2b
from typing import Any

from .. import session
from ..rig.writing.copying import bags_of, keys_of_curve
from ..slices import Gone, Work, action_with
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


def reading_keys(action: int) -> Work[str]:
    """A digest of all curves of the action with this session_uid: whether somebody has changed
    them. Curve by curve; raises Gone if the action goes, or curves are added or removed
    meanwhile."""
    digest = blake2b(digest_size=16)
    sizes = _sizes(action_with(action))
    for number, size in enumerate(sizes):
        for curve_number in range(size):
            here = action_with(action)
            if _sizes(here) != sizes:
                raise Gone
            curve = bags_of(here)[number].fcurves[curve_number]
            digest.update(f"{curve.data_path}[{curve.array_index}]".encode())
            digest.update(keys_of_curve(curve).tobytes())
            yield
    return digest.hexdigest()


def _sizes(action) -> list[int]:
    return [len(bag.fcurves) for bag in bags_of(action)]
