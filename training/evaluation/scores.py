"""The numbers of one case, their averages, and what only all cases together can tell."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...shared.arrays import Floats, Floats64
from ...shared.camera import Camera
from ...shared.choosing.calibration_error import QUANTILES, radii_and_errors
from ...shared.choosing.spread import Calibration
from ...shared.root import solve_root
from ...shared.skeleton import HUMAN36M, Skeleton
from ..data.lens import project
from ..metrics import acceleration_error, auc, joint_errors, mpsce, mpsse, pck
from .cases import Case
from .selections import NAMES, selected_errors

ENOUGH_FOR_ECE = 100
"""Hypotheses. With fewer the calibration error is biased (0.15 for five perfect ones)."""
SURE = (0.5, 0.9)
"""Coverage is given for the radii that should hold this share of the truth."""
PCK_JOINTS = slice(0, 14)
"""Of MPI-INF-3DHP's order: all but hip, spine and head."""


def score(
    predicted: Floats, case: Case, skeleton: Skeleton, windows: int, own_root: bool
) -> dict[str, float]:
    """Metric -> mean over the counted frames, mm (PCK and AUC: per cent).

    Selections are made for `windows` windows at a time, as the released code does with its batches.
    """
    predicted = np.array(predicted, float)
    predicted[..., skeleton.root, :] = 0
    rows: list[dict[str, float]] = []
    weights: list[int] = []
    for first in range(0, len(predicted), windows):
        part = slice(first, first + windows)
        if case.counts[part].any():
            rows.append(_selected(predicted[part], case, part, own_root))
            weights.append(int(case.counts[part].sum()))
    table = {name: float(np.average([r[name] for r in rows], weights=weights)) for name in rows[0]}
    return {**table, **_others(predicted, case, skeleton)}


def _selected(predicted: Floats, case: Case, part: slice, own_root: bool) -> dict[str, float]:
    truth, counts = case.truth[part].astype(float), case.counts[part]
    misses = _misses(predicted, case, part, case.positions[part][:, :, case.root])
    table: dict[str, float] = {}
    for procrustes, label in ((False, "MPJPE"), (True, "P-MPJPE")):
        found = selected_errors(predicted, truth, misses, counts, procrustes)
        for name in NAMES:
            # The root that picks the joints of J-Agg is the true one, which no user has.
            mark = " (true root)" if name == "J-Agg" else ""
            table[f"{label} {name}{mark}"] = found[name] * 1000
    if own_root:
        own = _misses(predicted, case, part, None)
        for procrustes, label in ((False, "MPJPE"), (True, "P-MPJPE")):
            found = selected_errors(predicted, truth, own, counts, procrustes)
            table[f"{label} J-Agg (own root)"] = found["J-Agg"] * 1000
    return table


def _misses(predicted: Floats, case: Case, part: slice, root: Floats | None) -> Floats:
    """Distances (B, H, L, J) in pixels between projected and given keypoints.

    `root` (B, L, 3) is the way of the root joint; None: solve it for every hypothesis from the
    keypoints, as at run time.
    """
    pixels = case.pixels[part]
    if root is None:
        roots = np.stack([_solved(p, k, case) for p, k in zip(predicted, pixels, strict=True)])
    else:
        roots = np.broadcast_to(root[:, None], (*predicted.shape[:3], 3))
    seen = project(predicted + roots[..., None, :], case.lens)
    return np.linalg.norm(seen - pixels[:, None], axis=-1)


def _solved(poses: Floats, pixels: Floats, case: Case) -> Floats:
    fx, fy, cx, cy = (float(value) for value in case.lens[:4])
    camera = Camera(fx, fy, cx, cy, *case.size)
    confidence = np.ones(pixels.shape[:-1])
    return np.stack([solve_root(p, pixels, confidence, camera, case.fps) for p in poses])


def _others(predicted: Floats, case: Case, skeleton: Skeleton) -> dict[str, float]:
    """Of the mean pose: PCK, AUC, levels. Of the samples: steadiness, symmetry, acceleration."""
    truth = case.truth.astype(float)
    errors = joint_errors(predicted.mean(axis=1), truth)[case.counts] * 1000
    table = {
        "MPSCE": mpsce(predicted, skeleton.bones) * 1000,
        "MPSSE": mpsse(predicted, skeleton) * 1000,
        "acceleration": _acceleration(predicted, truth) * 1000,
    }
    if skeleton is not HUMAN36M:
        table["PCK"], table["AUC"] = pck(errors[:, PCK_JOINTS]), auc(errors[:, PCK_JOINTS])
    levels = np.array(skeleton.levels)
    for level in range(1, levels.max() + 1):
        table[f"level {level}"] = float(errors[:, levels == level].mean())
    return table


def _acceleration(predicted: Floats, truth: Floats) -> float:
    if predicted.shape[2] < 3:
        return 0.0
    return float(np.mean([acceleration_error(p, truth) for p in np.swapaxes(predicted, 0, 1)]))


@dataclass
class Coverage:
    """Counts for the expected calibration error and the coverage, gathered case by case.

    The root joint takes no part: it is zero in samples and truth alike.
    """

    calibration: Calibration | None = None
    inside: Floats64 = field(default_factory=lambda: np.zeros(0))
    frames: int = 0

    def add(self, predicted: Floats, case: Case) -> None:
        """Poses (B, H, L, J, 3) with H samples each."""
        samples = np.moveaxis(np.asarray(predicted), 1, 0)[:, case.counts]
        self.count(*radii_and_errors(samples, case.truth[case.counts]), case.root)

    def count(self, radii: Floats, errors: Floats, root: int) -> None:
        """Quantiles of the samples' distances (21, N, J) and the truth's distances (N, J)."""
        if self.calibration:
            radii = self.calibration.radii(radii)
        inside = np.delete((radii > errors).sum(axis=1).astype(float), root, axis=1)
        self.inside = inside if not self.frames else self.inside + inside
        self.frames += len(errors)

    def table(self) -> dict[str, float]:
        """ECE (Pierzchlewicz et al. 2022), and the share of the truth inside, per cent."""
        shares = np.median(self.inside / self.frames, axis=1)
        found = {"ECE": float(np.abs(shares - QUANTILES).mean())}
        for sure in SURE:
            at = int(np.argmin(np.abs(QUANTILES - sure)))
            found[f"coverage {sure:.0%}"] = float(shares[at] * 100)
        return found
