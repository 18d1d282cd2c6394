"""Hidden keypoints and swapped sides: what training leaves out or gets wrong on purpose."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.skeleton import HUMAN36M
from retake.training.detector_noise import swap_sides
from retake.training.hiding import hide

FRAMES = 20


@pytest.fixture
def points(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(0, 0.2, (200, FRAMES, 17, 2))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def test_known_keypoints_stay_and_hidden_ones_are_bridged(
    rng: np.random.Generator, points: np.ndarray
) -> None:
    bridged, known = hide(rng, points)
    assert np.isfinite(bridged).all()
    assert np.array_equal(bridged[known], points[known])
    some = ~known.all(axis=(1, 2)) & known.any(axis=(1, 2))
    assert 0.15 < some.mean() < 0.5
    hidden = ~known[some]
    assert (bridged[some] != points[some]).any(axis=-1)[hidden].mean() > 0.99
    assert (~known.any(axis=(1, 2))).any()  # some windows show nothing at all


def test_the_same_seed_hides_the_same(points: np.ndarray) -> None:
    first, second = (hide(np.random.default_rng(3), points)[1] for _ in range(2))
    assert np.array_equal(first, second)


def test_swaps_exchange_whole_limbs(rng: np.random.Generator, points: np.ndarray) -> None:
    swapped = swap_sides(rng, points)
    changed = (swapped != points).any(axis=-1)
    assert 0.03 < changed.any(axis=(1, 2)).mean() < 0.2
    mirrored = points[:, :, HUMAN36M.mirror]
    assert np.array_equal(swapped[changed], mirrored[changed])
    window, frame = np.argwhere(changed.any(axis=-1))[0]
    assert changed[window, frame].sum() == 6


def test_a_masked_model_does_not_see_hidden_keypoints() -> None:
    torch.manual_seed(0)
    config = ModelConfig(frames=5, width=16, depth=2, heads=2, keypoint_mask=True)
    model = Diffusion(config).eval()
    keypoints = torch.randn(1, 5, 17, 2)
    keypoints[:, 2:4, 13] = torch.nan
    noisy, t = torch.randn(1, 5, 17, 4), torch.tensor([500])
    answer = model.denoise(keypoints, noisy, t)
    assert answer.isfinite().all()
    at_origin = keypoints.nan_to_num(0.0)
    assert (model.denoise(at_origin, noisy, t) - answer).abs().max() > 1e-3


def test_squared_losses_are_those_of_the_same_errors() -> None:
    torch.manual_seed(0)
    model = Diffusion(ModelConfig(frames=5, width=16, depth=2, heads=2)).eval()
    positions = torch.randn(3, 5, 17, 3)
    positions -= positions[:, :, :1].clone()
    keypoints = torch.randn(3, 5, 17, 2)
    plain, squared = (
        model.loss(keypoints, positions, torch.Generator().manual_seed(1), squared=s)
        for s in (False, True)
    )
    for name, value in plain.items():
        assert squared[name] >= value**2  # the mean of squares is never below the squared mean
