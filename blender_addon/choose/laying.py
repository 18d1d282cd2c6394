# pyright: basic, reportAttributeAccessIssue=false
"""The keys of a preview: a copy of the action that is worn, changed around a decision only."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..rig.writing.write_action import Channel, channels
from .choice_track import WHOLE, ChoiceTrack, Decision
from .origin import CLOCK, note_of
from .solves import Solves
from .surroundings import Piece, laid_over

TORSO_AND_LEGS = (WHOLE, "torso_head", "left_leg", "right_leg")

SAME = 1e-4
"""Channels that would change by less (a hundredth of a degree) are left alone."""


def laid(action, slot: int, solves: Solves, worn: ChoiceTrack, decision: Decision, piece: Piece):
    """A copy of `action` that shows one decision more than `worn`; None if that cannot be: somebody
    has changed which keys there are.

    `slot`: the handle of the rig's; `piece`: what the decision changes. Raises RetakeError as
    solving does.
    """
    asked = solves.asked
    before = channels(solves.rig, solves.of(worn, piece).motion)
    after = channels(solves.rig, solves.of(worn.with_decision(decision), piece).motion)
    moving = [both for both in zip(before, after, strict=True) if _moves(*both, solves, decision)]
    start = asked.start_frame
    changed = [_changed(_bag(action, slot), *both, start, piece) for both in moving]
    if not all(own is not None for own in changed):
        return None
    copy = action.copy()
    for path, index, keys in (row for own in changed if own for row in own):
        curve = _bag(copy, slot).fcurves.find(path, index=index)
        curve.keyframe_points.foreach_set("co", keys.ravel())
        curve.update()
    return copy


def wears(action, wanted: dict[str, object]) -> bool:
    """Whether our own note in the action says that it shows just what `origin.provenance` says,
    by the same clock."""
    note = note_of(action)
    same = all(note.get(name) == wanted[name] for name in ("takes", "choices", *CLOCK))
    return same and note.get("take") is None


def _moves(old: Channel, new: Channel, solves: Solves, decision: Decision) -> bool:
    """Where feet are planted is found from the whole clip: what an arm does leaves them alone."""
    if np.abs(new.values - old.values).max() < SAME:
        return False
    if decision.group in TORSO_AND_LEGS:
        return True
    is_place = old.data_path.endswith("location")
    return old.bone in solves.arm_controls or not (is_place or old.bone in solves.legs)


def _changed(bag, old: Channel, new: Channel, start: float, piece: Piece) -> list | None:
    """(data path, index, all keys (K, 2)) of the curves that change; None if keys are missing."""
    path, columns = old.data_path, range(old.values.shape[1])
    keys = [_keys(bag.fcurves.find(path, index=i) if bag else None) for i in columns]
    rows = slice(piece.key, piece.key + len(piece.share))
    if not all(_covers(own, start, rows) for own in keys):
        return None
    worn = np.column_stack([own[rows, 1] for own in keys]).astype(np.float64)
    shown = laid_over(worn, old.values, new.values, piece.share)
    for own, values in zip(keys, shown.T, strict=True):
        own[rows, 1] = values
    return [(path, i, keys[i]) for i in columns]


def _keys(curve: Any):
    """(K, 2) frames and values; empty for no curve."""
    if curve is None:
        return np.empty((0, 2), np.float32)
    keys = np.empty((len(curve.keyframe_points), 2), np.float32)
    curve.keyframe_points.foreach_get("co", keys.ravel())
    return keys


def _covers(keys, start_frame: float, rows: slice) -> bool:
    """Whether the keys of those rows are one per frame of the scene."""
    frames = keys[rows, 0]
    wanted = start_frame + np.arange(rows.start, rows.stop)
    return len(frames) == len(wanted) and bool(np.abs(frames - wanted).max() < 1e-3)


def _bag(action, slot: int) -> Any:
    bags = [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]
    return next((bag for bag in bags if bag.slot_handle == slot), None)
