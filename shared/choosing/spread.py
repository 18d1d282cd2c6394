"""Spread: how surely a joint is known in a frame, in metres, raw and calibrated.

Samples of a diffusion model lie closer together than their errors are large. A calibration, fitted
on subjects that the model has not learned from, stretches their distances until they agree, and
adds the doubt that remains where all samples agree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Floats, Floats32
from ..errors import RetakeError
from ..skeleton import HUMAN36M
from .calibration_error import QUANTILES, error_of, radii_and_errors

LARGEST_FACTOR = 1000.0
LARGEST_FLOOR_M = 1.0

FACTORS = np.concatenate([[0.0], np.geomspace(0.05, 50, 121)])
FLOOR_COUNT = 31
"""What a fit tries: these factors, and as many floors up to the root mean square true error."""


def _normal_radii() -> Floats:
    """Quantiles (21,) of the distance of a normal point in space from its mean, 1 on average.

    "On average" is the root mean square. The last quantile is where one in 70,000 lies beyond.
    """
    x = np.linspace(0, 5, 2001)
    density = x**2 * np.exp(-(x**2) / 2)
    reached = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return np.interp(QUANTILES, reached / reached[-1], x) / np.sqrt(3)


NORMAL_RADII = _normal_radii()


@dataclass(frozen=True)
class Calibration:
    """Calibrated distance^2 = (factor * distance)^2 + floor^2, as root mean squares, metres.

    As if every sample were moved `factor` times as far from the middle and then somewhere else by
    a normal error of size `floor`.

    factors  one per joint (Human3.6M order), 0 to 1000
    floors   metres, one per joint, 0 to 1
    """

    factors: tuple[float, ...] = (1.0,) * HUMAN36M.joint_count
    floors: tuple[float, ...] = (0.0,) * HUMAN36M.joint_count

    def __post_init__(self) -> None:
        """Raises RetakeError that names the field."""
        _check("factors", self.factors, LARGEST_FACTOR)
        _check("floors", self.floors, LARGEST_FLOOR_M)

    def to_dict(self) -> dict[str, Any]:
        """For the key "calibration" of a model's config.json."""
        return {"factors": list(self.factors), "floors": list(self.floors)}

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> Calibration:
        """Raises RetakeError if anything is missing, unknown or out of range."""
        if set(values) != {"factors", "floors"}:
            raise RetakeError(
                f"The calibration has the fields {', '.join(sorted(values)) or 'none'}; "
                "expected factors, floors."
            )
        return Calibration(_numbers("factors", values), _numbers("floors", values))

    def spread(self, raw: Floats) -> Floats:
        """Root mean square distances (..., 17) of the samples, metres -> the error to expect."""
        return np.hypot(raw * np.array(self.factors), np.array(self.floors))

    def radii(self, raw: Floats) -> Floats:
        """Quantiles (21, N, 17) of the samples' distances -> calibrated ones."""
        floors = NORMAL_RADII[:, None, None] * np.array(self.floors)
        return np.hypot(raw * np.array(self.factors), floors)


def spread_of(poses: Floats, calibration: Calibration | None = None) -> Floats32:
    """Root mean square distance of the hypotheses from their mean, (H, F, 17, 3) -> (F, 17), m.

    With a calibration it is about the error to expect; without, only how far samples lie apart.
    """
    mean = poses.mean(axis=0)
    squared = np.zeros(poses.shape[1:3])
    for pose in poses:
        squared += np.sum((pose - mean) ** 2, axis=-1)
    raw = np.sqrt(squared / len(poses))
    return (calibration.spread(raw) if calibration else raw).astype(np.float32)


def calibrated_error(samples: Floats, truth: Floats, calibration: Calibration) -> float:
    """The expected calibration error that remains: samples (H, N, 17, 3), truth (N, 17, 3)."""
    radii, errors = radii_and_errors(samples, truth)
    return error_of(calibration.radii(radii), errors)


def fit(samples: Floats, truth: Floats, floors: bool = True) -> Calibration:
    """The calibration that makes the expected calibration error of every joint least.

    samples (H, N, 17, 3), truth (N, 17, 3): root-relative metres, of subjects the model has not
    learned from; H of 100 is enough, N should be some thousand frames.
    """
    return fit_radii(*radii_and_errors(samples, truth), floors)


def fit_radii(radii: Floats, errors: Floats, floors: bool = True) -> Calibration:
    """`fit` for quantiles of distances (21, N, 17) and true distances (N, 17), metres.

    Tries all `FACTORS`, with `floors` also `FLOOR_COUNT` of them for each; of equally good ones the
    smallest floor wins. A joint that is always exact, like the root, keeps the identity.
    """
    fitted = [
        _fit_joint(radii[..., j], errors[:, j], FLOOR_COUNT if floors else 1)
        for j in range(errors.shape[1])
    ]
    return Calibration(tuple(f for f, _ in fitted), tuple(o for _, o in fitted))


def _fit_joint(radii: Floats, errors: Floats, floor_count: int) -> tuple[float, float]:
    """(factor, floor) for radii (21, N) and errors (N,)."""
    largest = min(float(np.sqrt(np.mean(errors**2))), LARGEST_FLOOR_M)
    best, least = (1.0, 0.0), np.inf
    if largest <= 1e-9:
        return best
    for floor in np.linspace(0, largest, floor_count):
        # (factor * radius)^2 + floor^2 > error^2: the smallest factor^2 for which it holds
        missing = errors**2 - (NORMAL_RADII[:, None] * floor) ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            needed = np.where(radii > 0, missing / radii**2, np.where(missing < 0, -1, np.inf))
        reached = np.stack([np.searchsorted(np.sort(row), FACTORS**2) for row in needed])
        away = np.abs(reached / len(errors) - QUANTILES[:, None]).mean(axis=0)
        at = int(np.argmin(away))
        if away[at] < least - 1e-9:
            best, least = (float(FACTORS[at]), float(floor)), float(away[at])
    return best


def _numbers(field: str, values: Mapping[str, Any]) -> tuple[float, ...]:
    found = values[field]
    right = isinstance(found, list) and all(
        isinstance(v, int | float) and not isinstance(v, bool) for v in found
    )
    if not right:
        raise RetakeError(f"The calibration's '{field}' is {found!r:.60}; expected 17 numbers.")
    return tuple(float(v) for v in found)


def _check(field: str, values: tuple[float, ...], largest: float) -> None:
    if len(values) != HUMAN36M.joint_count:
        raise RetakeError(f"The calibration has {len(values)} {field}; expected 17, one per joint.")
    if not all(0 <= v <= largest for v in values):
        raise RetakeError(f"The calibration's {field} must be between 0 and {largest:g}.")
