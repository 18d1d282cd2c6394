"""`tasks.py bench choice`: are true ambiguities among the named takes, and are there false ones?

Hypotheses are made from a motion: each gets noise of its own, and in some of them a limb is flipped
in depth for a second of the clip, which no camera can tell from the truth. `--data FOLDER` takes
motions of `cmu17_test.npz`; without it a figure that swings its limbs stands in.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import report
from retake.shared.arrays import Floats
from retake.shared.bones import decompose, recompose
from retake.shared.choosing.alternatives import Choice, choice_of
from retake.shared.skeleton import HUMAN36M
from retake.training.mocap import MocapSet
from retake.training.virtual_camera import view

FPS = 50
FRAMES = 500
LIMBS = {"left_arm": (12, 13), "right_arm": (15, 16), "left_leg": (5, 6), "right_leg": (2, 3)}
"""Limb group -> its bones that are flipped, named by the joints at their ends."""
NOISE_M = 0.03
NEAR_DEGREES = 25.0
APART_DEGREES = 35.0
"""Answers nearer to each other are no ambiguity: one take might be both."""

LENGTHS_M = (0, 0.13, 0.44, 0.41, 0.13, 0.44, 0.41, 0.24, 0.26, 0.1, 0.11, *(0.16, 0.29, 0.25) * 2)
DIRECTIONS = (
    *[(0, 0, 0), (-1, 0, 0), (0, 1, 0), (0, 1, 0), (1, 0, 0), (0, 1, 0), (0, 1, 0)],
    *[(0, -1, 0), (0, -1, 0), (0, -0.8, -0.6), (0, -0.9, 0.4)],
    *[(1, 0.2, 0), (0.2, 1, 0), (0, 1, -0.3), (-1, 0.2, 0), (-0.2, 1, 0), (0, 1, -0.3)],
)


@dataclass(frozen=True)
class Case:
    """The truth (F, 17, 3), the same with one limb flipped, and where."""

    truth: Floats
    flipped: Floats
    group: str
    stretch: slice


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="where cmu17_test.npz is")
    parser.add_argument("--cases", type=int, default=40, help="per row (default: 40)")
    options = parser.parse_args()
    rows = [
        *(_found(options.data, options.cases, **row) for row in _conditions()),
        *(_false(options.data, options.cases, correlated_s) for correlated_s in (0.0, 0.1, 0.2)),
    ]
    source = "cmu17_test" if options.data else "a figure that swings its limbs"
    report.show(f"Choice, {source}, noise {NOISE_M * 1000:.0f} mm", rows, options.json)
    speed_json = options.json.with_suffix(".speed.json") if options.json else None
    report.show("\nSpeed", [_speed(*size) for size in ((20, 500), (50, 5000))], speed_json)


def _conditions() -> Iterator[dict[str, Any]]:
    for hypotheses, share in ((20, 0.4), (20, 0.1), (5, 0.2), (100, 0.1)):
        for correlated_s in (0.0, 0.2):
            yield {"hypotheses": hypotheses, "share": share, "correlated_s": correlated_s}


def _found(
    data: Path | None, count: int, hypotheses: int, share: float, correlated_s: float
) -> dict[str, Any]:
    """How often both answers are among the takes of the limb: of the clip, and of the stretch."""
    rng = np.random.default_rng(3)
    flips = max(1, round(share * hypotheses))
    hits, names = np.zeros(3), list[int]()
    for case in _cases(rng, data, count):
        poses = np.repeat(case.truth[None], hypotheses, axis=0)
        poses[rng.choice(hypotheses, flips, replace=False)] = case.flipped
        poses += _noise(rng, poses.shape, correlated_s)
        whole, ranged = _choice(poses), _choice(poses[:, case.stretch])
        takes = [
            [take.hypothesis for take in rows]
            for rows in (whole.groups[case.group], whole.whole, ranged.groups[case.group])
        ]
        hits += [both(case, poses[own]) for own in takes]
        names.append(len(takes[0]))
    return {
        "case": f"H {hypotheses}, flipped {flips}, correlated {correlated_s:g} s",
        "limb %": 100 * hits[0] / count,
        "body %": 100 * hits[1] / count,
        "limb in range %": 100 * hits[2] / count,
        "takes": float(np.mean(names)),
    }


def _false(data: Path | None, count: int, correlated_s: float) -> dict[str, Any]:
    """How often there are several takes where all hypotheses are the truth and noise."""
    rng = np.random.default_rng(4)
    several = np.zeros(3)
    takes: list[int] = []
    for case in _cases(rng, data, count):
        poses = np.repeat(case.truth[None], 20, axis=0)
        poses += _noise(rng, poses.shape, correlated_s)
        choice = _choice(poses)
        ranged = _choice(poses[:, case.stretch])
        rows = (choice.groups[case.group], choice.whole, ranged.groups[case.group])
        several += [len(row) > 1 for row in rows]
        takes.append(len(rows[0]))
    return {
        "case": f"H 20, false takes, correlated {correlated_s:g} s",
        "limb %": 100 * several[0] / count,
        "body %": 100 * several[1] / count,
        "limb in range %": 100 * several[2] / count,
        "takes": float(np.mean(takes)),
    }


def _choice(poses: Floats) -> Choice:
    hypotheses, frames = poses.shape[:2]
    return choice_of(poses, np.full(hypotheses, 1 / hypotheses), np.arange(frames) / FPS)


def _cases(rng: np.random.Generator, data: Path | None, count: int) -> Iterator[Case]:
    draw = _recorded(rng, data) if data else _swinging
    while count:
        truth = draw(rng)
        group = str(rng.choice(list(LIMBS)))
        first = int(rng.integers(0, max(len(truth) - FPS, 1)))
        stretch = slice(first, first + FPS)
        case = Case(truth, flip(truth, LIMBS[group], stretch), group, stretch)
        if apart(case, case.truth, case.flipped) > APART_DEGREES:
            count -= 1
            yield case


def _recorded(rng: np.random.Generator, data: Path) -> Callable[[np.random.Generator], Floats]:
    """Up to `FRAMES` of any clip of at least 2 s, seen by a camera somewhere around it."""
    mocap = MocapSet.load(data / "cmu17_test.npz")
    long_enough = np.flatnonzero(np.diff(mocap.start) >= 2 * FPS)

    def draw(rng: np.random.Generator) -> Floats:
        clip = mocap.clip(int(rng.choice(long_enough)))
        first = int(rng.integers(0, max(len(clip) - FRAMES, 0) + 1))
        positions = view(rng, clip[None, first : first + FRAMES])[0][0].astype(np.float64)
        return positions - positions[:, :1]

    return draw


def _swinging(rng: np.random.Generator) -> Floats:
    """A standing figure, turned somehow, whose limbs swing slowly."""
    times = np.arange(FRAMES) / FPS
    directions = np.repeat(np.array(DIRECTIONS, float)[None], FRAMES, axis=0)
    for joints in LIMBS.values():
        for joint in joints:
            angle = 2 * np.pi * (rng.uniform(0.2, 0.8) * times + rng.uniform())
            directions[:, joint, 2] -= 0.5 + 0.5 * np.sin(angle)
            directions[:, joint, 0] += rng.uniform(-0.5, 0.5)
    directions /= np.maximum(np.linalg.norm(directions, axis=-1, keepdims=True), 1e-9)
    yaw = rng.uniform(-np.pi, np.pi)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    lengths = np.broadcast_to(np.array(LENGTHS_M)[:, None], (FRAMES, 17, 1))
    return recompose(lengths, directions @ turn.T, HUMAN36M)


def flip(truth: Floats, joints: tuple[int, ...], stretch: slice) -> Floats:
    """Bones mirrored in depth within the stretch: the picture stays the same, from far away."""
    lengths, directions = decompose(truth, HUMAN36M)
    directions[stretch, joints, 2] *= -1
    return recompose(lengths, directions, HUMAN36M)


def apart(case: Case, one: Floats, other: Floats) -> float:
    """Degrees between two motions of the case's limb in its stretch: the worse of its bones."""
    directions = [
        decompose(m[case.stretch], HUMAN36M)[1][:, LIMBS[case.group]] for m in (one, other)
    ]
    cosine = np.clip(np.sum(directions[0] * directions[1], axis=-1), -1, 1)
    return float(np.degrees(np.arccos(cosine)).mean(axis=0).max())


def both(case: Case, takes: Floats) -> bool:
    """Whether each answer is within `NEAR_DEGREES` of one of the takes (K, F, 17, 3)."""
    return all(
        min(apart(case, answer, take) for take in takes) < NEAR_DEGREES
        for answer in (case.truth, case.flipped)
    )


def _noise(rng: np.random.Generator, shape: tuple[int, ...], correlated_s: float) -> Floats:
    """Vectors of `NOISE_M` root mean square; correlated: white noise through a window."""
    noise = rng.normal(0, 1, shape)
    if correlated_s:
        window = np.hanning(2 * round(correlated_s * FPS) + 1)
        window /= np.linalg.norm(window)
        spectrum = np.fft.rfft(noise, axis=1) * np.fft.rfft(window, shape[1])[None, :, None, None]
        noise = np.fft.irfft(spectrum, shape[1], axis=1)
    noise = noise * NOISE_M / np.sqrt(3)
    return noise - noise[:, :, :1]


def _speed(hypotheses: int, frames: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    truth = np.tile(_swinging(rng), (frames // FRAMES + 1, 1, 1))[:frames]
    poses = (truth + _noise(rng, (hypotheses, frames, 17, 3), 0.2)).astype(np.float32)
    runs: dict[str, Callable[[], object]] = {
        "choice": lambda: _choice(poses),
        "bones": lambda: decompose(poses, HUMAN36M),
    }
    seconds = report.alternate(runs, 3)
    tracemalloc.start()
    _choice(poses)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return {
        "size": f"H {hypotheses} x {frames} frames",
        "seconds": seconds["choice"],
        "times decompose()": seconds["choice"] / seconds["bones"],
        "memory / poses": peak / poses.nbytes,
    }


if __name__ == "__main__":
    main()
