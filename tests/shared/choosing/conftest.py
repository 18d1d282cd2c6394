"""A figure whose limbs are posed by hand, and hypotheses made of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.bones import recompose
from retake.shared.skeleton import HUMAN36M

ARM = (0.16, 0.29, 0.25)
LENGTHS = np.array([0, 0.13, 0.44, 0.41, 0.13, 0.44, 0.41, 0.24, 0.26, 0.1, 0.11, *ARM, *ARM])
STANDING = {
    "right_hip": (-1, 0, 0),
    "right_knee": (0, 1, 0),
    "right_foot": (0, 1, 0),
    "left_hip": (1, 0, 0),
    "left_knee": (0, 1, 0),
    "left_foot": (0, 1, 0),
    "spine": (0, -1, 0),
    "thorax": (0, -1, 0),
    "neck": (0, -0.8, -0.6),
    "head": (0, -0.9, 0.4),
    "left_shoulder": (1, 0, 0),
    "left_elbow": (0, 1, 0),
    "left_wrist": (0, 1, 0),
    "right_shoulder": (-1, 0, 0),
    "right_elbow": (0, 1, 0),
    "right_wrist": (0, 1, 0),
}
"""Faces the camera: its left is at x > 0, its front towards z < 0. Camera frame, y down."""


@pytest.fixture
def figure() -> Callable[..., Floats]:
    """figure(joint=direction of the bone that ends there, ...) -> (17, 3) metres, else standing."""

    def make(**bones: tuple[float, float, float]) -> Floats:
        directions = np.zeros((17, 3))
        for joint, direction in {**STANDING, **bones}.items():
            vector = np.array(direction, float)
            directions[HUMAN36M.joints.index(joint)] = vector / np.linalg.norm(vector)
        return recompose(LENGTHS[:, None], directions, HUMAN36M)

    return make


@pytest.fixture
def jitter() -> Callable[..., Floats]:
    """jitter(poses (H, F, 17, 3), seed=0) -> the same with 30 mm of white noise, hip excepted."""

    def add(poses: Floats, seed: int = 0) -> Floats:
        noise = np.random.default_rng(seed).normal(0, 0.03 / np.sqrt(3), poses.shape)
        noise[..., 0, :] = 0
        return poses + noise

    return add
