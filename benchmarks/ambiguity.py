"""`tasks.py bench ambiguity`: does a model offer both answers where the picture allows two?

`--data FOLDER` holds cmu17_test.npz. Every case is one second of a clip in which a limb could as
well be mirrored in depth: both motions keep the bones, show nearly the same picture and could be a
person's. `seen`: the detector sees the limb; `hidden`: it does not. The model samples from the
noisy keypoints; an answer counts as offered if a named take of the limb, of the clip or of that
second, has the limb's bones within 25 degrees of it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import report
import torch
from choice import APART_DEGREES, LIMBS, NEAR_DEGREES, Case, apart, flip
from retake.server.models import SHIPPED
from retake.shared.arrays import Floats, Ints
from retake.shared.choosing.alternatives import choice_of
from retake.shared.model.artifact import load_model
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.jumps import JUMP_STEP, jumped, possible
from retake.shared.model.sampler import Start
from retake.shared.model.windows import sample_clip
from retake.shared.resample import MODEL_FPS, fill_gaps
from retake.shared.skeleton import HUMAN36M
from retake.training.detector_noise import corrupt
from retake.training.mocap import MocapSet
from retake.training.virtual_camera import view

SIDE = 1000
FRAMES = 100
STRETCH = slice(25, 75)


@dataclass(frozen=True)
class Shot:
    """A case and what a camera and a detector made of it: pixels (F, 17, 2)."""

    case: Case
    pixels: Floats


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--model", type=Path, default=SHIPPED / "first-light")
    parser.add_argument("--cases", type=int, default=100, help="of each kind (default: 100)")
    parser.add_argument("--hypotheses", type=int, default=20)
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--jumps", type=int, default=0, help="proposals added (default: 0)")
    parser.add_argument("--step", type=int, default=JUMP_STEP, help="where the network takes over")
    options = parser.parse_args()
    model = load_model(options.model)
    rows = [_row(kind, model, options) for kind in ("seen", "hidden")]
    report.show(f"Ambiguities offered by {options.model.name}", rows, options.json)


def _row(kind: str, model: Diffusion, options: argparse.Namespace) -> dict[str, Any]:
    hits: list[tuple[bool, bool, bool]] = []
    for number, shot in enumerate(_shots(options.data, options.cases)):
        pixels = shot.pixels.copy()
        if kind == "hidden":
            pixels[STRETCH, LIMBS[shot.case.group]] = np.nan
        poses = _sampled(model, pixels, number, options)
        hits.append(_offered(shot.case, poses))
    both, truth, mirrored = 100 * np.mean(hits, axis=0)
    return {
        "limb": kind,
        "cases": len(hits),
        "both answers %": both,
        "the truth %": truth,
        "the other %": mirrored,
    }


def _sampled(model: Diffusion, pixels: Floats, seed: int, options: argparse.Namespace) -> Floats:
    def sample(count: int, iterations: int, start: Start | None) -> Floats:
        return sample_clip(
            model,
            fill_gaps(pixels, np.arange(FRAMES) / MODEL_FPS, HUMAN36M.parents),
            SIDE,
            SIDE,
            known=np.isfinite(pixels).all(axis=-1),
            hypotheses=count,
            iterations=iterations,
            seed=seed,
            start=start,
        )

    poses = sample(options.hypotheses, options.iterations, None)
    if not options.jumps:
        return poses
    proposals = torch.from_numpy(jumped(poses[0], options.jumps)).float()
    few = max(2, round(options.iterations * options.step / model.config.timesteps))
    return np.concatenate([poses, sample(options.jumps, few, Start(proposals, options.step))])


def _offered(case: Case, poses: Floats) -> tuple[bool, bool, bool]:
    """Whether the takes hold both answers, the truth, the other."""
    weights = np.full(len(poses), 1 / len(poses))
    times = np.arange(FRAMES) / MODEL_FPS
    clip = choice_of(poses, weights, times)
    second = choice_of(poses[:, STRETCH], weights, times[STRETCH])
    named = {t.hypothesis for choice in (clip, second) for t in choice.groups[case.group]}
    near = [
        any(apart(case, answer, poses[h]) < NEAR_DEGREES for h in named)
        for answer in (case.truth, case.flipped)
    ]
    return all(near), near[0], near[1]


def _shots(data: Path, count: int) -> Iterator[Shot]:
    """The same shots for the same count."""
    rng = np.random.default_rng(11)
    mocap = MocapSet.load(data / "cmu17_test.npz")
    long_enough = np.flatnonzero(np.diff(mocap.start) >= FRAMES)
    while count:
        case, points = _draw(rng, mocap, long_enough)
        if apart(case, case.truth, case.flipped) > APART_DEGREES and _possible(case):
            count -= 1
            yield Shot(case, (corrupt(rng, points[None], clean_share=0)[0] + 0.5) * SIDE)


def _draw(rng: np.random.Generator, mocap: MocapSet, clips: Ints) -> tuple[Case, Floats]:
    clip = mocap.clip(int(rng.choice(clips)))
    first = int(rng.integers(0, len(clip) - FRAMES + 1))
    positions, points = view(rng, clip[None, first : first + FRAMES])
    truth = positions[0].astype(np.float64)
    truth = truth - truth[:, :1]
    group = str(rng.choice(list(LIMBS)))
    return Case(truth, flip(truth, LIMBS[group], STRETCH), group, STRETCH), points[0]


def _possible(case: Case) -> bool:
    """Whether the mirrored limb could be a person's, in nine of ten frames."""
    return bool(possible(case.flipped[STRETCH], case.group).mean() > 0.9)


if __name__ == "__main__":
    main()
