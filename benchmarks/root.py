"""Root trajectories: errors by what is wrong with the input, and speed; then floor and contacts.

`tasks.py bench root [--data FOLDER] [--json FILE]`. The first tables need no data: a synthetic
walker 5 m away, f = 1145 px, 243 frames at 50 per second. With --data, the folder of
cmu17_test.npz, the tables of `bench floor` follow.
"""

from __future__ import annotations

import json
import time
import tracemalloc
from pathlib import Path
from typing import Any

import floor
import numpy as np
import report
from retake.shared.arrays import Floats
from retake.shared.body_height import body_height, body_scale
from retake.shared.camera import Camera
from retake.shared.root import solve_root

FPS, FRAMES, DISTANCE_M, WALKS = 50.0, 243, 5.0, 12
FOCAL = floor.CAMERA.fx
STRONG_S = 0.2
"""A stronger smoothness beside the default, for people who walk."""

UPPER_BODY = {
    7: (0.0, 0.0, 0.24),
    8: (0.0, 0.0, 0.5),
    9: (0.0, -0.06, 0.62),
    10: (0.0, -0.04, 0.73),
    11: (0.17, 0.0, 0.47),
    14: (-0.17, 0.0, 0.47),
}
"""Joint -> place beside the hip, metres: x left, y back, z up."""

LIMBS = ((4, 0.1, (0.43, 0.42), 0.0), (1, -0.1, (0.43, 0.42), np.pi))
ARMS = ((11, (0.28, 0.25), np.pi), (14, (0.28, 0.25), 0.0))


def walker(frames: int) -> Floats:
    """A figure (frames, 17, 3) in metres that walks towards -y at 1 m/s and swings its limbs."""
    phase = 2 * np.pi * np.arange(frames) / FPS / 1.1
    world = np.zeros((frames, 17, 3))
    world[:, 0, 1] = -np.arange(frames) / FPS
    world[:, 0, 2] = 0.88 + 0.02 * np.cos(2 * phase)
    for joint, place in UPPER_BODY.items():
        world[:, joint] = world[:, 0] + place
    for first, aside, bones, start in LIMBS:
        world[:, first] = world[:, 0] + (aside, 0.0, 0.0)
        _swing(world, first, bones, 0.4 * np.sin(phase + start), -0.5)
    for first, bones, start in ARMS:
        _swing(world, first, bones, 0.4 * np.sin(phase + start), 0.4)
    return world


def _swing(
    world: Floats, first: int, bones: tuple[float, float], angle: Floats, bend: float
) -> None:
    """Two bones that hang from joint `first`; the second is bent against the first at times."""
    bent = angle + bend * (1 + np.sin(2 * angle)) / 2
    for joint, bone, at in ((first + 1, bones[0], angle), (first + 2, bones[1], bent)):
        offset = np.stack([0 * at, -np.sin(at), -np.cos(at)], axis=-1)
        world[:, joint] = world[:, joint - 1] + bone * offset


def film(rng: np.random.Generator, frames: int) -> Floats:
    """The walker in the camera frame (frames, 17, 3), seen from somewhere around it."""
    yaw, world = rng.uniform(-np.pi, np.pi), walker(frames)
    world -= world[:, 0].mean(axis=0)
    across = world[..., 0] * np.cos(yaw) + world[..., 1] * np.sin(yaw)
    away = world[..., 1] * np.cos(yaw) - world[..., 0] * np.sin(yaw)
    return np.stack([across, -world[..., 2], away + DISTANCE_M], axis=-1)


def frame_by_frame(poses: Floats, pixels: Floats, camera: Camera) -> Floats:
    """Roots (frames, 3): r_xy - u r_z = u X_z - X_xy by least squares, every frame alone."""
    rays, roots = camera.rays(pixels), np.empty((len(poses), 3))
    for frame, (pose, ray) in enumerate(zip(poses, rays, strict=True)):
        rows = np.zeros((2 * len(pose), 3))
        rows[0::2, 0] = rows[1::2, 1] = 1.0
        rows[:, 2] = -ray.reshape(-1)
        sides = (ray * pose[:, 2:] - pose[:, :2]).reshape(-1)
        roots[frame] = np.linalg.lstsq(rows, sides, rcond=None)[0]
    return roots


CASES: dict[str, dict[str, float]] = {
    "2D 5 px": {"pixels": 5.0},
    "3D 40 mm": {"poses": 1.0},
    "both": {"pixels": 5.0, "poses": 1.0},
    "both + body 5 % too large": {"pixels": 5.0, "poses": 1.0, "scale": 1.05},
    "both + body 5 % too small": {"pixels": 5.0, "poses": 1.0, "scale": 0.95},
    "same, height known": {"pixels": 5.0, "poses": 1.0, "scale": 0.95, "height": 1.0},
    "both + focal 20 % too long": {"pixels": 5.0, "poses": 1.0, "focal": 1.2},
    "both + focal 20 % too short": {"pixels": 5.0, "poses": 1.0, "focal": 0.8},
}
"""Row -> what is wrong with the input."""


def error_table() -> list[dict[str, Any]]:
    """Errors of frame by frame, of ours, and of ours with a stronger smoothness; jitter too.

    A body 5 % wrong is 250 mm at 5 m, a focal length 20 % wrong 1,000 mm, whatever the solver.
    """
    rows: list[dict[str, Any]] = []
    for name, case in CASES.items():
        errors = np.mean([_errors_of_walk(walk, case) for walk in range(WALKS)], axis=0)
        row: dict[str, Any] = {"errors in the input": name}
        for solver, (depth, aside, jitter) in zip(
            ("alone", "ours", "ours 0.2 s"), errors, strict=True
        ):
            row[f"{solver}: depth"] = round(depth, 1)
            row[f"{solver}: across"] = round(aside, 1)
            row[f"{solver}: jitter"] = round(jitter, 2)
        rows.append(row)
    return rows


def _errors_of_walk(walk: int, case: dict[str, float]) -> list[tuple[float, float, float]]:
    rng = np.random.default_rng(walk)
    points = film(rng, FRAMES)
    exact = points - points[:, :1]
    pixels = floor.CAMERA.project(points)
    pixels = pixels + case.get("pixels", 0.0) * rng.normal(size=pixels.shape)
    poses = floor.noisy_poses(rng, exact) if "poses" in case else exact
    poses = poses * case.get("scale", 1.0)
    if "height" in case:
        poses = poses * body_scale(poses, body_height(exact))
    focal = FOCAL * case.get("focal", 1.0)
    camera = Camera(focal, focal, 500.0, 500.0, 1000, 1000)
    seen = np.ones(pixels.shape[:2])
    roots = (
        frame_by_frame(poses, pixels, camera),
        solve_root(poses, pixels, seen, camera, FPS),
        solve_root(poses, pixels, seen, camera, FPS, smoothness=STRONG_S),
    )
    return [_errors(root, points[:, 0]) for root in roots]


def _errors(root: Floats, truth: Floats) -> tuple[float, float, float]:
    """Mean absolute error in depth and across the picture, mm; jitter, mm per frame squared."""
    error = 1000 * np.abs(root - truth).mean(axis=0)
    jitter = 1000 * np.linalg.norm(np.diff(root, 2, axis=0), axis=-1).mean()
    return float(error[2]), float(error[:2].mean()), float(jitter)


def speed_table() -> list[dict[str, Any]]:
    """Time of ours, and that of the loop over frames as a multiple of it."""
    rows: list[dict[str, Any]] = []
    for hypotheses, frames in ((1, 10_000), (1, 100_000), (5, 500), (20, 500)):
        rng = np.random.default_rng(frames)
        points = film(rng, 500)[np.arange(frames) % 500]
        pixels, seen = floor.CAMERA.project(points), np.ones(points.shape[:2])
        poses = (points - points[:, :1]) + 0.02 * rng.normal(size=(hypotheses, *points.shape))

        def ours(poses: Floats = poses, pixels: Floats = pixels, seen: Floats = seen) -> Floats:
            return solve_root(poses, pixels, seen, floor.CAMERA, FPS)

        def loop(poses: Floats = poses, pixels: Floats = pixels) -> list[Floats]:
            return [frame_by_frame(pose, pixels, floor.CAMERA) for pose in poses]

        seconds = report.alternate({"ours": ours, "loop": loop}, rounds=1 if frames > 50_000 else 3)
        rows.append(
            {
                "hypotheses": hypotheses,
                "frames": frames,
                "ours s": round(seconds["ours"], 3),
                "ours CPU s": round(_processor_seconds(ours), 3),
                "loop over frames / ours": round(seconds["loop"] / seconds["ours"], 1),
                "peak / input": round(_peak(ours) / (poses.nbytes + pixels.nbytes), 2),
            }
        )
    return rows


def _processor_seconds(run: Any) -> float:
    """Of this process alone, which a busy machine lengthens less than the time on the clock."""
    start = time.process_time()
    run()
    return time.process_time() - start


def _peak(run: Any) -> int:
    """Bytes that `run` holds at most, its result included."""
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, help="the folder of cmu17_test.npz")
    options = parser.parse_args()
    still = 1000 * np.linalg.norm(np.diff(walker(FRAMES)[:, 0], 2, axis=0), axis=-1).mean()
    found = {
        f"Root of a synthetic walker, mean of {WALKS} views, mm (jitter: mm per frame squared, "
        f"{still:.2f} in truth)": error_table(),
        "Speed of the root solver (five robust rounds; the loop has one, without weights)": (
            speed_table()
        ),
    }
    if options.data:
        found |= floor.tables(options.data)
    for title, rows in found.items():
        report.show(title, rows)
        print()
    if not options.data:
        print("Floor and contacts are left out: they need --data FOLDER, with cmu17_test.npz.")
    if options.json:
        text = json.dumps({"machine": report.machine(), "tables": found}, indent=2)
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
