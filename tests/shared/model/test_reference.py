"""The fast denoiser against its naive twin, under every switch and for both skeletons."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from retake.shared.model.config import ModelConfig
from retake.shared.model.denoiser import HSTDenoiser
from retake.shared.model.reference import ReferenceDenoiser
from retake.shared.skeleton import SKELETONS
from torch import nn

FRAMES = 17
"""As many as there are joints: nothing may be told from a shape."""

SWITCHES: list[dict[str, Any]] = [
    {},
    {"variant": "released"},
    {"children": "every_layer"},
    {"input": "positions"},
    {"output": "bones"},
    {"input": "positions", "output": "bones"},
    {"hierarchical_embedding": False},
    {"hrst": False},
    {"hrtt": False},
    {"hrst": False, "hrtt": False, "hierarchical_embedding": False},
    {"keypoint_mask": True},
]


Twins = Callable[..., tuple[HSTDenoiser, ReferenceDenoiser]]


@pytest.fixture
def twins(randomise: Callable[[nn.Module], None]) -> Twins:
    """twins(**fields of the configuration): the same weights in both forms."""

    def make(**fields: Any) -> tuple[HSTDenoiser, ReferenceDenoiser]:
        config = ModelConfig(frames=FRAMES, width=32, depth=3, heads=4, **fields)
        fast, naive = HSTDenoiser(config), ReferenceDenoiser(config)
        randomise(fast)
        naive.load_state_dict(fast.state_dict())
        return fast.eval(), naive.eval()

    return make


def inputs(config: ModelConfig) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(1)
    keypoints = torch.randn(2, FRAMES, 17, 2, generator=g)
    if config.keypoint_mask:
        keypoints[:, 3:9, 5] = torch.nan
    channels = 4 if config.input == "bones" else 3
    state = torch.randn(2, FRAMES, 17, channels, generator=g)
    return keypoints, state, torch.tensor([3, 700])


@pytest.mark.parametrize("skeleton", SKELETONS)
@pytest.mark.parametrize("switches", SWITCHES, ids=str)
@torch.no_grad()
def test_the_fast_form_equals_the_text(twins: Twins, switches: dict[str, Any], skeleton: str):
    fast, naive = twins(skeleton=skeleton, **switches)
    given = inputs(fast.config)
    expected = naive(*given)
    assert expected.std() > 0.05
    assert (fast(*given) - expected).abs().max() < 1e-5


@pytest.mark.parametrize("switches", SWITCHES[1:], ids=str)
@torch.no_grad()
def test_a_switch_matters(twins: Twins, switches: dict[str, Any]):
    """With the weights they share. Otherwise the equality above would say little."""
    (plain, _), (other, _) = twins(), twins(**switches)
    given = inputs(other.config)
    state = torch.cat([given[1], given[1][..., :1]], dim=-1)[..., :4]
    shapes = {name: value.shape for name, value in other.state_dict().items()}
    shared = {n: v for n, v in plain.state_dict().items() if shapes.get(n) == v.shape}
    other.load_state_dict(shared, strict=False)
    difference = other(*given) - plain(given[0].nan_to_num(), state, given[2])
    assert difference.abs().max() > 1e-3


@torch.no_grad()
def test_half_precision_stays_close(twins: Twins):
    fast, naive = twins()
    given = inputs(fast.config)
    with torch.autocast("cpu", torch.bfloat16):
        rough = fast(*given).float()
    expected = naive(*given)
    assert 1e-6 < (rough - expected).norm() / expected.norm() < 0.02
