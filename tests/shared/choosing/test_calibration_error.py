"""ECE on Gaussians, where it is known, and calibrations that bring it down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.choosing.calibration_error import expected_calibration_error
from retake.shared.choosing.spread import Calibration, calibrated_error, fit, spread_of
from retake.shared.errors import RetakeError

FRAMES = 600


def gaussians(samples: int, width: Floats | float, seed: int = 0) -> tuple[Floats, Floats]:
    """Truth of standard deviation 0.05 m around 0, samples `width` times as wide: (H, N, 17, 3)."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 0.05, (FRAMES, 17, 3))
    wide = np.broadcast_to(np.asarray(width, float), (17,))[:, None]
    return rng.normal(0, 0.05, (samples, FRAMES, 17, 3)) * wide, truth


@pytest.mark.parametrize(
    ("samples", "width", "expected"),
    [
        (20, 0.05, 0.500),
        (20, 0.2, 0.488),
        (20, 0.5, 0.361),
        (20, 1.0, 0.039),
        (20, 1.5, 0.180),
        (5, 1.0, 0.149),
        (200, 0.5, 0.350),
        (200, 1.0, 0.006),
        (200, 1.5, 0.224),
    ],
)
def test_the_table_of_known_gaussians(samples: int, width: float, expected: float) -> None:
    """Independent simulations of the same definition, recorded to three digits."""
    assert expected_calibration_error(*gaussians(samples, width)) == pytest.approx(
        expected, abs=0.015
    )


def test_a_fit_finds_how_much_too_narrow_the_samples_are() -> None:
    widths = np.linspace(0.1, 1.2, 17)
    samples, truth = gaussians(60, widths)
    calibration = fit(samples, truth, floors=False)
    np.testing.assert_allclose(np.array(calibration.factors) * widths, 1, rtol=0.15)
    assert set(calibration.floors) == {0.0}
    others, other_truth = gaussians(60, widths, seed=1)
    assert expected_calibration_error(others, other_truth) > 0.15
    assert calibrated_error(others, other_truth, calibration) < 0.03


def test_a_calibrated_error_is_that_of_samples_moved_accordingly() -> None:
    samples, truth = gaussians(60, 0.6)
    calibration = Calibration((0.5,) * 17, (0.03,) * 17)
    centre = np.median(samples, axis=0)
    added = np.random.default_rng(7).normal(0, 0.03 / np.sqrt(3), samples.shape)
    moved = centre + 0.5 * (samples - centre) + added
    naive = expected_calibration_error(moved, truth)
    assert calibrated_error(samples, truth, calibration) == pytest.approx(naive, abs=0.02)
    raw, of_moved = spread_of(samples), spread_of(moved)
    np.testing.assert_allclose(calibration.spread(raw).mean(), of_moved.mean(), rtol=0.01)
    identity = calibrated_error(samples, truth, Calibration())
    assert identity == pytest.approx(expected_calibration_error(samples, truth))


def test_a_floor_serves_where_samples_agree_and_are_wrong() -> None:
    samples, truth = gaussians(60, 1.0)
    samples[:, ::2] *= 0.02
    one, both = fit(samples, truth, floors=False), fit(samples, truth)
    assert min(both.floors) > 0.02
    assert calibrated_error(samples, truth, one) > 0.12
    assert calibrated_error(samples, truth, both) < 0.03


def test_a_joint_that_is_always_exact_keeps_the_identity() -> None:
    samples, truth = gaussians(30, 0.5)
    samples[:, :, 0] = truth[:, 0] = 0
    calibration = fit(samples[:, :300], truth[:300], floors=False)
    assert (calibration.factors[0], calibration.floors[0]) == (1.0, 0.0)
    assert min(calibration.factors[1:]) > 1.3


def test_spread_is_zero_where_all_agree_and_the_distance_where_they_do_not() -> None:
    poses = np.zeros((2, 5, 17, 3))
    poses[0, :, 3, 1], poses[1, :, 3, 1] = 0.1, -0.1
    spread = spread_of(poses)
    np.testing.assert_allclose(spread[:, 3], 0.1, rtol=1e-6)
    assert not np.delete(spread, 3, axis=1).any()
    identity = spread_of(poses, Calibration())
    np.testing.assert_array_equal(identity, spread)


def test_a_calibration_reads_back() -> None:
    calibration = Calibration(tuple(np.linspace(1, 9, 17)), tuple(np.linspace(0, 0.1, 17)))
    assert Calibration.from_dict(calibration.to_dict()) == calibration


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"factors": [1.0] * 16}, "has 16 factors; expected 17"),
        ({"factors": [-1.0] * 17}, "factors must be between 0 and 1000"),
        ({"factors": [float("nan")] * 17}, "factors must be between"),
        ({"floors": [2.0] * 17}, "floors must be between 0 and 1"),
        ({"floors": "0"}, "'floors' is '0'; expected 17 numbers"),
        ({"factors": [True] * 17}, "expected 17 numbers"),
        ({"other": 1}, "has the fields factors, floors, other; expected factors, floors"),
    ],
)
def test_a_wrong_calibration_is_refused(change: dict[str, Any], words: str) -> None:
    with pytest.raises(RetakeError, match=words):
        Calibration.from_dict({**Calibration().to_dict(), **change})
    with pytest.raises(RetakeError, match="has the fields none"):
        Calibration.from_dict({})
