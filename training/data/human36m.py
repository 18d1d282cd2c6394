"""Human3.6M from the files that VideoPose3D's instructions make: `retake prepare h36m`.

    data_3d_h36m.npz                  positions_3d[subject][action] (F, 32, 3) metres, world
    data_2d_h36m_gt.npz               positions_2d[subject][action] four of (F, 17, 2) pixels
    data_2d_h36m_cpn_ft_h36m_dbb.npz  the same, as a detector found them; may be longer

What the evaluations of the field share is fixed here: the subjects of the two splits, the seventeen
of 32 joints, the corrupt recording left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from ...shared.arrays import Floats
from ...shared.errors import RetakeError
from ...shared.skeleton import HUMAN36M
from .dictionaries import read_dictionary
from .lens import PlacedCamera, resect
from .motion_set import Clip, SetWriter, new_set

TRAIN, TEST = ("S1", "S5", "S6", "S7", "S8"), ("S9", "S11")
JOINTS = [0, 1, 2, 3, 6, 7, 8, 12, 13, 14, 15, 17, 18, 19, 25, 26, 27]
"""The seventeen of the recorded 32; the others do not move or stand twice."""
CAMERAS = 4
WIDTH, HEIGHTS = 1000, (1002, 1000, 1000, 1002)
CORRUPT = ("S11", "Directions")
FRAMES_PER_CAMERA = 60
"""Enough to find a camera: the projections are exact."""
LARGEST_ERROR = 0.01
"""Pixels. Exact projections in float32 are met to a hundredth of this."""

Sequences = dict[str, dict[str, Any]]


def prepare(positions: Path, keypoints: Path, exact: Path, out: Path) -> None:
    """Writes `out` from the world positions and the four cameras' keypoints.

    `exact` is data_2d_h36m_gt.npz, from which the cameras are found; `keypoints` may be the same.
    RetakeError if the files do not belong together.
    """
    world: Sequences = read_dictionary(positions, "positions_3d", "Human3.6M's 3D positions")
    projected: Sequences = read_dictionary(exact, "positions_2d", "Human3.6M's exact keypoints")
    seen = projected
    if keypoints != exact:
        seen = read_dictionary(keypoints, "positions_2d", "Human3.6M's keypoints")
    about = {"name": "Human3.6M", "keypoints": keypoints.name, "positions": positions.name}
    with new_set(out, HUMAN36M, "camera", about) as writer:
        subjects = [s for s in (*TRAIN, *TEST) if s in world]
        for subject in tqdm(subjects, unit="subject"):
            cameras = find_cameras(subject, world[subject], projected.get(subject, {}))
            for action, motion in _actions(subject, world[subject]):
                views = seen.get(subject, {}).get(action, ())
                _add(writer, subject, action, motion, views, cameras)


def find_cameras(
    subject: str, world: dict[str, Any], projected: dict[str, Any]
) -> list[PlacedCamera]:
    """The four cameras around one subject; they were placed anew for each."""
    pairs = [(m, projected[a]) for a, m in _actions(subject, world) if a in projected]
    if not pairs:
        raise RetakeError(f"The exact keypoints lack {subject}; the files do not belong together.")
    motion = np.concatenate([m for m, _ in pairs])
    chosen = np.linspace(0, len(motion) - 1, min(FRAMES_PER_CAMERA, len(motion))).astype(int)
    cameras: list[PlacedCamera] = []
    for number in range(CAMERAS):
        views = [np.asarray(v[number])[: len(m)] for m, v in pairs if len(v) == CAMERAS]
        points = np.concatenate(views) if views else np.zeros((0, 17, 2))
        if points.shape != (len(motion), HUMAN36M.joint_count, 2):
            raise RetakeError(
                f"{subject}: the exact keypoints of camera {number} have shape {points.shape}; "
                f"expected {(len(motion), 17, 2)}. The files do not belong together."
            )
        camera, error = resect(motion[chosen].reshape(-1, 3), points[chosen].reshape(-1, 2))
        if not error < LARGEST_ERROR:
            raise RetakeError(
                f"{subject}: no camera projects the positions onto the exact keypoints of camera "
                f"{number} (error {error:.2g} pixels). Give data_2d_h36m_gt.npz of the same data."
            )
        cameras.append(camera)
    return cameras


def _actions(subject: str, world: dict[str, Any]) -> Iterator[tuple[str, Floats]]:
    """(action, positions (F, 17, 3)) of one subject."""
    for action, motion in world.items():
        if (subject, action) == CORRUPT:
            continue
        motion = np.asarray(motion)
        if motion.ndim != 3 or motion.shape[1:] != (32, 3):
            raise RetakeError(
                f"{subject} {action}: positions of shape {motion.shape}; expected (frames, 32, 3)."
            )
        yield action, motion[:, JOINTS]


def _add(
    writer: SetWriter,
    subject: str,
    action: str,
    motion: Floats,
    views: Any,
    cameras: list[PlacedCamera],
) -> None:
    """One recording in all cameras; a detector's keypoints are cut to the motion's length."""
    shapes = [np.shape(view) for view in views]
    if len(shapes) != CAMERAS or any(s[0] < len(motion) or s[1:] != (17, 2) for s in shapes):
        raise RetakeError(
            f"{subject} {action}: keypoints of shapes {shapes}; expected four of at least "
            f"({len(motion)}, 17, 2)."
        )
    for number, (view, camera) in enumerate(zip(views, cameras, strict=True)):
        clip = Clip(
            name=action,
            subject=subject,
            action=action.split(" ")[0],
            split="train" if subject in TRAIN else "test",
            frames=len(motion),
            camera=str(number),
            width=WIDTH,
            height=HEIGHTS[number],
            lens=tuple(float(value) for value in camera.lens),
        )
        writer.add(clip, camera.to_camera(motion), np.asarray(view)[: len(motion)])
