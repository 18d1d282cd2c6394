# pyright: basic
"""Where an armature object stands when no action of ours carries it about.

An action in which the object has the way over the floor leaves the object wherever the current
frame has it. What is written next shall begin where the object stood before.
"""

from __future__ import annotations

import numpy as np

KEY = "retake_stands"
"""The custom property of actions that carry the object: its location without them."""


def standing(armature_object) -> np.ndarray:
    """(3,) its location, in its parent's space."""
    action = _action_of(armature_object)
    if action is not None and KEY in action:
        return np.array(action[KEY], dtype=float)
    return np.array(armature_object.location, dtype=float)


def standing_matrix(armature_object) -> np.ndarray:
    """(4, 4) armature space -> world, as if it stood there."""
    matrix = np.array(armature_object.matrix_world, dtype=float)
    away = standing(armature_object) - np.array(armature_object.location, dtype=float)
    matrix[:3, 3] += above(armature_object) @ away
    return matrix


def above(armature_object) -> np.ndarray:
    """(3, 3) its parent's space -> world."""
    if armature_object.parent is None:
        return np.eye(3)
    matrix = armature_object.parent.matrix_world @ armature_object.matrix_parent_inverse
    return np.array(matrix.to_3x3(), dtype=float)


def put_back(armature_object) -> None:
    """Before an action that carries the object is taken off it."""
    action = _action_of(armature_object)
    if action is not None and KEY in action:
        armature_object.location = standing(armature_object)


def _action_of(armature_object):
    return armature_object.animation_data.action if armature_object.animation_data else None
