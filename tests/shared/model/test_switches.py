"""The switches of Tables 4 to 6 and the skeletons: what each changes in model and sampler."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from retake.shared.bones import recompose
from retake.shared.model.artifact import load_model, save_model
from retake.shared.model.attention import HRSTAttention, HRTTAttention
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.sampler import ddim
from retake.shared.model.windows import sample_clip
from retake.shared.skeleton import SKELETONS

SWITCHES: list[dict[str, Any]] = [
    {},
    {"input": "positions"},
    {"output": "bones"},
    {"input": "positions", "output": "bones"},
    {"hierarchical_embedding": False},
    {"hrst": False},
    {"hrtt": False},
    {"children": "every_layer"},
]
EACH = pytest.mark.parametrize("switches", SWITCHES, ids=str)
BOTH = pytest.mark.parametrize("skeleton", SKELETONS)


def model_of(**fields: Any) -> Diffusion:
    torch.manual_seed(0)
    return Diffusion(ModelConfig(frames=7, width=16, depth=3, heads=2, drop_path=0.0, **fields))


def random_poses(model: Diffusion) -> torch.Tensor:
    poses = torch.randn(2, 7, 17, 3, generator=torch.Generator().manual_seed(1)) / 3
    return poses - poses[..., model.skeleton.root, None, :]


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return bool((a - b).abs().max() < 1e-6)


@EACH
def test_each_switch_is_part_of_the_model_folder(switches: dict[str, Any], tmp_path: Path):
    model = model_of(skeleton="mpi-inf-3dhp-17", **switches).eval()
    save_model(tmp_path, model, {})
    again = load_model(tmp_path)
    assert again.config == model.config
    poses, t = random_poses(model), torch.tensor([5, 500])
    with torch.no_grad():
        given = poses[..., :2], model.decompose(poses), t
        assert torch.equal(again.predict(*given), model.predict(*given))


@EACH
@BOTH
def test_sampling_with_each_switch_ends_at_what_the_network_says(
    switches: dict[str, Any], skeleton: str
):
    model = model_of(skeleton=skeleton, **switches)
    poses, g = random_poses(model), torch.Generator().manual_seed(3)
    states: list[torch.Tensor] = []

    def denoise(state: torch.Tensor, t: int) -> torch.Tensor:
        states.append(state)
        return poses

    found = ddim(
        model, denoise, lambda i: torch.randn(2, 7, 17, model.state_width, generator=g), 10
    )
    assert close(found, poses)
    # At t = 99 little noise is left: the state is nearly that of the pose.
    bones = [child for _, child in model.skeleton.bones]
    error = (states[-1] - model.decompose(poses))[..., bones, :]
    assert 0.05 < error.std() < 0.3


@BOTH
@pytest.mark.parametrize("input_form", ["bones", "positions"])
def test_clips_are_lifted_with_the_root_at_zero(skeleton: str, input_form: str):
    model = model_of(skeleton=skeleton, input=input_form, keypoint_frame="person").eval()
    pixels = np.random.default_rng(0).uniform(100, 400, (10, 17, 2))
    poses = sample_clip(model, pixels, 640, 480, hypotheses=2, iterations=2, seed=0)
    assert poses.shape == (2, 10, 17, 3)
    assert np.abs(poses[0] - poses[1]).max() > 1e-4
    root = model.skeleton.root
    assert not poses[:, :, root].any()
    assert np.abs(np.delete(poses, root, axis=2)).min(axis=(0, 1, 3)).all()


@BOTH
def test_bones_are_those_of_the_skeleton_and_the_root_has_none(skeleton: str):
    model = model_of(skeleton=skeleton)
    poses = random_poses(model)
    state = model.decompose(poses)
    assert state.shape == (2, 7, 17, 4)
    assert not state[..., model.skeleton.root, :].any()
    again = recompose(state[..., 3:].numpy(), state[..., :3].numpy(), model.skeleton)
    np.testing.assert_allclose(again, poses.numpy(), atol=1e-6)
    assert close(model.bones.compose(state), poses)


@BOTH
@pytest.mark.parametrize("input_form", ["bones", "positions"])
def test_the_network_never_sees_noise_at_the_root(skeleton: str, input_form: str):
    model = model_of(skeleton=skeleton, input=input_form).eval()
    state = torch.randn(2, 7, 17, model.state_width)
    other, moved = state.clone(), state.clone()
    other[..., model.skeleton.root, :] += 1
    moved[..., 3, :] += 1
    t = torch.tensor([5, 500])
    with torch.no_grad():
        seen = [model.predict(state[..., :2], s, t) for s in (state, other, moved)]
    assert torch.equal(seen[0], seen[1])
    assert not torch.equal(seen[0], seen[2])


@BOTH
def test_mirroring_a_pose_mirrors_its_state(skeleton: str):
    for form in ("bones", "positions"):
        model = model_of(skeleton=skeleton, input=form)
        poses = random_poses(model)
        assert close(model.flip(model.decompose(poses)), model.decompose(model.flip(poses)))
        assert close(model.flip(model.flip(poses)), poses)


def test_a_switch_leaves_out_its_part():
    whole, weights = model_of(), model_of().denoiser.state_dict()
    kinds = [type(module) for module in whole.modules()]
    assert (kinds.count(HRSTAttention), kinds.count(HRTTAttention)) == (2, 2)
    assert weights["embed.weight"].shape == (16, 6)
    assert weights["head.1.weight"].shape == (3, 16)
    for switches, kind in (({"hrst": False}, HRSTAttention), ({"hrtt": False}, HRTTAttention)):
        assert not any(isinstance(module, kind) for module in model_of(**switches).modules())
    assert "level_embedding" in weights
    flat = model_of(hierarchical_embedding=False).denoiser.state_dict()
    assert set(weights) - set(flat) == {"level_embedding"}
    other = model_of(input="positions", output="bones").denoiser.state_dict()
    assert other["embed.weight"].shape == (16, 5)
    assert other["head.1.weight"].shape == (4, 16)


def test_bones_put_out_are_added_up_along_the_chains():
    model = model_of(output="bones").eval()
    poses = random_poses(model)
    bones = model.denoiser.head(torch.randn(1, 7, 17, 16)).detach()
    positions = model.bones.compose(bones)
    expected = recompose(bones[..., 3:].numpy(), bones[..., :3].numpy(), model.skeleton)
    np.testing.assert_allclose(positions.numpy(), expected, atol=1e-6)
    with torch.no_grad():
        raw = model.denoiser(poses[..., :2], model.decompose(poses), torch.tensor([1, 2]))
    assert not raw[..., 0, :].any()


@pytest.mark.parametrize("switches", [*SWITCHES[1:], {"keypoint_mask": True}], ids=str)
def test_the_released_variant_has_no_switches(switches: dict[str, Any]):
    with pytest.raises(ValueError, match="released"):
        ModelConfig(variant="released", **switches)


@pytest.mark.parametrize(
    "wrong", [{"input": "angles"}, {"output": "lengths"}, {"children": "never"}, {"hrst": 1}]
)
def test_a_switch_has_its_own_settings_only(wrong: dict[str, Any]):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ModelConfig(**wrong)
