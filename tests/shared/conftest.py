"""A synthetic walking figure and a camera to film it, for root, ground and contacts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from retake.shared.arrays import Bools, Floats
from retake.shared.camera import Camera

THIGH, SHANK, ANKLE_HEIGHT = 0.43, 0.42, 0.0765
HIP_HEIGHT = 0.88
UPPER_BODY = {  # relative to the hip, world axes, facing -Y
    7: (0.0, 0.0, 0.24),
    8: (0.0, 0.0, 0.5),
    9: (0.0, -0.06, 0.62),
    10: (0.0, -0.04, 0.73),
    11: (0.17, 0.0, 0.47),
    12: (0.22, 0.0, 0.2),
    13: (0.24, -0.1, -0.04),
    14: (-0.17, 0.0, 0.47),
    15: (-0.22, 0.0, 0.2),
    16: (-0.24, -0.1, -0.04),
}
CYCLE_S, STANCE = 1.1, 0.6


@dataclass(frozen=True)
class Walk:
    """world (frames, 17, 3): metres, z up, floor at 0; planted (frames, 2): left and right foot."""

    world: Floats
    planted: Bools


@dataclass(frozen=True)
class Shot:
    """What a still camera sees, in its own frame: points (frames, 17, 3), the world's up (3,)."""

    points: Floats
    up: Floats

    @property
    def root(self) -> Floats:
        return self.points[:, 0]

    @property
    def poses(self) -> Floats:
        return self.points - self.points[:, :1]


def _foot(phase: Floats, stride: float, lift: float) -> tuple[Floats, Bools]:
    """Distance walked and height (frames, 2) of one ankle, and whether it is planted (frames,)."""
    step, within = np.floor(phase), phase % 1
    swing = np.clip((within - STANCE) / (1 - STANCE), 0, 1)
    forward = stride * (step + STANCE / 2 + swing**2 * (3 - 2 * swing))
    return np.stack([forward, lift * np.sin(np.pi * swing) ** 2], axis=-1), within < STANCE


def _knee(hip: Floats, ankle: Floats) -> Floats:
    """Two-bone inverse kinematics in the plane x = const; knees bend towards -Y."""
    reach = ankle - hip
    length = np.minimum(np.linalg.norm(reach, axis=-1, keepdims=True), THIGH + SHANK - 1e-6)
    along = (THIGH**2 - SHANK**2 + length**2) / (2 * length)
    aside = np.sqrt(np.maximum(THIGH**2 - along**2, 0))
    direction = reach / np.linalg.norm(reach, axis=-1, keepdims=True)
    forward = np.cross(direction, [1.0, 0.0, 0.0])
    return hip + along * direction + aside * forward


@pytest.fixture
def walk() -> Callable[..., Walk]:
    """walk(frames, fps, speed, lift, hip_height): towards -Y; speed 0 and lift 0 stand still."""

    def make(
        frames: int,
        fps: float,
        speed: float = 1.2,
        lift: float = 0.1,
        hip_height: float = HIP_HEIGHT,
    ) -> Walk:
        time = np.arange(frames) / fps
        world = np.zeros((frames, 17, 3))
        world[:, 0, 1], world[:, 0, 2] = -speed * time, hip_height
        for joint, offset in UPPER_BODY.items():
            world[:, joint] = world[:, 0] + offset
        planted = np.zeros((frames, 2), bool)
        for foot, (hip, side, start) in enumerate(((4, 1.0, 0.0), (1, -1.0, 0.5))):
            path, planted[:, foot] = _foot(time / CYCLE_S + start, speed * CYCLE_S, lift)
            world[:, hip] = world[:, 0] + (0.1 * side, 0.0, 0.0)
            world[:, hip + 2, 0] = 0.1 * side
            world[:, hip + 2, 1] = speed * CYCLE_S * start - path[:, 0]
            world[:, hip + 2, 2] = ANKLE_HEIGHT + path[:, 1]
            world[:, hip + 1] = _knee(world[:, hip], world[:, hip + 2])
        return Walk(world, planted)

    return make


@pytest.fixture
def film() -> Callable[..., Shot]:
    """film(world, pitch, yaw, distance): a camera 1.4 m up; pitch > 0 looks down, radians."""

    def shoot(world: Floats, pitch: float = 0.1, yaw: float = 0.6, distance: float = 5.0) -> Shot:
        turn = np.array(
            [[np.cos(yaw), -np.sin(yaw), 0], [np.sin(yaw), np.cos(yaw), 0], [0, 0, 1.0]]
        )
        axes = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])  # x right, y down, z away
        tilt = np.array(
            [[1.0, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
        )
        to_camera = tilt @ axes @ turn
        centre = world[:, 0].mean(axis=0) * (1, 1, 0)
        points = (world - centre) @ (axes @ turn).T + (0.0, 1.4, distance)
        return Shot(points @ tilt.T, to_camera @ (0.0, 0.0, 1.0))

    return shoot


@pytest.fixture
def camera() -> Camera:
    return Camera(1145.0, 1145.0, 500.0, 500.0, 1000, 1000)
