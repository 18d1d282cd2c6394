"""What steering does to the pose error, on held-out motion capture in virtual cameras.

`tasks.py bench steer --data FOLDER`, where FOLDER holds cmu17_test.npz. Every row is the same few
clips sampled again with one kind of guidance, from true values of the clip: the error beside that
of the free samples is what knowing them is worth, or what asking for them costs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import report
from retake.server.models import SHIPPED, default_model
from retake.shared.arrays import Bools, Floats
from retake.shared.bones import decompose
from retake.shared.camera import Camera
from retake.shared.model.artifact import load_model
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.guidance.bones import Body
from retake.shared.model.guidance.pins import missed
from retake.shared.model.guidance.plan import plan
from retake.shared.model.guidance.variety import Variety
from retake.shared.model.sampler import Guide, Start
from retake.shared.model.windows import sample_clip
from retake.shared.resample import MODEL_FPS, fill_gaps
from retake.shared.skeleton import HUMAN36M
from retake.shared.steering import PinnedJoint, Range, Scene, Steering
from retake.training.metrics import mpjpe
from retake.training.mocap import MocapSet
from retake.training.virtual_camera import place

SIDE = 1000
FRAMES = 100
HYPOTHESES = 3
ITERATIONS = 5
WRISTS = (13, 16)
PINNED = (20, 50, 80)
CHANGED = (30, 69)
HIDDEN = {"left arm": (11, 12, 13), "right leg": (1, 2, 3)}
HIDDEN_FRAMES = slice(25, 75)
"""One second at the model's rate."""


@dataclass(frozen=True)
class Shot:
    """One clip: keypoints (F, 17, 2), camera-frame positions (F, 17, 3), and the camera."""

    pixels: Floats
    points: Floats
    camera: Camera

    @property
    def root(self) -> Floats:
        return self.points[:, HUMAN36M.root]

    @property
    def truth(self) -> Floats:
        return self.points - self.points[:, :1]

    def scene(self, take: Floats | None = None) -> Scene:
        times = np.arange(len(self.pixels)) / MODEL_FPS
        return Scene(times=times, pixels=self.pixels, camera=self.camera, root=self.root, take=take)


@dataclass(frozen=True)
class Lab:
    """A model, the shots, and the samples that nothing guided: (H, F, 17, 3) each."""

    model: Diffusion
    shots: list[Shot]
    free: list[Floats]

    def steered(
        self,
        asked: Callable[[Shot, Floats], tuple[Steering, Floats | None]],
        iterations: int = ITERATIONS,
    ) -> Iterator[tuple[Shot, Floats, int]]:
        """(shot, poses, pins missed) of every shot."""
        for shot, free in zip(self.shots, self.free, strict=True):
            steering, take = asked(shot, free)
            made = plan(steering, shot.scene(take), self.model, HYPOTHESES, iterations)
            poses = sample(self.model, made.pixels, iterations, made.guides, made.start)
            yield shot, poses, len(missed(poses, made.pins))


def sample(
    model: Diffusion,
    pixels: Floats,
    iterations: int = ITERATIONS,
    guides: tuple[Guide, ...] = (),
    start: Start | None = None,
) -> Floats:
    return sample_clip(
        model,
        pixels,
        SIDE,
        SIDE,
        hypotheses=HYPOTHESES,
        iterations=iterations,
        seed=0,
        flip=False,
        guides=guides,
        start=start,
    )


def shots_of(data: Path, count: int) -> Iterator[Shot]:
    """The first `FRAMES` frames of `count` clips spread over the test split."""
    mocap = MocapSet.load(data / "cmu17_test.npz")
    long = np.flatnonzero(np.diff(mocap.start) >= FRAMES)
    for clip in long[np.linspace(0, len(long) - 1, count).astype(int)]:
        rng = np.random.default_rng([7, clip])
        points, focal = place(rng, mocap.clip(int(clip))[None, :FRAMES])
        camera = Camera(SIDE * focal[0], SIDE * focal[0], SIDE / 2, SIDE / 2, SIDE, SIDE)
        exact = points[0].astype(float)
        yield Shot(camera.project(exact), exact, camera)


def figures(pairs: list[tuple[Shot, Floats]]) -> dict[str, float]:
    """Millimetres, means over clips: error of the hypotheses, of their mean, jerk, spread.

    `unpinned` is the error of all joints but the wrists, which some rows are told.
    """
    errors = [mpjpe(poses, shot.truth).mean() for shot, poses in pairs]
    others = [j for j in range(HUMAN36M.joint_count) if j not in WRISTS]
    unpinned = [mpjpe(poses[:, :, others], shot.truth[:, others]).mean() for shot, poses in pairs]
    means = [mpjpe(poses.mean(axis=0), shot.truth).mean() for shot, poses in pairs]
    jerks = [np.linalg.norm(np.diff(poses, n=3, axis=1), axis=-1).mean() for _, poses in pairs]
    spreads = [
        np.sqrt(((poses - poses.mean(axis=0)) ** 2).sum(axis=-1)).mean() for _, poses in pairs
    ]
    named = {
        "error": errors,
        "unpinned": unpinned,
        "error of mean": means,
        "jerk": jerks,
        "spread": spreads,
    }
    return {name: 1000 * float(np.mean(values)) for name, values in named.items()}


def row(name: str, results: list[tuple[Shot, Floats, int]], seconds: float) -> dict[str, Any]:
    pairs = [(shot, poses) for shot, poses, _ in results]
    unmet = sum(count for *_, count in results)
    return {"guided by": name, **figures(pairs), "unmet pins": unmet, "seconds": seconds}


def lengths_of(shot: Shot) -> Floats:
    return np.median(decompose(shot.truth, HUMAN36M)[0][..., 0], axis=0)


def pins_of(shot: Shot, space: str) -> tuple[PinnedJoint, ...]:
    places = {"camera": shot.points, "picture": shot.pixels, "hip": shot.truth}[space]
    return tuple(
        PinnedJoint(joint=j, frame=f, space=space, place=tuple(places[f, j].tolist()))  # pyright: ignore[reportArgumentType]
        for j in WRISTS
        for f in PINNED
    )


def guided_rows(lab: Lab) -> Iterator[dict[str, Any]]:
    """The features one by one, then together."""
    whole = Range(first=CHANGED[0], last=CHANGED[1])
    asked: dict[str, Callable[[Shot, Floats], tuple[Steering, Floats | None]]] = {
        "nothing": lambda s, _: (Steering(), None),
        "true lengths": lambda s, _: (Steering(lengths=lengths_of(s)), None),
        "wrists in 3D, 3 of 100 frames": lambda s, _: (Steering(pins=pins_of(s, "camera")), None),
        "the same on their rays": lambda s, _: (Steering(pins=pins_of(s, "picture")), None),
        "3D pins and lengths": lambda s, _: (
            Steering(pins=pins_of(s, "camera"), lengths=lengths_of(s)),
            None,
        ),
        "range of 40 frames": lambda s, free: (Steering(range=whole), free),
        "all of them": lambda s, free: (
            Steering(
                range=whole, lengths=lengths_of(s), pins=pins_of(s, "camera")[1::3], variety=2.0
            ),
            free,
        ),
    }
    for name, ask in asked.items():
        start = time.perf_counter()
        results = list(lab.steered(ask, 3 if "range" in name or "all" in name else ITERATIONS))
        yield row(name, results, time.perf_counter() - start)


def variety_rows(lab: Lab) -> Iterator[dict[str, Any]]:
    """Widened at the last step only, or at every step."""
    import torch

    body, last_t = Body.of(lab.model), lab.model.schedule.ddim_steps(ITERATIONS)[-1][0]
    for factor in (0.0, 0.5, 2.0, 4.0):
        for when, t in (("last step", last_t), ("every step", lab.model.config.timesteps)):
            guide = Variety(torch.full((17,), factor), body, t)
            start = time.perf_counter()
            results = [
                (shot, sample(lab.model, shot.pixels, guides=(guide,)), 0) for shot in lab.shots
            ]
            seconds = time.perf_counter() - start
            yield row(f"variety {factor:g}, {when}", results, seconds)


def hidden_rows(lab: Lab) -> Iterator[dict[str, Any]]:
    """A limb that nobody saw for a second: its error (mm) in these frames, by what stands in."""
    for limb, joints in HIDDEN.items():
        errors: dict[str, list[float]] = {}
        for shot in lab.shots:
            for name, poses in stand_ins(lab.model, shot, joints).items():
                gap = (poses - shot.truth)[:, HIDDEN_FRAMES, list(joints)]
                errors.setdefault(name, []).append(float(np.linalg.norm(gap, axis=-1).mean()))
        yield {"hidden": limb} | {k: 1000 * float(np.mean(v)) for k, v in errors.items()}


def stand_ins(model: Diffusion, shot: Shot, joints: tuple[int, ...]) -> dict[str, Floats]:
    missing: Bools = np.zeros(shot.pixels.shape[:2], bool)
    missing[HIDDEN_FRAMES, list(joints)] = True
    times = np.arange(len(shot.pixels)) / MODEL_FPS
    gaps = np.where(missing[..., None], np.nan, shot.pixels)
    bridged = fill_gaps(gaps, times, HUMAN36M.parents)
    return {"seen": sample(model, shot.pixels, 1), "bridged": sample(model, bridged, 1)}


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data", type=Path, required=True, help="folder of cmu17_test.npz")
    parser.add_argument("--model", type=Path, default=SHIPPED / default_model())
    parser.add_argument("--clips", type=int, default=6)
    args = parser.parse_args()
    model = load_model(args.model)
    shots = list(shots_of(args.data, args.clips))
    lab = Lab(model, shots, [sample(model, shot.pixels) for shot in shots])
    title = f"Steering {args.model.name}: {len(shots)} clips of {FRAMES} frames, mm"
    guided = [*guided_rows(lab), *variety_rows(lab)]
    report.show(title, guided, args.json)
    hidden = args.json and args.json.with_stem(f"{args.json.stem}-hidden")
    report.show(
        "A limb hidden for a second: error of its joints there, mm", [*hidden_rows(lab)], hidden
    )


if __name__ == "__main__":
    main()
