"""From turns of bones to their heads and to Blender's basis rotations.

A *turn* is the rotation in world space that takes a bone from its rest orientation to its pose. A
bone without a turn of its own follows its parent. Knows no bodies, only a tree of bones.
"""

from __future__ import annotations

import numpy as np

from ....shared.arrays import Floats
from ..armature.rest_pose import RestPose
from .vectors import mul, quaternion, transposed, turned


def all_turns(rest: RestPose, turns: dict[str, Floats], count: int) -> Floats:
    """(F, B, 3, 3) turns of every bone of `rest`, from those (F, 3, 3) of some bones."""
    filled = np.moveaxis(np.empty((len(rest.bones), 3, 3, count)), -1, 1)  # as in `vectors`
    for bone in rest.parents_first:
        own, parent = turns.get(rest.bones[bone]), rest.parents[bone]
        if own is not None:
            filled[bone] = own
        else:
            filled[bone] = filled[parent] if parent >= 0 else np.eye(3)
    return filled.swapaxes(0, 1)


def posed_heads(rest: RestPose, turns: Floats) -> Floats:
    """Bone heads (F, B, 3), in the units of `rest`, under turns (F, B, 3, 3).

    Topmost bones stay in their place.
    """
    heads = np.moveaxis(np.empty((len(rest.bones), 3, len(turns))), -1, 1)
    for bone in rest.parents_first:
        parent = rest.parents[bone]
        if parent < 0:
            heads[bone] = rest.heads[bone]
        else:
            offset = rest.heads[bone] - rest.heads[parent]
            heads[bone] = heads[parent] + turned(turns[:, parent], offset)
    return heads.swapaxes(0, 1)


def basis_quaternion(rest: RestPose, turns: Floats, bone: int) -> Floats:
    """(F, 4) wxyz of `pose_bone.matrix_basis`: with turn Q and rest R, R^-1 Q_parent^-1 Q R.

    This is (R_parent^-1 R)^-1 (G_parent^-1 G) with G = Q R: rest pose and roll cancel. What stands
    between R^-1 and R keeps its angle; its axis is seen from the bone.
    """
    parent, own = rest.parents[bone], turns[:, bone]
    if parent >= 0:
        own = mul(transposed(turns[:, parent]), own)
    quat = quaternion(own)
    quat[:, 1:] = turned(rest.rotations[bone].T, quat[:, 1:])
    return quat
