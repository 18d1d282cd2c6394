"""Left and right: a mirrored network on a mirrored input gives the mirrored output."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from retake.shared.model.attention import hrst_map
from retake.shared.model.config import ModelConfig
from retake.shared.model.denoiser import hrst_triplets
from retake.shared.model.diffusion import Diffusion
from retake.shared.skeleton import SKELETONS
from torch import nn

RandomModel = Callable[..., Diffusion]


@pytest.fixture
def random_model(randomise: Callable[[nn.Module], None]) -> RandomModel:
    def make(**fields: Any) -> Diffusion:
        model = Diffusion(ModelConfig(frames=7, width=32, depth=3, heads=4, **fields)).eval()
        randomise(model.denoiser)
        return model

    return make


def mirrored(model: Diffusion) -> Diffusion:
    """Its joint embeddings swap sides, and x changes its sign in what it reads and puts out.

    Channels of the input: keypoint x, y; direction x, y, z; length.
    """
    twin = copy.deepcopy(model)
    denoiser = twin.denoiser
    denoiser.joint_embedding.data = denoiser.joint_embedding.data[model.mirror]
    denoiser.embed.weight.data[:, [0, 2]] *= -1
    for parameter in denoiser.head[1].parameters():
        parameter.data[0] *= -1
    return twin


@torch.no_grad()
def asymmetry(model: Diffusion) -> float:
    g = torch.Generator().manual_seed(1)
    keypoints, state = torch.randn(2, 7, 17, 2, generator=g), torch.randn(2, 7, 17, 4, generator=g)
    t = torch.tensor([100, 900])
    straight = model.predict(keypoints, state, t)
    assert straight.std() > 0.05
    swapped = mirrored(model).predict(model.flip(keypoints), model.flip(state), t)
    return float((model.flip(swapped) - straight).abs().max())


@pytest.mark.parametrize("skeleton", SKELETONS)
@pytest.mark.parametrize("children", ["once", "every_layer"])
@pytest.mark.parametrize("output", ["positions", "bones"])
def test_the_paper_variant_does_not_know_left_from_right(
    random_model: RandomModel, skeleton: str, children: str, output: str
):
    assert asymmetry(random_model(skeleton=skeleton, children=children, output=output)) < 1e-5


@pytest.mark.parametrize("skeleton", SKELETONS)
def test_the_released_variant_does(random_model: RandomModel, skeleton: str):
    """Triplets that chains share are applied repeatedly, and children are read elsewhere."""
    assert asymmetry(random_model(skeleton=skeleton, variant="released")) > 1e-3


def test_the_arms_of_the_released_variant_inherit_unequally():
    """docs/decisions/0005: to the left from (7, 8) 0.125 and from (0, 7) 0.375."""
    config = ModelConfig(variant="released")
    rows = hrst_map(17, hrst_triplets(config.joints, config)).view(17, 17, 17, 17)
    left, right = rows[8, 11], rows[8, 14]
    assert (float(left[7, 8]), float(left[0, 7])) == (0.125, 0.375)
    assert (float(right[7, 8]), float(right[0, 7])) == (0.0625, 0.4375)
    paper = hrst_map(17, config.joints.triplets).view(17, 17, 17, 17)
    assert float(paper[8, 11, 7, 8]) == float(paper[8, 14, 7, 8]) == 0.25
