"""Corrections of a keypoint track by hand: a list beside an untouched file, so each can be undone.

Frames are the track's own, from 0, ranges include both ends. Knows no Blender.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from ...shared.arrays import Floats, Floats32
from ...shared.errors import RetakeError
from ...shared.keypoints import KeypointTrack
from ...shared.skeleton import HUMAN36M


@dataclass(frozen=True)
class Move:
    """Joint `joint` is at (`x`, `y`) pixels in `frame`.

    Frames up to `reach` away follow, the less the farther, so that one drag mends a stretch.
    """

    joint: int
    frame: int
    x: float
    y: float
    reach: int = 0


@dataclass(frozen=True)
class Hide:
    """The joint is not seen in these frames: the model fills it in."""

    joint: int
    first: int
    last: int


@dataclass(frozen=True)
class Swap:
    """Left and right are exchanged in these frames."""

    first: int
    last: int


Edit = Move | Hide | Swap

_KINDS: dict[str, type[Move] | type[Hide] | type[Swap]] = {
    "move": Move,
    "hide": Hide,
    "swap": Swap,
}


def to_json(edits: Sequence[Edit]) -> str:
    """Empty text for no edits."""
    rows = [{"kind": type(edit).__name__.lower(), **asdict(edit)} for edit in edits]
    return json.dumps(rows) if rows else ""


def from_json(text: str) -> tuple[Edit, ...]:
    """RetakeError if it is not what `to_json` wrote."""
    try:
        rows = json.loads(text) if text else []
        return tuple(_KINDS[row.pop("kind")](**row) for row in rows)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise RetakeError(
            "The corrections of the keypoints are damaged. Clear them, and correct again."
        ) from None


def edited(track: KeypointTrack, edits: Sequence[Edit]) -> KeypointTrack:
    """The track with all corrections, in their order. Edits outside its frames do nothing."""
    if not edits:
        return track
    points, sure = track.points.copy(), track.confidence.copy()
    extra, extra_sure = track.extra_points.copy(), track.extra_confidence.copy()
    for edit in edits:
        if isinstance(edit, Move):
            _move(points, sure, edit)
        elif isinstance(edit, Hide):
            part = _part(edit.first, edit.last)
            points[part, edit.joint], sure[part, edit.joint] = np.nan, 0
        else:
            part = _part(edit.first, edit.last)
            order = list(HUMAN36M.mirror)
            points[part], sure[part] = points[part][:, order], sure[part][:, order]
            if track.extra_names:
                swapped = _mirrored_names(track.extra_names)
                extra[part], extra_sure[part] = (
                    extra[part][:, swapped],
                    extra_sure[part][:, swapped],
                )
    return replace(
        track, points=points, confidence=sure, extra_points=extra, extra_confidence=extra_sure
    )


def _part(first: int, last: int) -> slice:
    return slice(max(first, 0), max(last + 1, 0))


def _move(points: Floats32, sure: Floats32, edit: Move) -> None:
    if not 0 <= edit.frame < len(points):
        return
    own, goal = points[:, edit.joint], np.array([edit.x, edit.y], np.float32)
    step = goal - own[edit.frame]
    if np.isfinite(step).all():
        first = max(edit.frame - edit.reach, 0)
        near = np.arange(first, min(edit.frame + edit.reach + 1, len(points)))
        away = np.abs(near - edit.frame) / (edit.reach + 1)
        own[near] += (0.5 + 0.5 * np.cos(np.pi * away))[:, None].astype(np.float32) * step
    own[edit.frame] = goal
    sure[edit.frame, edit.joint] = 1


def _mirrored_names(names: Sequence[str]) -> list[int]:
    """Index of each name's other side; its own where there is none."""
    other = {"left": "right", "right": "left"}
    found: list[int] = []
    for index, name in enumerate(names):
        side, _, rest = name.partition("_")
        twin = f"{other.get(side, side)}_{rest}"
        found.append(names.index(twin) if rest and twin in names else index)
    return found


def nearest_joint(points: Floats, place: Floats, reach: float) -> int | None:
    """Which of points (J, 2) is nearest to `place` (2,), within `reach`; NaN is no point."""
    away = np.linalg.norm(points - place, axis=-1)
    if not np.isfinite(away).any():
        return None
    joint = int(np.nanargmin(away))
    return joint if away[joint] <= reach else None
