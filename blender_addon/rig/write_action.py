# pyright: basic, reportAttributeAccessIssue=false
"""Writes poses as one new slotted action, in bulk. Changes nothing else of the rig or the file.

Works with the layered actions of Blender 4.5 to 5.2. It knows nothing of how the poses came about.
"""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np
from mathutils import Quaternion  # pyright: ignore[reportMissingImports]

from ...shared.errors import RetakeError
from .solve import RigMotion

LINEAR = 1
"""Keyframe.interpolation: every frame has a key, so that nothing may swing between them."""


def write_action(
    armature_object,
    motion: RigMotion,
    frames: np.ndarray,
    name: str,
    switches: tuple[tuple[str, str, float], ...] = (),
):
    """A new action with the motion's poses at `frames` (F,), made the armature object's active one.

    Bones keep their rotation mode: quaternion, axis-angle and Euler curves are written as the bone
    wants them. The action that was active before stays as it is; it only gets a fake user if
    nothing else would keep it in the file. `switches` (bone, custom property, value) get one key
    each. Raises RetakeError if the object cannot be animated.
    """
    _refuse_unwritable(armature_object)
    action = bpy.data.actions.new(name)
    slot = action.slots.new(id_type="OBJECT", name=armature_object.name)
    strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
    bag = strip.channelbag(slot, ensure=True)
    for bone, data_path, columns in _channels(armature_object, motion):
        group = bag.groups.get(bone) or bag.groups.new(bone)
        for index, values in enumerate(columns.T):
            curve = bag.fcurves.new(data_path, index=index)
            curve.group = group
            _set_keys(curve, frames, values)
    for bone, switch, value in switches:
        path = f'{_path(bone)}["{bpy.utils.escape_identifier(switch)}"]'
        _set_keys(bag.fcurves.new(path), frames[:1], np.array([value]))
    _activate(armature_object, action, slot)
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


def _channels(armature_object, motion: RigMotion) -> Iterator[tuple[str, str, np.ndarray]]:
    """Bone, data path and values (F, channels) of everything that is animated."""
    for bone, quaternions in motion.rotations.items():
        path = _path(bone)
        mode = armature_object.pose.bones[bone].rotation_mode
        if mode == "QUATERNION":
            yield bone, f"{path}.rotation_quaternion", quaternions
        elif mode == "AXIS_ANGLE":
            yield bone, f"{path}.rotation_axis_angle", axis_angles(quaternions)
        else:
            yield bone, f"{path}.rotation_euler", eulers(quaternions, mode)
    yield motion.root_bone, f"{_path(motion.root_bone)}.location", motion.root_location


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


def _activate(armature_object, action, slot) -> None:
    animation = armature_object.animation_data or armature_object.animation_data_create()
    previous = animation.action
    animation.action = action
    animation.action_slot = slot
    if previous is not None and previous.users == 0:
        previous.use_fake_user = True
