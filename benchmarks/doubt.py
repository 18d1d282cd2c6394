"""`tasks.py bench doubt`: are a model's samples as far apart as it is wrong, and is one better?

`--data DATA` is a set made by `retake prepare`; random windows of its test split, with a detector's
noise, are sampled as takes are. The ECE and the shares of the truth inside are those of the samples
as they are and as the model's calibration stretches them. The errors are root-relative, without
any alignment: of one sample, of the mean of 20, and of the best of 20 whole poses, chosen anew in
every frame or once in a window by somebody who knows the truth.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import report
from retake.server.models import SHIPPED, default_model
from retake.shared.arrays import Floats
from retake.shared.choosing.calibration_error import radii_and_errors
from retake.shared.choosing.spread import Calibration
from retake.shared.model.artifact import load_model, read_calibration
from retake.training.data.motion_set import MotionSet
from retake.training.evaluation.cases import Case, window_cases
from retake.training.evaluation.lifters import Sampling, whole_clip
from retake.training.evaluation.scores import Coverage
from tqdm import tqdm

CHOICES = 20


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="a prepared data set")
    parser.add_argument("--model", type=Path, default=SHIPPED / default_model(), metavar="FOLDER")
    parser.add_argument("--windows", type=int, default=32, help="windows to sample (default: 32)")
    parser.add_argument("--hypotheses", type=int, default=100, help="default: 100")
    parser.add_argument("--iterations", type=int, default=5, help="default: 5, as `retake lift`")
    options = parser.parse_args()
    model = load_model(options.model)
    lift = whole_clip(model, Sampling(options.hypotheses, options.iterations))
    found = read_calibration(options.model)
    raw, fitted = Coverage(), Coverage(Calibration.from_dict(found) if found else None)
    errors: list[dict[str, float]] = []
    cases = window_cases(
        MotionSet.open(options.data).split("test"), model.config.frames, options.windows, 0
    )
    for case in tqdm(cases, total=options.windows, unit="window"):
        samples = lift(case)[0]
        for coverage in (raw, fitted):
            coverage.count(*radii_and_errors(samples, case.truth[0]), case.root)
        errors.append(_errors(samples[:CHOICES], case))
    name = options.model.name
    rows = [{"samples": name} | raw.table(), {"samples": "calibrated"} | fitted.table()]
    report.show(f"{name}, {options.windows} windows of unseen people", rows, options.json)
    mean = {key: float(np.mean([row[key] for row in errors])) for key in errors[0]}
    beside = options.json.with_suffix(".errors.json") if options.json else None
    report.show(f"\nBest of {CHOICES}", [_against(key, mean) for key in mean], beside)


def _errors(samples: Floats, case: Case) -> dict[str, float]:
    """MPJPE of samples (H, L, J, 3) in millimetres."""
    each = _mpjpe(samples, case)
    return {
        "mean of all": float(_mpjpe(samples.mean(axis=0), case).mean()),
        "one sample": float(each.mean()),
        "best in every frame": float(each.min(axis=0).mean()),
        "best in a window": float(each.mean(axis=1).min()),
    }


def _mpjpe(poses: Floats, case: Case) -> Floats:
    return 1000 * np.linalg.norm(poses - case.truth[0], axis=-1).mean(axis=-1)


def _against(key: str, mean: dict[str, float]) -> dict[str, Any]:
    share = 100 * (mean[key] / mean["mean of all"] - 1)
    return {"pose": key, "MPJPE mm": mean[key], "against the mean %": share}


if __name__ == "__main__":
    main()
