# pyright: basic, reportAttributeAccessIssue=false
"""What is animated of an armature, in the words of its bones: quaternions, axis-angle or Euler
angles, locations along their own axes or the armature's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import bpy
import numpy as np
from mathutils import Quaternion  # pyright: ignore[reportMissingImports]

from ..armature.object_place import above, standing
from ..solving.solve import RigMotion


@dataclass(frozen=True)
class Channel:
    """What is animated of a bone, or with an empty name of the object: values (F, columns)."""

    bone: str
    data_path: str
    values: np.ndarray


@dataclass(frozen=True)
class Manner:
    """How an armature object wants to be animated: plain values, good for as long as it stays so.

    modes   rotation mode per bone
    turned  (3, 3) bone's axes -> armature's, of bones whose location runs along the latter
    stands  (3,) the object's location, in its parent's space
    above   (3, 3) that space -> world
    """

    modes: dict[str, str]
    turned: dict[str, np.ndarray]
    stands: np.ndarray
    above: np.ndarray

    @classmethod
    def of(cls, armature_object) -> Manner:
        bones = armature_object.pose.bones
        turned = [b.bone for b in bones if not b.bone.use_local_location]
        return cls(
            {bone.name: bone.rotation_mode for bone in bones},
            {bone.name: np.array(bone.matrix_local.to_3x3()) for bone in turned},
            standing(armature_object),
            above(armature_object),
        )

    def is_that_of(self, armature_object) -> bool:
        """Whether the bones still want the same; where the object stands is for `finish`."""
        now = Manner.of(armature_object)
        return (now.modes, now.turned.keys()) == (self.modes, self.turned.keys())


def channels(armature_object, motion: RigMotion) -> list[Channel]:
    """Everything that is animated, as the bones of this armature want it."""
    return list(channels_in(Manner.of(armature_object), motion))


def channels_in(manner: Manner, motion: RigMotion) -> Iterator[Channel]:
    """The same one by one: Euler angles of a long clip take a while."""
    for bone, quaternions in motion.rotations.items():
        yield _rotation(bone, manner.modes[bone], quaternions)
    for bone, location in (motion.locations | {motion.root_bone: motion.root_location}).items():
        turned = manner.turned.get(bone)
        values = location if turned is None else location @ turned.T
        yield Channel(bone, f"{path_of(bone)}.location", values)
    if motion.object_travel is not None:
        travel = motion.object_travel @ np.linalg.inv(manner.above).T
        yield Channel("", "location", manner.stands + travel)


def _rotation(bone: str, mode: str, quaternions: np.ndarray) -> Channel:
    path = path_of(bone)
    if mode == "QUATERNION":
        return Channel(bone, f"{path}.rotation_quaternion", quaternions)
    if mode == "AXIS_ANGLE":
        return Channel(bone, f"{path}.rotation_axis_angle", axis_angles(quaternions))
    return Channel(bone, f"{path}.rotation_euler", eulers(quaternions, mode))


def path_of(bone: str) -> str:
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
