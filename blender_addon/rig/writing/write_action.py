# pyright: basic, reportAttributeAccessIssue=false
"""Writes poses as one new slotted action, in bulk. Changes nothing else of the rig or the file.

Works with the layered actions of Blender 4.5 to 5.2. It knows nothing of how the poses came about.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy
import numpy as np

from ....shared.errors import RetakeError
from ...slices import Gone, Work, action_with, at_once
from ..armature.object_place import KEY, put_back, standing
from ..solving.solve import RigMotion
from .channels import Channel, channels, path_of
from .key_poses import KeyPoses

LINEAR, BEZIER = 1, 2
"""Keyframe.interpolation. With a key on every frame nothing may swing between them."""

ALIGNED = 3
"""Keyframe.handle_left_type: both handles on one line, as one slope per key is."""

Switches = tuple[tuple[str, str, float], ...]


def write_action(
    armature_object,
    motion: RigMotion,
    frames: np.ndarray,
    name: str,
    switches: Switches = (),
    active: bool = True,
):
    """A new action with the motion's poses at `frames` (F,), made the armature object's active one
    if it shall be `active`.

    Bones keep their rotation mode: quaternion, axis-angle and Euler curves are written as the bone
    wants them. The action that was active before stays as it is; it only gets a fake user if
    nothing else would keep it in the file. `switches` (bone, custom property, value) get one key
    each. Raises RetakeError if the object cannot be animated.
    """
    action = new_action(armature_object, name)
    at_once(keying(action.session_uid, channels(armature_object, motion), frames))
    finish(armature_object, action, switches, frames[0])
    if active:
        put_on(armature_object, action)
    return action


def write_key_poses(
    armature_object,
    rows: list[Channel],
    keys: KeyPoses,
    first: float,
    name: str,
    switches: Switches = (),
):
    """As `write_action`, of few keys: `keys` has the columns of all `rows` after each other, and
    its frame 0 is `first` in the scene."""
    action = new_action(armature_object, name)
    frames, column = first + keys.frames, 0
    for channel in rows:
        for index in range(channel.values.shape[1]):
            curve = new_curve(bag_of(action), channel.data_path, index, channel.bone)
            _set_keys(curve, frames, keys.values[:, column])
            _set_handles(curve, frames, keys.values[:, column], keys.slopes[:, column])
            column += 1
    finish(armature_object, action, switches, first)
    put_on(armature_object, action)
    return action


def new_action(armature_object, name: str):
    """An action without curves, for one slot. Raises RetakeError if the object cannot be
    animated."""
    _refuse_unwritable(armature_object)
    action = bpy.data.actions.new(name)
    slot = action.slots.new(id_type="OBJECT", name=armature_object.name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    strip.channelbag(slot, ensure=True)
    return action


def bag_of(action):
    """The channelbag of an action that `new_action` has made."""
    return action.layers[0].strips[0].channelbags[0]


def keying(action: int, rows: Iterable[Channel], frames: np.ndarray) -> Work[None]:
    """The keys of a new action, which is named by its session_uid, curve by curve.

    All curves are made at once before: every new one has Blender draw its timeline anew.
    """
    known: list[Channel] = []
    for channel in rows:
        known.append(channel)
        yield
    bag = bag_of(action_with(action))
    for channel in known:
        for index in range(channel.values.shape[1]):
            new_curve(bag, channel.data_path, index, channel.bone)
    for channel in known:
        for index, values in enumerate(channel.values.T):
            yield
            _set_keys(curve_of(action, channel.data_path, index), frames, values)


def new_curve(bag, data_path: str, index: int, group: str = ""):
    curve = bag.fcurves.new(data_path, index=index)
    if group:
        curve.group = bag.groups.get(group) or bag.groups.new(group)
    return curve


def curve_of(action: int, data_path: str, index: int):
    """A curve of a new action. Raises Gone."""
    curve = bag_of(action_with(action)).fcurves.find(data_path, index=index)
    if curve is None:
        raise Gone
    return curve


def finish(armature_object, action, switches: Switches, first: float) -> None:
    """What an action needs besides the curves of its poses."""
    curves = bag_of(action).fcurves
    for bone, switch, value in switches:
        path = f'{path_of(bone)}["{bpy.utils.escape_identifier(switch)}"]'
        _set_keys(curves.new(path), np.array([first]), np.array([value]))
    if curves.find("location") is not None:
        action[KEY] = standing(armature_object).tolist()


def _refuse_unwritable(armature_object) -> None:
    if armature_object.library is not None:
        raise RetakeError(
            f"The armature '{armature_object.name}' is linked from another file. "
            "Make a library override of it first."
        )
    animation = armature_object.animation_data
    if animation is not None and animation.use_tweak_mode:
        raise RetakeError(
            f"An NLA strip of '{armature_object.name}' is being tweaked. "
            "Leave tweak mode first (Tab)."
        )


def _set_keys(curve, frames: np.ndarray, values: np.ndarray) -> None:
    points = curve.keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.column_stack([frames, values]).astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), LINEAR, np.int32))
    curve.update()


def _set_handles(curve, frames: np.ndarray, values: np.ndarray, slopes: np.ndarray) -> None:
    """Handles a third of the way to the neighbours: the curve is Hermite's cubic then."""
    points, steps = curve.keyframe_points, np.diff(frames)
    kinds = np.full(len(frames), ALIGNED, np.int32)
    for side, sign, reach in (
        ("left", -1, np.concatenate([steps[:1], steps]) / 3),
        ("right", 1, np.concatenate([steps, steps[-1:]]) / 3),
    ):
        places = np.column_stack([frames + sign * reach, values + sign * reach * slopes])
        points.foreach_set(f"handle_{side}_type", kinds)
        points.foreach_set(f"handle_{side}", places.astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), BEZIER, np.int32))
    curve.update()


def put_on(armature_object, action) -> None:
    """Make an action of ours the armature object's. RetakeError as `new_action`."""
    _refuse_unwritable(armature_object)
    animation = armature_object.animation_data or armature_object.animation_data_create()
    previous = animation.action
    put_back(armature_object)
    animation.action = action
    animation.action_slot = action.slots[0]
    if previous is not None and previous.users == 0:
        previous.use_fake_user = True
