"""The floor and the contacts that are found, against held-out motion capture in virtual cameras.

`tasks.py bench floor --data FOLDER`, where FOLDER holds cmu17_test.npz. `bench root` prints the
same tables after its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import report
from retake.shared.arrays import Bools, Floats
from retake.shared.camera import Camera
from retake.shared.contacts import contact_probabilities
from retake.shared.ground import ANKLES, Ground, find_ground, joint_height, joint_speed, settle
from retake.shared.root import solve_root
from retake.training.mocap import MocapSet

FPS = 50.0
CAMERA = Camera(1145.0, 1145.0, 500.0, 500.0, 1000, 1000)
DISTANCE_M, PITCH_DEGREES, ROLL_DEGREES = (3.5, 9.0), (-10.0, 30.0), 15.0
CAMERAS_PER_CLIP = 2
HYPOTHESES = 5
POSE_NOISE_M, PIXEL_NOISE, CORRELATION_S = 0.040, 5.0, 0.2
MEAN_NORM = 2 * np.sqrt(2 / np.pi)
"""Mean length of a vector of three standard normal numbers."""

TRUE_SPEED, TRUE_HEIGHT, TRUE_FRAMES = 0.25, 0.06, 4
"""A true contact: the ankle slower than this (m/s) and less than this (m) above a flat foot's, in
at least so many frames on end."""


@dataclass(frozen=True)
class Shot:
    """One clip before one camera.

    world (F, 17, 3) m, y up, floor at 0; points the same in the camera frame; up (3,) there; roll
    in radians.
    """

    world: Floats
    points: Floats
    up: Floats
    roll: float


def correlated(rng: np.random.Generator, shape: tuple[int, ...], seconds: float) -> Floats:
    """Unit noise (frames, ...) whose correlation falls to 1/e in `seconds`."""
    keep = np.exp(-1 / (seconds * FPS))
    noise = rng.normal(size=shape)
    noise[1:] *= np.sqrt(1 - keep**2)
    for frame in range(1, len(noise)):
        noise[frame] += keep * noise[frame - 1]
    return noise


def noisy_poses(rng: np.random.Generator, poses: Floats) -> Floats:
    """Root-relative poses (F, 17, 3) with errors of `POSE_NOISE_M` on average; the hip stays."""
    noise = correlated(rng, poses.shape, CORRELATION_S) * (POSE_NOISE_M / MEAN_NORM)
    noise[:, 0] = 0.0
    return poses + noise


def shots(data: Path, largest_roll: float) -> Iterator[tuple[np.random.Generator, Shot]]:
    """Every clip before `CAMERAS_PER_CLIP` cameras, and the random numbers that belong to it."""
    mocap = MocapSet.load(data / "cmu17_test.npz")
    for clip in range(len(mocap.subjects)):
        world = mocap.clip(clip).astype(np.float64)
        for number in range(CAMERAS_PER_CLIP):
            rng = np.random.default_rng([clip, number])
            yield rng, film(rng, world, largest_roll)


def film(rng: np.random.Generator, world: Floats, largest_roll: float) -> Shot:
    """A level or rolled camera somewhere around the middle of the way, nobody nearer than 1.5 m."""
    yaw, pitch = rng.uniform(-np.pi, np.pi), np.radians(rng.uniform(*PITCH_DEGREES))
    roll = np.radians(largest_roll) * rng.uniform(-1, 1)
    to_camera = _about(2, roll) @ _about(0, pitch) @ np.diag([1.0, -1.0, -1.0]) @ _about(1, yaw)
    points = (world - world[:, 0].mean(axis=0)) @ to_camera.T
    points[..., 2] += max(rng.uniform(*DISTANCE_M), 1.5 - points[..., 2].min())
    return Shot(world, points, to_camera[:, 1], roll)


def estimates(rng: np.random.Generator, shot: Shot, count: int) -> Floats:
    """Noisy hypotheses (count, F, 17, 3) in the camera frame, placed by the root solver."""
    pixels = CAMERA.project(shot.points) + PIXEL_NOISE * rng.normal(size=(len(shot.points), 17, 2))
    exact = shot.points - shot.points[:, :1]
    poses = np.stack([noisy_poses(rng, exact) for _ in range(count)])
    roots = solve_root(poses, pixels, np.ones(pixels.shape[:2]), CAMERA, FPS)
    return poses + roots[:, :, None]


def true_contacts(world: Floats) -> Bools:
    """(F, 2) right and left foot of a clean motion (F, 17, 3), y up."""
    ankles = world[:, ANKLES]
    height = ankles[..., 1] - joint_height(world)
    standing = (joint_speed(ankles, FPS) < TRUE_SPEED) & (height < TRUE_HEIGHT)
    for foot in standing.T:
        edges = np.flatnonzero(np.diff(np.concatenate([[False], foot, [False]]).astype(int)))
        for start, stop in edges.reshape(-1, 2):
            foot[start:stop] = stop - start >= TRUE_FRAMES
    return standing


def floor_table(data: Path) -> list[dict[str, Any]]:
    """Errors of the floor with exact and noisy input, level and rolled cameras."""
    rows: list[dict[str, Any]] = []
    for camera, largest, known in (
        ("level", 0.0, False),
        ("rolled, unknown", ROLL_DEGREES, False),
        ("rolled, known", ROLL_DEGREES, True),
    ):
        found: dict[str, list[tuple[float, float, float]]] = {"exact": [], "noisy": []}
        for rng, shot in shots(data, largest):
            roll = shot.roll if known else None
            for name, points in (("exact", shot.points), ("noisy", estimates(rng, shot, 1)[0])):
                found[name].append(_floor_errors(shot, points, roll))
        rows += [_floor_row(camera, name, errors) for name, errors in found.items()]
    return rows


def _floor_errors(shot: Shot, points: Floats, roll: float | None) -> tuple[float, float, float]:
    """Degrees of the normal, metres of the floor's height, metres of planted ankles (mean)."""
    ground = find_ground(points, FPS, roll)
    planted = true_contacts(shot.world)
    world = ground.to_world(points)
    ankles, truth = world[:, ANKLES, 2], shot.world[:, ANKLES, 1]
    height = float(np.abs(np.median(ankles.min(axis=1) - truth.min(axis=1))))
    settled = settle(world, FPS)[:, ANKLES, 2]
    foot = float(np.abs(settled - truth)[planted].mean()) if planted.any() else np.nan
    return _degrees(ground, shot.up), height, foot


def _floor_row(
    camera: str, name: str, errors: Sequence[tuple[float, float, float]]
) -> dict[str, Any]:
    tilt, height, foot = np.array(errors).T
    return {
        "camera": camera,
        "input": name,
        "runs": len(errors),
        "tilt deg": float(tilt.mean()),
        "median": float(np.median(tilt)),
        "90 %": float(np.quantile(tilt, 0.9)),
        "floor mm": 1000 * float(np.median(height)),
        "90 % ": 1000 * float(np.quantile(height, 0.9)),
        "planted ankle mm": 1000 * float(np.nanmean(foot)),
    }


def contact_table(data: Path) -> list[dict[str, Any]]:
    """Precision and recall of contacts per foot and frame, votes above one half."""
    counts: dict[str, Floats] = {}
    for rng, shot in shots(data, 0.0):
        truth = true_contacts(shot.world)
        many = estimates(rng, shot, HYPOTHESES)
        clean = shot.world[None][..., (0, 2, 1)] * (1, -1, 1)
        found = {
            "true motion, true floor": contact_probabilities(clean, FPS),
            "true motion, found floor": _votes(shot.points[None]),
            "40 mm and 5 px, 1 hypothesis": _votes(many[:1]),
            f"40 mm and 5 px, {HYPOTHESES} hypotheses": _votes(many),
        }
        for name, votes in found.items():
            guess = votes[:, (3, 1)] > 0.5  # a foot stands where its toes do
            hits = [(guess & truth).sum(), guess.sum(), truth.sum()]
            counts[name] = counts.get(name, np.zeros(3)) + hits
    return [_contact_row(name, *count) for name, count in counts.items()]


def _votes(hypotheses: Floats) -> Floats:
    ground = find_ground(hypotheses[0], FPS)
    return contact_probabilities(settle(ground.to_world(hypotheses), FPS), FPS)


def _contact_row(name: str, hits: float, guessed: float, true: float) -> dict[str, Any]:
    precision, recall = hits / max(guessed, 1), hits / max(true, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {
        "input": name,
        "precision": float(precision),
        "recall": float(recall),
        "F1": float(f1),
    }


def _degrees(ground: Ground, up: Floats) -> float:
    return float(np.degrees(np.arccos(np.clip(ground.rotation[2] @ up, -1, 1))))


def _about(axis: int, angle: float) -> Floats:
    a, b = ((1, 2), (2, 0), (0, 1))[axis]
    matrix = np.eye(3)
    matrix[a, a] = matrix[b, b] = np.cos(angle)
    matrix[b, a], matrix[a, b] = np.sin(angle), -np.sin(angle)
    return matrix


def tables(data: Path) -> dict[str, list[dict[str, Any]]]:
    """Title -> rows."""
    return {
        "Floor found in cmu17_test": floor_table(data),
        f"Contacts found in cmu17_test ({HYPOTHESES} hypotheses vote)": contact_table(data),
    }


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="the folder of cmu17_test.npz")
    options = parser.parse_args()
    for title, rows in tables(options.data).items():
        report.show(title, rows)


if __name__ == "__main__":
    main()
