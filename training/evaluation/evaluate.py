"""Runs a model over a data set's test split and averages as the set's protocol says.

Human3.6M: frames weigh the same within an action, the fifteen actions weigh the same.
MPI-INF-3DHP: the six sequences weigh the same. World space: all frames weigh the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from tqdm import tqdm

from ...shared.choosing.spread import Calibration
from ...shared.errors import RetakeError
from ...shared.model.diffusion import Diffusion
from ...shared.skeleton import Skeleton
from ..data.motion_set import Clip, MotionSet
from .cases import CAMERAS_PER_CLIP, Case, tiled_cases, virtual_cases
from .lifters import Lifter, Sampling, constant_depth, mean_pose, tiled, whole_clip
from .scores import ENOUGH_FOR_ECE, Coverage, score

Table = dict[str, dict[str, float]]
"""Row -> metric -> value; the last row is `average`."""

AVERAGE = "average"


@dataclass(frozen=True)
class Plan:
    """How to measure.

    windows      how many are chosen for together: P-Best depends on it (the released code's batch)
    own_root     also J-Agg with our own root
    limit        clips per subject and action at most; 0: all
    calibration  of the model's spread, for a second calibration error
    """

    sampling: Sampling
    windows: int = 4
    own_root: bool = True
    limit: int = 0
    calibration: Calibration | None = None


def evaluate(model: Diffusion, data: MotionSet, plan: Plan) -> dict[str, Table]:
    """Tables by name: the model's, and in world space those of noisy keypoints and baselines."""
    test, train = data.split("test"), data.split("train")
    test = _limited(test, plan.limit)
    if not test.clips:
        raise RetakeError("The data set has no test split. Name one when it is prepared.")
    check_skeleton(model, test)
    skeleton = test.skeleton
    if test.space == "camera":
        lift = tiled(model, plan.sampling)
        cases = _shown(tiled_cases(test, model.config.frames), len(test.clips))
        return {"model": measure(lift, cases, skeleton, plan, equal_groups=True)}
    lift = whole_clip(model, plan.sampling)
    lifters = {
        "model": (lift, False),
        "model, noisy keypoints": (lift, True),
        "constant depth": (constant_depth, False),
    }
    if train.clips:
        lifters["mean pose"] = (mean_pose(train), False)
    count = CAMERAS_PER_CLIP * len(test.clips)
    return {
        name: measure(lifter, _shown(virtual_cases(test, noisy), count), skeleton, plan)
        for name, (lifter, noisy) in lifters.items()
    }


def check_skeleton(model: Diffusion, data: MotionSet) -> None:
    """RetakeError if the model was made for other joints than the set has."""
    if data.skeleton is not model.skeleton:
        raise RetakeError(
            f"The model is for the skeleton {model.config.skeleton}, the data set has "
            f"{data.skeleton.name}."
        )


def _shown(cases: Iterable[Case], count: int) -> Iterable[Case]:
    """The cases with a progress bar, made one by one: a large set does not fit in memory."""
    return tqdm(cases, total=count, unit="clip", leave=False)


def measure(
    lift: Lifter,
    cases: Iterable[Case],
    skeleton: Skeleton,
    plan: Plan,
    equal_groups: bool = False,
) -> Table:
    """Scores of every group of cases and their average."""
    rows: dict[str, list[dict[str, float]]] = {}
    weights: dict[str, list[int]] = {}
    raw, stretched = Coverage(), Coverage(plan.calibration)
    for case in cases:
        if not case.counts.any():
            continue
        predicted = lift(case)
        rows.setdefault(case.group, []).append(
            score(predicted, case, skeleton, plan.windows, plan.own_root)
        )
        weights.setdefault(case.group, []).append(int(case.counts.sum()))
        if predicted.shape[1] >= ENOUGH_FOR_ECE:
            raw.add(predicted, case)
            stretched.add(predicted, case)
    table = {group: _mean(rows[group], weights[group]) for group in rows}
    groups = [1 if equal_groups else sum(weights[group]) for group in rows]
    average = _mean(list(table.values()), groups)
    if raw.frames:
        average.update(raw.table())
    if raw.frames and plan.calibration:
        average.update({f"{n}, calibrated": v for n, v in stretched.table().items()})
    return {**table, AVERAGE: average}


def _mean(rows: list[dict[str, float]], weights: list[int]) -> dict[str, float]:
    return {
        name: round(float(np.average([row[name] for row in rows], weights=weights)), 4)
        for name in rows[0]
    }


def _limited(data: MotionSet, limit: int) -> MotionSet:
    if not limit:
        return data
    seen: dict[tuple[str, str], int] = {}

    def keep(clip: Clip) -> bool:
        key = (clip.subject, clip.action)
        seen[key] = seen.get(key, 0) + 1
        return seen[key] <= limit

    return data.only(keep)
