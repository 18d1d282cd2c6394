"""A deeper model begins where a shallower one has ended."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from retake.shared.errors import RetakeError
from retake.shared.model.artifact import save_model
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.training.warm_start import starting_weights

SMALL = ModelConfig(frames=9, width=8, depth=2, heads=2)


@pytest.fixture
def small(tmp_path: Path) -> Diffusion:
    torch.manual_seed(0)
    model = Diffusion(SMALL)
    save_model(tmp_path, model, {"data": "none"})
    return model.eval()


def test_new_layers_begin_by_changing_nothing(small: Diffusion, tmp_path: Path):
    deep = Diffusion(replace(SMALL, depth=4)).eval()
    keypoints, state = torch.randn(2, 9, 17, 2), torch.randn(2, 9, 17, 4)
    request = keypoints, state, torch.tensor([3, 900])
    before = (deep.predict(*request) - small.predict(*request)).abs().max()
    deep.denoiser.load_state_dict(starting_weights(deep, tmp_path))
    after = (deep.predict(*request) - small.predict(*request)).abs().max()
    assert before > 0.01
    assert after < 1e-4  # an untrained layer norm changes nothing that is normed


def test_every_new_layer_learns(small: Diffusion, tmp_path: Path):
    deep = Diffusion(replace(SMALL, depth=3))
    deep.denoiser.load_state_dict(starting_weights(deep, tmp_path))
    deep.predict(
        torch.randn(1, 9, 17, 2), torch.randn(1, 9, 17, 4), torch.tensor([9])
    ).sum().backward()
    for kind in (deep.denoiser.spatial, deep.denoiser.temporal):
        assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in kind[2].parameters())


@pytest.mark.parametrize("change", [{"width": 16}, {"depth": 1}, {"frames": 27}, {"hrtt": False}])
def test_other_architectures_are_refused(small: Diffusion, tmp_path: Path, change: dict[str, int]):
    with pytest.raises(RetakeError, match="may only be deeper"):
        starting_weights(Diffusion(replace(SMALL, **change)), tmp_path)
