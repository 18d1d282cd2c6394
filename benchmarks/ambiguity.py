"""`tasks.py bench ambiguity`: does a model offer both answers where the picture allows two?

`--data FOLDER` holds cmu17_test.npz. Every case is one second of a clip in which a limb could as
well be mirrored in depth: both motions keep the bones, show nearly the same picture and could be a
person's. `seen`: the detector sees the limb; `hidden`: it does not. The model samples from the
noisy keypoints as it does for an animator; an answer counts as offered if a named take of the
limb, of the clip or of that second, has the limb's bones within 25 degrees of it.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import report
from choice import APART_DEGREES, LIMBS, NEAR_DEGREES, Case, apart, flip
from retake.server.lifting import lift as lift_module
from retake.server.lifting.lift import OpenModel
from retake.server.lifting.lift_options import LiftOptions
from retake.server.models import EXTRA_VARIABLE, SHIPPED, default_model, open_model
from retake.shared.arrays import Floats, Ints
from retake.shared.choosing.alternatives import choice_in
from retake.shared.keypoints import KeypointTrack
from retake.shared.model.jumps import possible
from retake.shared.resample import MODEL_FPS
from retake.shared.takes import Takes
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
    parser.add_argument("--model", type=Path, default=SHIPPED / default_model(), metavar="FOLDER")
    parser.add_argument("--cases", type=int, default=100, help="of each kind (default: 100)")
    parser.add_argument("--hypotheses", type=int, default=20)
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--plain", action="store_true", help="without proposals")
    options = parser.parse_args()
    if options.plain:
        lift_module.proposals_for = _none
    os.environ[EXTRA_VARIABLE] = str(options.model.resolve().parent)
    model = open_model(options.model.name)
    rows = [_row(kind, model, options) for kind in ("seen", "hidden")]
    report.show(f"Ambiguities offered by {options.model.name}", rows, options.json)


def _none(options: LiftOptions) -> int:
    return 0


def _row(kind: str, model: OpenModel, options: argparse.Namespace) -> dict[str, Any]:
    hits: list[tuple[bool, bool, bool]] = []
    errors: list[float] = []
    for number, shot in enumerate(_shots(options.data, options.cases)):
        asked = LiftOptions(
            model=options.model.name,
            hypotheses=options.hypotheses,
            iterations=options.iterations,
            seed=number,
        )
        takes = lift_module.lift(_track(shot, kind), model, asked, _ignore)
        hits.append(_offered(shot.case, takes))
        best = takes.poses[takes.best["torso_head"]]
        errors.append(1000 * float(np.linalg.norm(best - shot.case.truth, axis=-1).mean()))
    both, truth, mirrored = 100 * np.mean(hits, axis=0)
    return {
        "limb": kind,
        "cases": len(hits),
        "both answers %": both,
        "the truth %": truth,
        "the other %": mirrored,
        "best take mm": np.mean(errors),
    }


def _track(shot: Shot, kind: str) -> KeypointTrack:
    points = shot.pixels.astype(np.float32)
    if kind == "hidden":
        points[STRETCH, LIMBS[shot.case.group]] = np.nan
    seen = np.isfinite(points).all(axis=-1)
    times = np.arange(FRAMES) / MODEL_FPS
    return KeypointTrack(points, seen.astype(np.float32), times, (SIDE, SIDE), MODEL_FPS, "made")


def _ignore(stage: str, done: int, total: int) -> None:
    """Nobody watches."""


def _offered(case: Case, takes: Takes) -> tuple[bool, bool, bool]:
    """Whether the takes hold both answers, the truth, the other."""
    second = choice_in(takes, STRETCH.start, STRETCH.stop - 1).groups
    named = {t.hypothesis for groups in (takes.groups, second) for t in groups[case.group]}
    near = [
        any(apart(case, answer, takes.poses[h]) < NEAR_DEGREES for h in named)
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
