# pyright: basic, reportAttributeAccessIssue=false
"""The keys of a preview: a copy of the action that is worn, changed around a decision only."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...shared.arrays import Floats
from ..rig.writing.channels import Channel, channels
from ..rig.writing.copying import Keys, copying, has_only_keys, keys_of_curve, slot_bag
from ..slices import Work, action_with
from .before import Before
from .choice_track import WHOLE, ChoiceTrack, Decision
from .origin import CLOCK, note_of
from .solves import Solves
from .surroundings import Piece, laid_over

TORSO_AND_LEGS = (WHOLE, "torso_head", "left_leg", "right_leg")

SAME = 1e-4
"""Channels that would change by less (a hundredth of a degree) are left alone."""


def laying(
    copy: int,
    former: Before,
    solves: Solves,
    worn: ChoiceTrack,
    decision: Decision,
    piece: Piece,
) -> Work[bool]:
    """The new action `copy` gets the curves of the `former` one, which shows what is `worn`,
    with one decision more. False if that cannot be: somebody has changed which keys there are, or
    has given curves what `copying` leaves out.

    `copy` by session_uid; `former`: the rig with its action; `piece`: what the decision changes.
    Raises RetakeError as solving does, Gone if an action goes meanwhile.
    """
    start = solves.asked.start_frame
    keys: Keys = {}
    before = channels(solves.rig, solves.of(worn, piece).motion)
    after = channels(solves.rig, solves.of(worn.with_decision(decision), piece).motion)
    moving = [both for both in zip(before, after, strict=True) if _moves(*both, solves, decision)]
    for old, new in moving:
        yield
        bag = slot_bag(action_with(former.action), former.slot)
        changed = _changed(bag, old, new, start, piece)
        if changed is None:
            return False
        keys |= changed
    yield
    bag = slot_bag(action_with(former.action), former.slot)
    if bag is None or not has_only_keys(bag):
        return False
    yield from copying(copy, former.action, former.slot, keys)
    return True


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


def _changed(bag, old: Channel, new: Channel, start: float, piece: Piece) -> Keys | None:
    """All keys of the channel's curves; None if keys are missing."""
    path, columns = old.data_path, range(old.values.shape[1])
    keys = [_keys(bag.fcurves.find(path, index=i) if bag else None) for i in columns]
    rows = slice(piece.key, piece.key + len(piece.share))
    if not all(_covers(own, start, rows) for own in keys):
        return None
    worn = np.column_stack([own[rows, 1] for own in keys]).astype(np.float64)
    shown = laid_over(worn, old.values, new.values, piece.share)
    for own, values in zip(keys, shown.T, strict=True):
        own[rows, 1] = values
    return {(path, i): keys[i] for i in columns}


def _keys(curve: Any) -> Floats:
    """Empty for no curve."""
    return np.empty((0, 2), np.float32) if curve is None else keys_of_curve(curve)


def _covers(keys, start_frame: float, rows: slice) -> bool:
    """Whether the keys of those rows are one per frame of the scene."""
    frames = keys[rows, 0]
    wanted = start_frame + np.arange(rows.start, rows.stop)
    return len(frames) == len(wanted) and bool(np.abs(frames - wanted).max() < 1e-3)
