"""Hidden keypoints and swapped sides: what training leaves out or gets wrong on purpose."""

from __future__ import annotations

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.resample import MODEL_FPS
from retake.shared.skeleton import HUMAN36M
from retake.training.detector_noise import swap_sides
from retake.training.hiding import hide
from retake.training.source_rate import to_model

FRAMES = 20


@pytest.fixture
def points(rng: np.random.Generator) -> Floats:
    return rng.normal(0, 0.2, (200, FRAMES, 17, 2))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_known_keypoints_stay_and_hidden_ones_are_bridged(
    rng: np.random.Generator, points: Floats
) -> None:
    known = hide(rng, *points.shape[:3])
    bridged, still_known = to_model(points, known, MODEL_FPS, FRAMES)
    assert np.array_equal(still_known, known)
    assert np.isfinite(bridged).all()
    assert np.array_equal(bridged[known], points[known])
    some = ~known.all(axis=(1, 2)) & known.any(axis=(1, 2))
    assert 0.15 < some.mean() < 0.5
    hidden = ~known[some]
    assert (bridged[some] != points[some]).any(axis=-1)[hidden].mean() > 0.99
    assert (~known.any(axis=(1, 2))).any()  # some windows show nothing at all


def test_the_same_seed_hides_the_same() -> None:
    first, second = (hide(np.random.default_rng(3), 200, FRAMES, 17) for _ in range(2))
    assert np.array_equal(first, second)


def test_swaps_exchange_whole_limbs(rng: np.random.Generator, points: Floats) -> None:
    swapped = swap_sides(rng, points)
    changed = (swapped != points).any(axis=-1)
    assert 0.03 < changed.any(axis=(1, 2)).mean() < 0.2
    mirrored = points[:, :, HUMAN36M.mirror]
    assert np.array_equal(swapped[changed], mirrored[changed])
    window, frame = np.argwhere(changed.any(axis=-1))[0]
    assert changed[window, frame].sum() == 6
