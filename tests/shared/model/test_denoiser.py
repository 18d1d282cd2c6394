from typing import Any

import numpy as np
import pytest
import torch
from retake.shared.model.attention import HRSTAttention, HRTTAttention, hrst_map
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.skeleton import HUMAN36M

SMALL: dict[str, Any] = {"frames": 9, "width": 32, "depth": 3, "heads": 4}


def small_model(**changes: Any) -> Diffusion:
    torch.manual_seed(0)
    model = Diffusion(ModelConfig(**{**SMALL, **changes}))
    for name, parameter in model.denoiser.named_parameters():
        if "embedding" in name:
            torch.nn.init.normal_(parameter, std=0.5)
    return model.eval()


def random_inputs(batch: int, frames: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(1)
    return (
        torch.randn(batch, frames, 17, 2, generator=g),
        torch.randn(batch, frames, 17, 4, generator=g),
        torch.randint(1000, (batch,), generator=g),
    )


def test_hrst_follows_algorithm_1_written_out():
    logits = np.random.default_rng(0).normal(size=(17, 17))
    expected = logits.copy()
    for parent, joint, child in HUMAN36M.triplets:
        expected[joint, child] += expected[parent, joint]
        expected[child, joint] += expected[parent, joint]
        expected[joint, child] /= 2
        expected[child, joint] /= 2
    mapped = hrst_map(17, HUMAN36M.triplets).numpy() @ logits.ravel()
    np.testing.assert_allclose(mapped.reshape(17, 17), expected)


def test_hrst_is_cumulative_from_the_root():
    row = hrst_map(17, HUMAN36M.triplets)[8 * 17 + 9].view(17, 17)
    assert row[8, 9] == 0.5
    assert row[7, 8] == 0.25
    assert row[0, 7] == 0.25
    assert row.sum() == 1


def test_hrst_attention_equals_a_plain_loop():
    torch.manual_seed(0)
    attention = HRSTAttention(16, 2, 17, HUMAN36M.triplets)
    x = torch.randn(3, 17, 16)
    q, k, v = attention.split(attention.qkv(x), 3)
    logits = q @ k.transpose(-2, -1) / 8**0.5
    for parent, joint, child in HUMAN36M.triplets:
        for a, b in ((joint, child), (child, joint)):
            logits[..., a, b] = (logits[..., a, b] + logits[..., parent, joint]) / 2
    expected = attention.proj(attention.merge(logits.softmax(-1) @ v))
    torch.testing.assert_close(attention(x), expected)


def test_hrtt_attention_is_the_sum_of_both_attention_maps():
    torch.manual_seed(0)
    attention = HRTTAttention(16, 2)
    x, children = torch.randn(2, 3, 9, 16)
    q, k, v = attention.split(attention.qkv(x), 3)
    (kc,) = attention.split(attention.qkv_xc(children), 1)
    maps = (q @ k.transpose(-2, -1) + q @ kc.transpose(-2, -1)) / 8**0.5
    expected = attention.proj(attention.merge(maps.softmax(-1) @ v))
    torch.testing.assert_close(attention(x, children), expected)


def test_children_are_those_of_the_same_joint_and_frame():
    model = small_model()
    x = torch.zeros(1, 9, 17, 32)
    x[0, 4, 12] = 1  # left elbow at frame 4
    children = model.denoiser.separate_children(x).view(17, 9, 32)
    touched = {tuple(place) for place in children.abs().sum(-1).nonzero().tolist()}
    assert touched == {(12, 4), (11, 4)}


def test_seventeen_frames_are_not_mistaken_for_seventeen_joints():
    keypoints, state, t = random_inputs(2, 17)
    model = small_model(frames=17)
    permuted = torch.arange(16, -1, -1)
    torch.nn.init.zeros_(model.denoiser.frame_embedding)
    straight = model.predict(keypoints, state, t)
    reversed_in_time = model.predict(keypoints[:, permuted], state[:, permuted], t)
    torch.testing.assert_close(reversed_in_time[:, permuted], straight, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("variant", ["paper", "released"])
def test_flip_averaging_is_mirror_equivariant(variant: str):
    model = small_model(variant=variant)
    keypoints, state, t = random_inputs(2, 9)
    straight = model.denoise(keypoints, state, t)
    mirrored = model.denoise(model.flip(keypoints), model.flip(state), t)
    torch.testing.assert_close(model.flip(mirrored), straight, atol=1e-5, rtol=1e-4)


def test_paper_predictions_are_root_relative():
    keypoints, state, t = random_inputs(2, 9)
    assert small_model().predict(keypoints, state, t)[..., 0, :].abs().max() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"variant": "other"},
        {"width": 30, "heads": 4},
        {"frames": 0},
        {"skeleton": "coco"},
        {"drop_path": 1.0},
    ],
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ModelConfig(**wrong)
