# pyright: basic, reportAttributeAccessIssue=false
"""A new action with the curves of another, some of them with other keys.

Blender's own copy takes as long as all curves together; this one may be interrupted.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ....shared.arrays import Floats
from ...slices import Gone, Work, action_with
from ..armature.object_place import KEY
from .write_action import LINEAR, bag_of, curve_of, new_curve

Keys = dict[tuple[str, int], Floats]
"""Data path and index of a curve -> its keys (K, 2): frames and values."""

HANDLES = ("handle_left", "handle_right")
KINDS = ("handle_left_type", "handle_right_type", "easing")
SHAPES = ("amplitude", "back", "period")
"""Of keys with an easing of their own."""


def slot_bag(action, slot: int) -> Any:
    """The channelbag of the slot with this handle; None if there is none."""
    return next((bag for bag in bags_of(action) if bag.slot_handle == slot), None)


def bags_of(action) -> list[Any]:
    return [bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags]


def has_only_keys(bag) -> bool:
    """Whether `copying` copies all that the curves do."""
    return not any(len(curve.modifiers) or len(curve.sampled_points) for curve in bag.fcurves)


def copying(copy: int, former: int, slot: int, keys: Keys) -> Work[None]:
    """The curves of a slot of the action `former` into the new action `copy`, one by one; those in
    `keys` with these. Actions by session_uid. Raises Gone if curves are added or removed
    meanwhile.

    All curves are made at once before: every new one has Blender draw its timeline anew.
    """
    action = action_with(former)
    names = [_name_of(curve) for curve in slot_bag(action, slot).fcurves]
    if KEY in action:
        action_with(copy)[KEY] = action[KEY]
    for curve in slot_bag(action, slot).fcurves:
        group = curve.group.name if curve.group else ""
        made = new_curve(bag_of(action_with(copy)), *_name_of(curve), group)
        if made.group:
            made.group.mute = curve.group.mute
    for number, name in enumerate(names):
        yield
        bag = slot_bag(action_with(former), slot)
        if bag is None or [_name_of(c) for c in bag.fcurves[number : number + 1]] != [name]:
            raise Gone
        _copy(bag.fcurves[number], curve_of(copy, *name), keys.get(name))


def _name_of(curve) -> tuple[str, int]:
    return curve.data_path, curve.array_index


def _copy(curve, copy, keys: Floats | None) -> None:
    copy.extrapolation, copy.mute = curve.extrapolation, curve.mute
    copy.auto_smoothing = curve.auto_smoothing
    source, points = curve.keyframe_points, copy.keyframe_points
    points.add(len(source))
    if keys is None:
        keys = keys_of_curve(curve)
    points.foreach_set("co", keys.ravel())
    if _copy_kinds(source, points, "interpolation") == {LINEAR}:
        return  # no handle counts
    for kinds in KINDS:
        _copy_kinds(source, points, kinds)
    for values, width in (*((shape, 1) for shape in SHAPES), *((handle, 2) for handle in HANDLES)):
        numbers = np.empty(width * len(source), np.float32)
        source.foreach_get(values, numbers)
        points.foreach_set(values, numbers)
    copy.update()


def _copy_kinds(source, points, name: str) -> set[int]:
    """-> those there are."""
    kinds = np.empty(len(source), np.int32)
    source.foreach_get(name, kinds)
    points.foreach_set(name, kinds)
    return set(np.unique(kinds).tolist())


def keys_of_curve(curve) -> Floats:
    """(K, 2) frames and values."""
    keys = np.empty((len(curve.keyframe_points), 2), np.float32)
    curve.keyframe_points.foreach_get("co", keys.ravel())
    return keys
