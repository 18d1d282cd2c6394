"""Small made-up sets in the exact file formats of Human3.6M and MPI-INF-3DHP.

The real ones may not be passed on. With these the whole path of preparing, training and evaluating
can be run and tested as on the real thing: same keys, types, subjects, joints, cameras with
distortion. A figure swings its limbs and walks; subjects differ in size, actions in their rhythm.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np

from ...shared.arrays import AnyArray, Floats
from ...shared.skeleton import HUMAN36M, MPI_INF_3DHP
from .human36m import CAMERAS, HEIGHTS, JOINTS, TEST, TRAIN, WIDTH
from .lens import PlacedCamera, project
from .mpi_inf_3dhp import TEST_IMAGES, TRAIN_IMAGE

ACTIONS = (
    "Directions",
    "Discussion",
    "Eating",
    "Greeting",
    "Phoning",
    "Photo",
    "Posing",
    "Purchases",
    "Sitting",
    "SittingDown",
    "Smoking",
    "Waiting",
    "WalkDog",
    "Walking",
    "WalkTogether",
)
DETECTOR_NOISE = 4.0
"""Pixels, of the keypoints that stand in for a detector's."""
BONES = {
    "right_hip": (-0.13, 0, 0),
    "right_knee": (0, 0, -0.45),
    "right_foot": (0, 0, -0.44),
    "left_hip": (0.13, 0, 0),
    "left_knee": (0, 0, -0.45),
    "left_foot": (0, 0, -0.44),
    "spine": (0, 0, 0.24),
    "thorax": (0, 0, 0.25),
    "neck": (0, -0.05, 0.11),
    "head": (0, 0.01, 0.11),
    "left_shoulder": (0.15, 0, -0.02),
    "left_elbow": (0.05, 0, -0.27),
    "left_wrist": (0, -0.03, -0.25),
    "right_shoulder": (-0.15, 0, -0.02),
    "right_elbow": (-0.05, 0, -0.27),
    "right_wrist": (0, -0.03, -0.25),
}
"""Metres from the parent, z up, facing -y: Human3.6M's world."""
TO_3DHP = ("head", "thorax", *(j for j in MPI_INF_3DHP.joints[2:14]), "hip", "spine", "neck")
"""Which of Human3.6M's joints stands for each of MPI-INF-3DHP's."""


def figure(rng: np.random.Generator, frames: int, size: float) -> Floats:
    """A moving figure (F, 17, 3) in Human3.6M's joints and world: metres, z up."""
    time = np.arange(frames)[:, None] / 50
    joints = HUMAN36M.joints
    turn = np.zeros((frames, len(joints)))
    rhythm, phase = rng.uniform(0.5, 1.5), rng.uniform(0, 2 * np.pi, len(joints))
    turn += rng.uniform(0.1, 0.7, len(joints)) * np.sin(2 * np.pi * rhythm * time + phase)
    heading = rng.uniform(-np.pi, np.pi) + 0.4 * np.sin(0.7 * time[:, 0])
    positions = np.zeros((frames, len(joints), 3))
    swing = np.zeros((frames, len(joints)))
    for joint in HUMAN36M.root_first:
        parent = HUMAN36M.parents[joint]
        if parent < 0:
            continue
        swing[:, joint] = 0.5 * swing[:, parent] + turn[:, joint]
        x, y, z = np.array(BONES[joints[joint]]) * size
        sin, cos = np.sin(swing[:, joint]), np.cos(swing[:, joint])
        bone = np.stack([np.full(frames, x), y * cos - z * sin, y * sin + z * cos], axis=-1)
        positions[:, joint] = positions[:, parent] + bone
    sin, cos = np.sin(heading)[:, None], np.cos(heading)[:, None]
    x, y = positions[..., 0], positions[..., 1]
    positions = np.stack([x * cos - y * sin, x * sin + y * cos, positions[..., 2]], axis=-1)
    walk = np.cumsum(np.stack([np.sin(heading), -np.cos(heading)], -1), axis=0) * 0.01
    walk = 0.8 * np.sin(walk) + rng.uniform(-0.5, 0.5, 2)
    place = np.concatenate([walk, np.full((frames, 1), 0.92 * size)], axis=-1)
    return positions + place[:, None]


def camera_around(
    rng: np.random.Generator, number: int, width: int, height: int, distortion: bool
) -> PlacedCamera:
    """One of four cameras in the corners of a room, 5 m from its middle, looking inwards."""
    angle = np.pi / 4 + number * np.pi / 2 + rng.uniform(-0.2, 0.2)
    place = np.array([5 * np.cos(angle), 5 * np.sin(angle), rng.uniform(1.3, 1.7)])
    forward = np.array([0, 0, 0.9]) - place
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    focal = 1.145 * width + rng.uniform(-3, 3, 2)
    centre = np.array([width / 2, height / 2]) + rng.uniform(-15, 15, 2)
    bent = rng.normal([-0.2, 0.24, -0.002, -0.001, -0.002], 0.001) if distortion else np.zeros(5)
    translation = np.asarray(-rotation @ place, float)
    return PlacedCamera(rotation, translation, np.concatenate([focal, centre, bent]))


def write_human36m(folder: Path, frames: int = 60, actions: tuple[str, ...] = ACTIONS) -> None:
    """data_3d_h36m.npz, data_2d_h36m_gt.npz and data_2d_h36m_cpn_ft_h36m_dbb.npz in `folder`."""
    rng = np.random.default_rng(36)
    world: dict[str, dict[str, AnyArray]] = {}
    exact: dict[str, dict[str, list[AnyArray]]] = {}
    noisy: dict[str, dict[str, list[AnyArray]]] = {}
    for subject in (*TRAIN, *TEST):
        size = rng.uniform(0.92, 1.08)
        cameras = [camera_around(rng, c, WIDTH, HEIGHTS[c], True) for c in range(CAMERAS)]
        world[subject], exact[subject], noisy[subject] = {}, {}, {}
        for action, take in itertools.product(actions, ("", " 1")):
            if (subject, action + take) == ("S11", "Directions"):
                continue
            motion = figure(rng, frames + int(rng.integers(0, 9)), size).astype(np.float32)
            views = [project(c.to_camera(motion), c.lens).astype(np.float32) for c in cameras]
            world[subject][action + take] = _thirty_two(motion)
            exact[subject][action + take] = views
            noisy[subject][action + take] = [_as_detected(rng, view) for view in views]
    sides = [[4, 5, 6, 11, 12, 13], [1, 2, 3, 14, 15, 16]]
    layout = {"layout_name": "h36m", "num_joints": 17, "keypoints_symmetry": sides}
    _save(folder / "data_3d_h36m.npz", positions_3d=world)
    _save(folder / "data_2d_h36m_gt.npz", positions_2d=exact, metadata=layout)
    name = "data_2d_h36m_cpn_ft_h36m_dbb.npz"
    # The detector's file has three subjects more, whose motion was never published.
    _save(folder / name, positions_2d=noisy | {"S2": noisy["S1"]}, metadata=layout)


def write_3dhp(folder: Path, frames: int = 60, universal: bool = False) -> None:
    """data_train_3dhp.npz and data_test_3dhp.npz in `folder`, with either ground truth."""
    rng = np.random.default_rng(3)
    train: dict[str, Any] = {}
    for subject, sequence in itertools.product(range(1, 9), (1, 2)):
        size = 1.0 if universal else 0.9 + 0.025 * subject
        motion = figure(rng, frames, size)
        views = {str(c): _view(rng, motion, c, TRAIN_IMAGE) for c in (0, 1, 2, 4, 5, 6, 7, 8)}
        train[f"S{subject} Seq{sequence}"] = [views, 25 if subject % 2 else 50]
    test: dict[str, Any] = {}
    for number in range(1, 7):
        name = f"TS{number}"
        motion = figure(rng, frames, 1.0 if universal else 0.9 + 0.03 * number)
        view = _view(rng, motion, number, TEST_IMAGES.get(name, TRAIN_IMAGE))
        test[name] = view | {"valid": (rng.random(frames) < 0.9).astype(float)}
    _save(folder / "data_train_3dhp.npz", data=train)
    _save(folder / "data_test_3dhp.npz", data=test)


def _view(
    rng: np.random.Generator, motion: Floats, camera: int, image: tuple[int, int]
) -> dict[str, AnyArray]:
    placed = camera_around(rng, camera, *image, distortion=False)
    seen = placed.to_camera(motion)[:, [HUMAN36M.joints.index(name) for name in TO_3DHP]]
    return {"data_2d": project(seen, placed.lens), "data_3d": seen * 1000}


def _thirty_two(motion: Floats) -> AnyArray:
    """The recording's 32 joints: those that no evaluation uses stand where the hip is."""
    recorded = np.repeat(motion[:, :1], 32, axis=1)
    recorded[:, JOINTS] = motion
    return recorded.astype(np.float32)


def _as_detected(rng: np.random.Generator, points: Floats) -> AnyArray:
    """Noise of a detector, whose videos run on for some frames when the motion has ended."""
    longer = np.concatenate([points, np.repeat(points[-1:], 3, axis=0)])
    return (longer + rng.normal(0, DETECTOR_NOISE, longer.shape)).astype(np.float32)


def _save(path: Path, **dictionaries: dict[str, Any]) -> None:
    arrays = {key: np.array(value, dtype=object) for key, value in dictionaries.items()}
    np.savez_compressed(path, **arrays)  # pyright: ignore[reportArgumentType]
