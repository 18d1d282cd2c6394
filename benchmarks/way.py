"""The way of the hip: on rigs of other proportions, and before cameras that move.

`tasks.py bench way --data FOLDER [--json FILE]`, where FOLDER holds cmu17_test.npz. Poses have
errors of 40 mm, keypoints of 5 px; the first 300 frames of every clip.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import floor
import numpy as np
import report
from retake.blender_addon.rig.ground.standing import covering
from retake.shared.arrays import Bools, Floats
from retake.shared.bones import decompose, recompose
from retake.shared.ground import ANKLES
from retake.shared.root import CameraPath, solve_root
from retake.shared.skeleton import HUMAN36M
from retake.training.mocap import MocapSet

FRAMES = 300
LEGS = [2, 3, 5, 6]
PROPORTIONS: dict[str, dict[tuple[int, ...], float]] = {
    "as the person": {},
    "long legs, short arms": {(2, 3, 5, 6): 1.2, (12, 13, 15, 16): 0.85},
    "short legs, long trunk": {(2, 3, 5, 6): 0.85, (7, 8, 9, 10): 1.15},
    "wide hips, long shins": {(1, 4): 1.5, (3, 6): 1.15, (2, 5): 0.85},
}
"""Rig -> bones that are so many times as long as the person's."""

CAMERAS = {"still": (0, 0), "round in 5 s": (5, 0), "shakes": (0, 0.05), "both": (5, 0.1)}
"""Seconds for once round the person, 5 m away; radians by which it shakes 1.5 times a second."""


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, metavar="FOLDER", required=True)
    args = parser.parse_args()
    for name, rows in (
        ("Rigs of other proportions", list(on_rigs(args.data))),
        ("Moving cameras", list(before_cameras(args.data))),
    ):
        file = args.json and args.json.with_stem(f"{args.json.stem}-{name.split()[0].lower()}")
        report.show(f"{name} (px, mm)", rows, file)


def on_rigs(data: Path) -> Iterator[dict[str, Any]]:
    """The way scaled by the legs; by the whole body; solved from the keypoints with the rig's
    lengths, its legs as long as the person's. A rig is shown in the size that its way tells.
    """
    found: dict[tuple[str, str], list[Floats]] = {}
    for number, (rng, shot) in enumerate(floor.shots(data, 0.0)):
        if number % floor.CAMERAS_PER_CLIP:
            continue
        points, contacts = shot.points[:FRAMES], floor.true_contacts(shot.world[:FRAMES])
        pixels = floor.CAMERA.project(points)
        noisy = pixels + floor.PIXEL_NOISE * rng.normal(size=pixels.shape)
        poses = floor.noisy_poses(rng, points - points[:, :1])
        lengths, directions = decompose(poses, HUMAN36M)
        person = np.median(lengths, axis=0)
        known = (noisy, np.ones(pixels.shape[:2]), floor.CAMERA, floor.FPS)
        own = solve_root(poses, *known)
        for rig, changes in PROPORTIONS.items():
            other = person.copy()
            for bones, factor in changes.items():
                other[list(bones)] *= factor
            other *= person[LEGS].sum() / other[LEGS].sum()
            shown = recompose(np.broadcast_to(other, lengths.shape), directions, HUMAN36M)
            size, way = covering(poses + own[:, None], shown)
            for name, joints in (
                ("by legs", shown + own[:, None]),
                ("by the whole body", (shown + way[:, None]) / size),
                ("solved", shown + solve_root(shown, *known)[:, None]),
            ):
                row = _errors(joints, points, pixels, shot.up, contacts)
                found.setdefault((rig, name), []).append(row)
    for (rig, name), rows in found.items():
        means = np.nanmean(rows, axis=0)
        names = ("all joints", "ankles", "slide", "height of standing ankles", "wavering in depth")
        yield {"rig": rig, "way": name, **dict(zip(names, means.tolist(), strict=True))}


def _errors(joints: Floats, points: Floats, pixels: Floats, up: Floats, contacts: Bools) -> Floats:
    """Distance from the keypoints of all joints and of ankles, px; mm per frame that standing
    ankles move sideways, mm by which their height varies, mm of depth about its mean error.
    """
    off = np.linalg.norm(floor.CAMERA.project(joints) - pixels, axis=-1)
    ankles = joints[:, ANKLES]
    steps = np.diff(ankles, axis=0)
    level = np.linalg.norm(steps - (steps @ up)[..., None] * up, axis=-1)
    depth = joints[:, 0, 2] - points[:, 0, 2]
    nothing = np.array([np.nan])
    return np.array(
        [
            off.mean(),
            off[:, ANKLES].mean(),
            1000 * np.mean(level[contacts[1:] & contacts[:-1]] if contacts.any() else nothing),
            1000 * np.std((ankles @ up)[contacts] if contacts.any() else nothing),
            1000 * np.abs(depth - depth.mean()).mean(),
        ]
    )


def before_cameras(data: Path) -> Iterator[dict[str, Any]]:
    """Smoothed as the camera saw it, and in the world."""
    mocap = MocapSet.load(data / "cmu17_test.npz")
    for name, (seconds, shake) in CAMERAS.items():
        rows: list[list[float]] = []
        for clip in range(len(mocap.subjects)):
            rng = np.random.default_rng(clip)
            world = mocap.clip(clip)[:FRAMES].astype(np.float64) * (1, -1, -1)  # y down, as we see
            world = world - world[:, 0].mean(axis=0) * (1, 0, 1)
            path = moving(len(world), seconds, shake)
            points = np.swapaxes(path.to_camera(np.swapaxes(world, 0, 1)), 0, 1)
            pixels = floor.CAMERA.project(points)
            pixels = pixels + floor.PIXEL_NOISE * rng.normal(size=pixels.shape)
            poses = floor.noisy_poses(rng, points - points[:, :1])
            seen = (poses, pixels, np.ones(pixels.shape[:2]), floor.CAMERA, floor.FPS)
            roots = (solve_root(*seen), solve_root(*seen, path=path))
            rows.append([float(np.linalg.norm(r - points[:, 0], axis=-1).mean()) for r in roots])
        before, after = 1000 * np.mean(rows, axis=0)
        yield {"camera": name, "error, camera's frame": before, "in the world": after}


def moving(frames: int, seconds: float, shake: float) -> CameraPath:
    time = np.arange(frames) / floor.FPS
    yaw = 2 * np.pi * time / seconds if seconds else np.zeros(frames)
    aim = yaw + shake * np.sin(2 * np.pi * 1.5 * time)
    sine, cosine, zero = np.sin(aim), np.cos(aim), np.zeros(frames)
    turns = np.stack([cosine, zero, sine, zero, zero + 1, zero, -sine, zero, cosine], axis=-1)
    places = np.stack([-5 * np.sin(yaw), zero - 1.4, -5 * np.cos(yaw)], axis=-1)
    return CameraPath(turns.reshape(-1, 3, 3), places.astype(np.float64))


if __name__ == "__main__":
    main()
