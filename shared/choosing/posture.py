"""Postures in numbers: where a hand, a foot or the head is, seen from the body itself.

Every number is about 1 for a change that anybody sees: parts of a limb's length, or radians.
Positions are in the camera frame (x right, y down, z forward), any unit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..arrays import Floats
from ..rotations import normalise
from ..skeleton import HUMAN36M

Measure = Callable[[Floats], Floats]
"""Poses (K, 17, 3) -> one number for each (K,)."""

JOINT = {name: index for index, name in enumerate(HUMAN36M.joints)}


def body_axes(poses: Floats) -> dict[str, Floats]:
    """Unit vectors (K, 3) of the bodies in poses (K, 17, 3).

    `up` runs from the hip to the thorax, `left` through hips and shoulders, `forward` where the
    chest looks. `level_forward` and `level_left` are the same without their part along the
    camera's vertical. `to_camera`, `to_right` and `skyward` are the picture's.
    """
    up = normalise(poses[:, JOINT["thorax"]] - poses[:, JOINT["hip"]])
    across = sum(
        normalise(poses[:, JOINT[f"left_{part}"]] - poses[:, JOINT[f"right_{part}"]])
        for part in ("hip", "shoulder")
    )
    left = normalise(across - np.sum(across * up, axis=-1, keepdims=True) * up)
    forward = np.cross(left, up)
    sky = np.broadcast_to(np.array([0.0, -1.0, 0.0]), up.shape)
    return {
        "up": up,
        "left": left,
        "right": -left,
        "forward": forward,
        "level_left": normalise(left * (1.0, 0.0, 1.0)),
        "level_forward": normalise(forward * (1.0, 0.0, 1.0)),
        "skyward": sky,
        "to_camera": np.broadcast_to(np.array([0.0, 0.0, -1.0]), up.shape),
        "to_right": np.broadcast_to(np.array([1.0, 0.0, 0.0]), up.shape),
    }


def offset(axis: str, joint: str, origin: str, chain: tuple[str, ...]) -> Measure:
    """How far `joint` is from `origin` along an axis of the body, in lengths of `chain`."""

    def measure(poses: Floats) -> Floats:
        vector = poses[:, JOINT[joint]] - poses[:, JOINT[origin]]
        return np.sum(vector * body_axes(poses)[axis], axis=-1) / _length(poses, chain)

    return measure


def bend(start: str, middle: str, end: str) -> Measure:
    """The angle by which a joint is bent, radians; 0 is straight."""

    def measure(poses: Floats) -> Floats:
        one = normalise(poses[:, JOINT[middle]] - poses[:, JOINT[start]])
        other = normalise(poses[:, JOINT[end]] - poses[:, JOINT[middle]])
        return np.arccos(np.clip(np.sum(one * other, axis=-1), -1, 1))

    return measure


def facing(axis: str) -> Measure:
    """Cosine between where the chest looks and an axis of the picture."""

    def measure(poses: Floats) -> Floats:
        axes = body_axes(poses)
        return np.sum(axes["forward"] * axes[axis], axis=-1)

    return measure


def head_turn(poses: Floats) -> Floats:
    """Radians by which the nose is turned to the body's left, about the line of neck and head."""
    axes = body_axes(poses)
    line = normalise(poses[:, JOINT["head"]] - poses[:, JOINT["thorax"]])
    nose = poses[:, JOINT["neck"]] - poses[:, JOINT["thorax"]]
    nose = nose - np.sum(nose * line, axis=-1, keepdims=True) * line
    return np.arctan2(np.sum(nose * axes["left"], axis=-1), np.sum(nose * axes["forward"], axis=-1))


def _length(poses: Floats, chain: tuple[str, ...]) -> Floats:
    bones = np.diff(poses[:, [JOINT[name] for name in chain]], axis=1)
    return np.maximum(np.linalg.norm(bones, axis=-1).sum(axis=-1), 1e-6)
