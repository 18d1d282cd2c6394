"""Fits how far a model's samples lie apart to how far off they are, and keeps that beside it.

On validation subjects only: what was learned is known too well, and the test split is for the test.
The factors are temperatures, one per joint: samples are moved so many times as far from their
middle. What they all miss together becomes a floor (`shared.choosing.spread`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ...shared.arrays import Floats
from ...shared.atomic import replaced_file
from ...shared.choosing.calibration_error import radii_and_errors
from ...shared.choosing.spread import Calibration, fit_radii
from ...shared.errors import RetakeError
from ...shared.model.artifact import CONFIG_FILE
from ...shared.model.diffusion import Diffusion
from ...shared.skeleton import HUMAN36M
from ..data.motion_set import MotionSet
from .cases import Case, window_cases
from .evaluate import check_skeleton
from .lifters import Lifter, Sampling, whole_clip
from .scores import ENOUGH_FOR_ECE, Coverage


@dataclass(frozen=True)
class Fit:
    """A calibration, and the measures of `Coverage` without and with it on what it was fitted to.

    windows, frames  how many it was fitted to
    """

    calibration: Calibration
    before: dict[str, float]
    after: dict[str, float]
    windows: int
    frames: int


def calibrate(model: Diffusion, data: MotionSet, sampling: Sampling, windows: int) -> Fit:
    """Fits to samples of random windows of the validation split, made as at run time.

    RetakeError without such a split, for a set of other joints, or for too few hypotheses.
    """
    validation = data.split("val")
    if not validation.clips:
        raise RetakeError(
            "The data set has no validation split. Name one when it is prepared: subjects that the "
            "model has not learned from."
        )
    check_skeleton(model, validation)
    if model.skeleton is not HUMAN36M:
        raise RetakeError(f"Only models for {HUMAN36M.name} are calibrated: they alone lift.")
    if sampling.hypotheses < ENOUGH_FOR_ECE:
        raise RetakeError(
            f"{sampling.hypotheses} hypotheses are too few; expected at least {ENOUGH_FOR_ECE}."
        )
    cases = list(window_cases(validation, model.config.frames, windows, sampling.seed))
    radii, errors = _gathered(whole_clip(model, sampling), tqdm(cases, unit="window"))
    calibration = fit_radii(radii, errors)
    raw, fitted = Coverage(), Coverage(calibration)
    for coverage in (raw, fitted):
        coverage.count(radii, errors, model.skeleton.root)
    return Fit(calibration, raw.table(), fitted.table(), len(cases), len(errors))


def _gathered(lift: Lifter, cases: Iterable[Case]) -> tuple[Floats, Floats]:
    """`radii_and_errors` of all cases: (21, N, J) and (N, J). The samples are not kept."""
    radii: list[Floats] = []
    errors: list[Floats] = []
    for case in cases:
        poses = lift(case)
        poses = poses - poses[..., case.root, None, :]
        samples = np.moveaxis(poses, 1, 0)[:, case.counts]
        found = radii_and_errors(samples, case.truth[case.counts])
        radii.append(found[0])
        errors.append(found[1])
    return np.concatenate(radii, axis=1), np.concatenate(errors)


def write_calibration(folder: Path, calibration: Calibration, how: str) -> None:
    """Into config.json of the model in `folder`, in one step; the weights are not touched.

    how  a sentence on where it comes from, for `about`. RetakeError if it cannot be written.
    """
    path = folder / CONFIG_FILE
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
        config["about"] = {**config.get("about", {}), "calibration": how}
        config["calibration"] = calibration.to_dict()
        with replaced_file(path) as part:
            part.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    except (OSError, ValueError, TypeError, AttributeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RetakeError(f"{path} cannot be written: {reason}.") from None
