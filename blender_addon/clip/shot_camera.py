"""Where the camera that shot the clip stands in the scene. Numbers only; knows no Blender.

A camera's axes are Blender's: x right, y up, it looks along -z.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Floats, Ints
from ...shared.errors import RetakeError
from ...shared.ground import find_ground

FLIP = np.diag([1.0, -1.0, -1.0])
"""From a camera with y down that looks along z to Blender's."""

LEGS = ((1, 2), (2, 3), (4, 5), (5, 6))
HIPS = (4, 1)
"""The left and the right one."""

EYE_HEIGHT_M, DISTANCE_M = 1.5, 4.0
"""Of a camera of which nothing is known yet: level, held by somebody who looks at the origin."""


@dataclass(frozen=True)
class Pose:
    """location (3,) and axes in the columns of (3, 3), world, Blender units."""

    location: Floats
    axes: Floats


def usual_pose() -> Pose:
    """Before there are takes: at eye height in front of a character that faces -Y."""
    axes = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
    return Pose(np.array([0.0, -DISTANCE_M, EYE_HEIGHT_M]), axes)


def fitted_pose(joints: Floats, fps: float, shown: Ints, thighs: Floats, leg_length: float) -> Pose:
    """The video's own camera in the world of a rig that wears the take.

    joints (F, 17, 3) of the take, camera frame with root, metres. thighs (N, 2, 3): where the left
    and the right thigh of the rig begin at the take's frames `shown` (N,); `leg_length` is its
    thigh and shin; world units. The rig's world is the take's own, scaled by the ratio of leg
    lengths, turned about the vertical and moved; turn and move are found here. RetakeError if the
    take's body has no legs.
    """
    ground = find_ground(joints, fps)
    lengths = [np.linalg.norm(joints[:, a] - joints[:, b], axis=-1) for a, b in LEGS]
    leg = float(np.median(lengths, axis=1).sum()) / 2
    if leg < 1e-6:
        raise RetakeError("The legs of this take have no length. Choose another take.")
    scale = leg_length / leg
    source = scale * ground.to_world(joints[shown][:, HIPS].astype(np.float64))
    turn = _turn(source[..., :2].reshape(-1, 2), thighs[..., :2].reshape(-1, 2))
    origin = np.mean(thighs - source @ turn.T, axis=(0, 1))
    return Pose(turn @ (scale * ground.translation) + origin, turn @ ground.rotation @ FLIP)


def _turn(source: Floats, target: Floats) -> Floats:
    """About the vertical, (3, 3): the best between two sets of places (N, 2) on the floor."""
    a, b = source - source.mean(axis=0), target - target.mean(axis=0)
    angle = np.arctan2(np.sum(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]), np.sum(a * b))
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
