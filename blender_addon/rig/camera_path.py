"""From what a camera saw to the world, for a camera that moves or whose place is known.

Blender is seen only through the objects that `matrices_over_time` is given.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...shared.arrays import Floats
from ...shared.errors import RetakeError
from ...shared.root import CameraPath

TO_BLENDER_CAMERA = np.array([1.0, -1.0, -1.0])
"""Ours: x right, y down, z forward. Blender's cameras: x right, y up, looking along -z."""


def camera_path(cameras: Floats, frames: int) -> CameraPath:
    """Of matrices (F, 4, 4), Blender camera to world, one per frame of the takes. The scale of the
    camera object does not count. Raises RetakeError for other shapes, and for a scale of 0.
    """
    cameras = np.asarray(cameras, dtype=float)
    if cameras.shape != (frames, 4, 4):
        raise RetakeError(
            f"The camera's path has shape {cameras.shape}; expected ({frames}, 4, 4): "
            "one matrix per frame of the takes."
        )
    axes = cameras[:, :3, :3]
    scale = np.linalg.norm(axes, axis=1, keepdims=True)
    if not np.all(scale > 0):
        raise RetakeError("The camera has no size in some frames. Clear its scale (Alt S).")
    axes = axes / scale
    return CameraPath(axes * TO_BLENDER_CAMERA, cameras[:, :3, 3])


def through_camera(points: Floats, cameras: Floats) -> Floats:
    """World points (F, N, 3) of camera points (F, N, 3) by matrices as `camera_path` has them."""
    path = camera_path(cameras, len(points))
    return points @ np.swapaxes(path.turns, 1, 2) + path.places[:, None]


def matrices_over_time(thing: Any, scene: Any, frames: Floats) -> Floats:
    """(F, 4, 4): a Blender object, such as a solved camera, at scene `frames` (F,), between whole
    ones too; to the world, constraints and parents included. The current frame is put back.
    """
    now, part = scene.frame_current, scene.frame_subframe
    matrices = np.empty((len(frames), 4, 4))
    try:
        for place, frame in enumerate(frames):
            scene.frame_set(int(np.floor(frame)), subframe=float(frame - np.floor(frame)))
            seen = thing.evaluated_get(scene.view_layers[0].depsgraph)
            matrices[place] = np.array(seen.matrix_world)
    finally:
        scene.frame_set(now, subframe=part)
    return matrices
