"""Virtual cameras that watch world-space motion: truth in camera space, and 2D keypoints."""

from __future__ import annotations

import numpy as np

from ..shared.arrays import Floats
from ..shared.skeleton import HUMAN36M
from .axes import about_axis

PITCH = (-10.0, 30.0)
"""Degrees; positive looks down."""
ROLL_SPREAD = 2.0
FOCAL = (0.8, 2.4)
"""In units of the picture's long side, drawn evenly in its logarithm."""
FILL = (0.3, 0.9)
"""How much of that side a standing person would take."""
STATURE = 1.7
NEAREST = 0.6
"""Metres. Nothing may come closer to the camera: the distance is raised for that."""


def view(rng: np.random.Generator, world: Floats) -> tuple[Floats, Floats]:
    """World (B, F, 17, 3), y up -> camera-frame positions and image points (B, F, 17, 2).

    Image points are in units of the picture's long side, relative to its middle.
    """
    camera, focal = place(rng, world)
    return camera, picture(camera, focal)


def place(rng: np.random.Generator, world: Floats) -> tuple[Floats, Floats]:
    """World (B, F, 17, 3), y up -> camera-frame positions and focal lengths (B,).

    One still camera per window, somewhere around the person, looking near the middle of the way.
    """
    batch = len(world)
    rotation = _rotations(rng, batch)
    focal = FOCAL[0] * (FOCAL[1] / FOCAL[0]) ** rng.uniform(0, 1, batch)
    distance = focal * STATURE / rng.uniform(*FILL, batch)
    target = world[:, :, HUMAN36M.root].mean(axis=1) + rng.normal(0, 0.25, (batch, 3))
    camera = (world - target[:, None, None]) @ rotation.transpose(0, 2, 1)[:, None]
    depth = camera[..., 2]
    distance = np.maximum(distance, NEAREST - depth.min(axis=(1, 2)))
    camera[..., 2] += distance[:, None, None]
    return camera.astype(np.float32), focal


def picture(camera: Floats, focal: Floats) -> Floats:
    """Camera-frame positions (B, F, 17, 3), focal lengths (B,) -> image points (B, F, 17, 2)."""
    points = camera[..., :2] / camera[..., 2:] * focal[:, None, None, None]
    return points.astype(np.float32)


def _rotations(rng: np.random.Generator, batch: int) -> Floats:
    """World (x, y up, z) -> camera (x right, y down, z forward): yaw, then pitch, then roll.

    (B, 3, 3).
    """
    yaw = rng.uniform(-np.pi, np.pi, batch)
    pitch = np.radians(rng.uniform(*PITCH, batch))
    roll = np.radians(rng.normal(0, ROLL_SPREAD, batch))
    upright = np.diag(
        [1.0, -1.0, -1.0]
    )  # half a turn about x: y up to y down, z backward to forward
    return about_axis(2, roll) @ about_axis(0, pitch) @ upright @ about_axis(1, yaw)
