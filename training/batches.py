"""Training batches: mocap windows, other bodies, random cameras, detector noise."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..shared.arrays import Floats
from ..shared.camera import normalise_person
from ..shared.model.config import ModelConfig
from ..shared.skeleton import HUMAN36M
from .detector_noise import corrupt, swap_sides
from .hiding import hide
from .mocap import MocapSet, random_bodies
from .virtual_camera import view


def draw_batch(
    mocap: MocapSet,
    config: ModelConfig,
    batch: int,
    rng: np.random.Generator,
    hide_keypoints: bool = False,
) -> tuple[Tensor, Tensor]:
    """Normalised keypoints (B, F, 17, 2) and root-relative positions (B, F, 17, 3), metres.

    Half of the windows are mirrored (flip augmentation). Hidden keypoints are NaN.
    """
    world = random_bodies(rng, mocap.draw_windows(rng, batch, config.frames))
    camera, points = view(rng, world)
    points = corrupt(rng, points)
    known = np.ones(points.shape[:-1], bool)
    if hide_keypoints:
        points = swap_sides(rng, points)
        points, known = hide(rng, points)
    positions = camera - camera[:, :, HUMAN36M.root, None]
    mirrored = rng.random(batch) < 0.5
    points[mirrored] = _mirror(points[mirrored])
    positions[mirrored] = _mirror(positions[mirrored])
    known[mirrored] = known[mirrored][..., HUMAN36M.mirror]
    keypoints = np.where(known[..., None], normalise(points, config), np.float32(np.nan))
    return torch.from_numpy(keypoints), torch.from_numpy(positions)


def normalise(points: Floats, config: ModelConfig) -> Floats:
    """Image points in units of the long side -> the model's input."""
    if config.keypoint_frame == "person":
        return normalise_person(points, HUMAN36M.root).astype(np.float32)
    return (points * 2).astype(np.float32)  # the long side spans -1 to 1


def _mirror(values: Floats) -> Floats:
    mirrored = values[..., HUMAN36M.mirror, :]
    mirrored[..., 0] *= -1
    return mirrored
