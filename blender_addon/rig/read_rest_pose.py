# pyright: basic
"""Reads an armature object's rest pose. Edits nothing and switches no mode."""

from __future__ import annotations

import numpy as np

from ...shared.errors import RetakeError
from .rest_pose import RestPose


def read_rest_pose(armature_object) -> RestPose:
    """RestPose of a Blender armature object, at its present place in the world."""
    bones = armature_object.data.bones
    if not len(bones):
        raise RetakeError(f"The armature '{armature_object.name}' has no bones.")
    index = {bone.name: i for i, bone in enumerate(bones)}
    return RestPose(
        name=armature_object.name,
        bones=tuple(index),
        parents=tuple(index[bone.parent.name] if bone.parent else -1 for bone in bones),
        matrices=np.array([bone.matrix_local for bone in bones], dtype=float),
        tails=np.array([bone.tail_local for bone in bones], dtype=float),
        world=np.array(armature_object.matrix_world, dtype=float),
    )
