# pyright: basic, reportAttributeAccessIssue=false
"""Writes poses as one new slotted action, in bulk. Changes nothing else of the rig or the file.

Works with the layered actions of Blender 4.5 to 5.2. It knows nothing of how the poses came about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Quaternion  # pyright: ignore[reportMissingImports]

from ....shared.errors import RetakeError
from ..armature.object_place import KEY, above, put_back, standing
from ..solving.solve import RigMotion
from .key_poses import KeyPoses

LINEAR, BEZIER = 1, 2
"""Keyframe.interpolation. With a key on every frame nothing may swing between them."""

ALIGNED = 3
"""Keyframe.handle_left_type: both handles on one line, as one slope per key is."""

Switches = tuple[tuple[str, str, float], ...]


@dataclass(frozen=True)
class Channel:
    """What is animated of a bone, or with an empty name of the object: values (F, columns)."""

    bone: str
    data_path: str
    values: np.ndarray


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
    action, bag = _new_action(armature_object, name)
    for channel in channels(armature_object, motion):
        for index, values in enumerate(channel.values.T):
            _set_keys(_curve(bag, channel, index), frames, values)
    return _finished(armature_object, action, bag, switches, frames[0], active)


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
    action, bag = _new_action(armature_object, name)
    frames, column = first + keys.frames, 0
    for channel in rows:
        for index in range(channel.values.shape[1]):
            curve = _curve(bag, channel, index)
            _set_keys(curve, frames, keys.values[:, column])
            _set_handles(curve, frames, keys.values[:, column], keys.slopes[:, column])
            column += 1
    return _finished(armature_object, action, bag, switches, first, active=True)


def _new_action(armature_object, name: str):
    """The action and the channelbag of its only slot."""
    _refuse_unwritable(armature_object)
    action = bpy.data.actions.new(name)
    slot = action.slots.new(id_type="OBJECT", name=armature_object.name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    return action, strip.channelbag(slot, ensure=True)


def _curve(bag, channel: Channel, index: int):
    curve = bag.fcurves.new(channel.data_path, index=index)
    if channel.bone:
        curve.group = bag.groups.get(channel.bone) or bag.groups.new(channel.bone)
    return curve


def _finished(armature_object, action, bag, switches: Switches, first: float, active: bool):
    for bone, switch, value in switches:
        path = f'{_path(bone)}["{bpy.utils.escape_identifier(switch)}"]'
        _set_keys(bag.fcurves.new(path), np.array([first]), np.array([value]))
    if bag.fcurves.find("location") is not None:
        action[KEY] = standing(armature_object).tolist()
    if active:
        _activate(armature_object, action, bag.slot)
    return action


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


def channels(armature_object, motion: RigMotion) -> list[Channel]:
    """Everything that is animated, as the bones of this armature want it."""
    rows = [Channel(*row) for row in _bone_channels(armature_object, motion)]
    if motion.object_travel is not None:
        path = _object_path(armature_object, motion.object_travel)
        rows.append(Channel("", "location", path))
    return rows


def _bone_channels(armature_object, motion: RigMotion) -> Iterator[tuple[str, str, np.ndarray]]:
    """Bone, data path and values (F, channels)."""
    for bone, quaternions in motion.rotations.items():
        path = _path(bone)
        mode = armature_object.pose.bones[bone].rotation_mode
        if mode == "QUATERNION":
            yield bone, f"{path}.rotation_quaternion", quaternions
        elif mode == "AXIS_ANGLE":
            yield bone, f"{path}.rotation_axis_angle", axis_angles(quaternions)
        else:
            yield bone, f"{path}.rotation_euler", eulers(quaternions, mode)
    for bone, location in (motion.locations | {motion.root_bone: motion.root_location}).items():
        own = armature_object.data.bones[bone]
        if not own.use_local_location:  # its location runs along the armature's axes
            location = location @ np.array(own.matrix_local.to_3x3()).T
        yield bone, f"{_path(bone)}.location", location


def _object_path(armature_object, travel: np.ndarray) -> np.ndarray:
    """(F, 3) locations of the object, in its parent's space, that add `travel` in the world."""
    return standing(armature_object) + travel @ np.linalg.inv(above(armature_object)).T


def _path(bone: str) -> str:
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"]'


def eulers(quaternions: np.ndarray, order: str) -> np.ndarray:
    """(F, 4) wxyz -> (F, 3) radians, each next to the one before."""
    result = [Quaternion(quaternions[0]).to_euler(order)]
    for quaternion in quaternions[1:]:
        result.append(Quaternion(quaternion).to_euler(order, result[-1]))
    return np.array(result)


def axis_angles(quaternions: np.ndarray) -> np.ndarray:
    """(F, 4) continuous wxyz -> (F, 4) angle in radians and unit axis, without jumps.

    The axis of a rotation through zero turns round; angle and axis change sign together there.
    """
    sines = np.linalg.norm(quaternions[:, 1:], axis=1)
    angles = 2 * np.arctan2(sines, quaternions[:, 0])
    axes = np.where(sines[:, None] > 1e-9, quaternions[:, 1:], (0.0, 1.0, 0.0))
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    flips = np.cumprod(np.where(np.sum(axes[1:] * axes[:-1], axis=1) < 0, -1.0, 1.0))
    signs = np.concatenate([[1.0], flips])
    return np.concatenate([(angles * signs)[:, None], axes * signs[:, None]], axis=1)


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


def _activate(armature_object, action, slot) -> None:
    animation = armature_object.animation_data or armature_object.animation_data_create()
    previous = animation.action
    put_back(armature_object)
    animation.action = action
    animation.action_slot = slot
    if previous is not None and previous.users == 0:
        previous.use_fake_user = True
