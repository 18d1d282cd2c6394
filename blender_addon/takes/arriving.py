"""Finished frames of takes that are still computed, as stick figures. Arrays only, no graphics.

They have no place in space yet: the server solves it last. All hang on one point, turned as the
camera that filmed them stands.
"""

from __future__ import annotations

import numpy as np

from ...shared.arrays import Floats, Floats32
from ...shared.resample import MODEL_FPS
from ...shared.skeleton import HUMAN36M

LEVEL = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
"""Camera frame -> scene, for a level camera that looks along the scene's Y."""

MOST = 5
"""Figures that are drawn."""


def figures_at(
    poses: Floats, seconds: float, hip: Floats, axes: Floats = LEVEL, scale: float = 1.0
) -> Floats32 | None:
    """Lines (n, bones, 2, 3) of the first figures at a time of the clip, from its first frame.

    poses (H, G, 17, 3) root-relative metres, camera frame, at the model's rate; `hip` (3,) where
    they hang; `axes` (3, 3) camera frame -> scene. None if that time is not computed yet.
    """
    frame = round(seconds * MODEL_FPS)
    if not 0 <= frame < poses.shape[1]:
        return None
    joints = poses[:MOST, frame].astype(np.float64) @ axes.T * scale + hip
    return joints[:, HUMAN36M.bones].astype(np.float32)


def camera_axes(matrix_world: Floats) -> Floats:
    """Of a Blender camera (4, 4), which looks along -z with y up: camera frame -> scene (3, 3)."""
    axes = matrix_world[:3, :3] / np.linalg.norm(matrix_world[:3, :3], axis=0)
    return axes * np.array([1.0, -1.0, -1.0])
