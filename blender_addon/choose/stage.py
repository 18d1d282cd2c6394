"""Where ghosts stand: from a clip's camera frame to where its character is in the scene.

The same way as a take goes onto a rig (`rig.apply_take`), without the rig: floor, size, place. The
last centimetres, which feet and bone lengths make, are met by hanging ghosts up at the hip.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ...shared.arrays import Floats
from ...shared.ground import Ground, find_ground
from ...shared.takes import Takes

LEGS = ((1, 2, 3), (4, 5, 6))


@dataclass(frozen=True)
class Stage:
    """Camera frame (metres) -> floor at 0, z up -> `scale`, turned (3, 3), moved (3,)."""

    ground: Ground
    scale: float = 1.0
    rotation: Floats = field(default_factory=lambda: np.eye(3))
    origin: Floats = field(default_factory=lambda: np.zeros(3))

    def place(self, points: Floats) -> Floats:
        """Points (..., 3) in the camera frame -> in the scene."""
        return self.ground.to_world(points) * self.scale @ self.rotation.T + self.origin

    def turn(self, vectors: Floats) -> Floats:
        """Directions and distances (..., 3) likewise."""
        return (vectors @ self.ground.rotation.T) * self.scale @ self.rotation.T

    @property
    def camera(self) -> Floats:
        """(3,) where the video's camera stands in the scene."""
        return self.place(np.zeros(3))

    def into_camera(self, points: Floats) -> Floats:
        """The inverse of `place`."""
        world = (points - self.origin) @ self.rotation / self.scale
        return (world - self.ground.translation) @ self.ground.rotation


class Place(NamedTuple):
    """A rig's leg length, and how it stands at rest: rotation (3, 3) and origin (3,)."""

    leg_length: float
    rotation: Floats
    origin: Floats


def stage_of(takes: Takes, positions: Floats, place: Place | None = None) -> Stage:
    """The stage of the motion (F, 17, 3) that is applied: on a rig, or on the clip's own floor."""
    ground = find_ground(positions, takes.fps)
    if place is None:
        return Stage(ground)
    return Stage(ground, scale_of(positions, place.leg_length), place.rotation, place.origin)


def scale_of(positions: Floats, leg_length: float) -> float:
    """The rig's size over that of the person who moves as `positions` (F, 17, 3)."""
    legs = np.linalg.norm(np.diff(positions[:, LEGS], axis=2), axis=-1).sum(axis=2)
    return leg_length / max(float(np.median(legs, axis=0).mean()), 1e-3)


def frame_of(seconds: float, takes: Takes, scene_fps: float, start_frame: float) -> float:
    """The frame of the scene at which a moment of the clip is shown."""
    return start_frame + (seconds - float(takes.times[0])) * scene_fps


def seconds_of(frame: float, takes: Takes, scene_fps: float, start_frame: float) -> float:
    """The inverse of `frame_of`, held at the clip's ends."""
    seconds = float(takes.times[0]) + (frame - start_frame) / scene_fps
    return float(np.clip(seconds, takes.times[0], takes.times[-1]))


def nearest_frame(seconds: float, takes: Takes) -> int:
    """The frame of the clip nearest to a moment of it."""
    return int(np.argmin(np.abs(takes.times - seconds)))


def depth_view(person: Floats, camera: Floats, degrees: float = 45.0) -> tuple[Floats, Floats]:
    """A view of `person` (3,) turned about the vertical, off the line to the video's camera.

    -> the direction to look in (3,), and its right-hand side (3,), both unit vectors. A camera that
    hangs right above the person looks along the scene's Y.
    """
    line = (person - camera) * (1.0, 1.0, 0.0)
    length = float(np.linalg.norm(line))
    line = line / length if length > 1e-6 else np.array([0.0, 1.0, 0.0])
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    look = np.array([*(turn @ line[:2]), -0.15])
    look /= np.linalg.norm(look)
    right = np.cross(look, (0.0, 0.0, 1.0))
    return look, right / np.linalg.norm(right)
