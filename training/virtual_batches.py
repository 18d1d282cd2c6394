"""Batches from world-space motion: other bodies, random cameras, what a detector makes of it."""

from __future__ import annotations

import numpy as np

from ..shared.arrays import Floats
from ..shared.camera import normalise_person
from ..shared.model.config import ModelConfig
from ..shared.skeleton import HUMAN36M
from .bodies import random_bodies
from .config import TrainConfig
from .data.motion_set import MotionSet
from .data.windows import draw_world, root_relative
from .detector_noise import corrupt, swap_sides
from .hiding import hide
from .source_rate import draw_rate, to_model, to_source
from .virtual_camera import picture, place

Pair = tuple[Floats, Floats]
"""Normalised keypoints (B, F, J, 2), NaN where hidden; root-relative positions (B, F, J, 3), m."""

FIXED_SEED = 2024
"""Of the windows and cameras that a run is watched with."""


def draw_batch(data: MotionSet, config: TrainConfig, rng: np.random.Generator) -> Pair:
    """One training batch. Half of the windows are mirrored (flip augmentation)."""
    frames = config.model.frames
    world = random_bodies(rng, draw_world(data, rng, config.batch, frames))
    camera, focal = place(rng, world)
    fps = draw_rate(rng)
    points = corrupt(rng, picture(to_source(camera, fps), focal))
    known = np.ones(points.shape[:-1], bool)
    if config.hide_keypoints:
        points = swap_sides(rng, points)
        known = hide(rng, *points.shape[:-1])
    points, known = to_model(points, known, fps, frames)
    keypoints = np.where(known[..., None], normalise(points, config.model), np.float32(np.nan))
    positions = root_relative(camera)
    mirrored = rng.random(config.batch) < 0.5
    keypoints[mirrored] = mirror(keypoints[mirrored], HUMAN36M.mirror)
    positions[mirrored] = mirror(positions[mirrored], HUMAN36M.mirror)
    return keypoints, positions


def fixed_windows(data: MotionSet, model: ModelConfig, count: int) -> dict[str, Pair]:
    """The same windows every time, with exact and with noisy keypoints."""
    rng = np.random.default_rng(FIXED_SEED)
    camera, focal = place(rng, draw_world(data, rng, count, model.frames))
    exact = picture(camera, focal)
    shown = {"exact": exact, "noisy": corrupt(rng, exact)}
    truth = root_relative(camera)
    return {name: (normalise(points, model), truth) for name, points in shown.items()}


def normalise(points: Floats, config: ModelConfig) -> Floats:
    """Image points in units of the long side -> the model's input."""
    if config.keypoint_frame == "person":
        return normalise_person(points, HUMAN36M.root).astype(np.float32)
    return (points * 2).astype(np.float32)  # the long side spans -1 to 1


def mirror(values: Floats, permutation: tuple[int, ...]) -> Floats:
    """Mirror image of points or positions (..., J, C): x negated, sides swapped."""
    mirrored = values[..., permutation, :]
    mirrored[..., 0] *= -1
    return mirrored
