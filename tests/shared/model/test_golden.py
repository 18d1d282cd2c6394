"""The `released` variant against recorded outputs of the authors' code."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from retake.shared.arrays import AnyArray
from retake.shared.errors import RetakeError
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.golden import build_golden, differences, golden_weights, in_metres, main
from retake.shared.model.reference import ReferenceDenoiser
from retake.shared.model.released import load_released
from retake.shared.model.sampler import step

DATA = Path(__file__).parents[2] / "data"
RECORDED = {
    "h36m": (11, ModelConfig(variant="released", frames=27, width=64, depth=3)),
    "3dhp": (
        21,
        ModelConfig(variant="released", skeleton="mpi-inf-3dhp-17", frames=27, width=64, depth=2),
    ),
}
SEED, CONFIG = RECORDED["h36m"]


def shapes(name: str) -> dict[str, list[int]]:
    return json.loads((DATA / f"released_{name}_small_keys.json").read_text())


def recorded(name: str) -> dict[str, AnyArray]:
    """In metres."""
    with np.load(DATA / f"released_{name}_small.npz") as golden:
        return in_metres(dict(golden), name)


SHAPES = shapes("h36m")


@pytest.mark.parametrize("name", RECORDED)
def test_denoiser_and_sampler_agree_with_the_released_code(name: str):
    seed, config = RECORDED[name]
    found = differences(build_golden(config, shapes(name), seed), recorded(name))
    assert set(found) == {"den_out", "samples"}
    assert max(found.values()) < 1e-4


@pytest.mark.parametrize("name", RECORDED)
def test_mirrored_keypoints_are_those_of_the_released_code(name: str):
    golden = recorded(name)
    flipped = Diffusion(RECORDED[name][1]).flip(torch.from_numpy(golden["x2d"]))
    assert (flipped - torch.from_numpy(golden["x2d_flip"])).abs().max() == 0


def test_the_comparison_notices_other_weights():
    found = differences(build_golden(CONFIG, SHAPES, SEED + 1), recorded("h36m"))
    assert min(found.values()) > 1e-2


def test_the_comparison_notices_the_other_skeleton():
    """Both have 17 joints, so that nothing but the numbers tells them apart."""
    seed, config = RECORDED["3dhp"]
    other = dataclasses.replace(config, skeleton="human3.6m-17")
    found = differences(build_golden(other, shapes("3dhp"), seed), recorded("3dhp"))
    assert min(found.values()) > 1e-2


def test_bone_13_of_3dhp_gets_the_noise_of_the_root_slot():
    """The slot shift of the released code: its sampler takes slots 1 to 16 for the bones."""
    model = Diffusion(RECORDED["3dhp"][1])
    state = torch.zeros(1, 1, 17, 4)
    state[:, :, model.skeleton.root] = 1
    still = torch.zeros(1, 1, 17, 3)
    moved = step(model, state, still, 999, 499, torch.zeros_like(state), eta=0.0)
    assert moved.abs().sum(dim=-1).nonzero()[:, 2].tolist() == [13, 14]


@pytest.mark.parametrize("name", RECORDED)
@torch.no_grad()
def test_the_naive_twin_agrees_with_the_released_code(name: str):
    """Written from descriptions, not from the fast form: see reference.py."""
    seed, config = RECORDED[name]
    model, golden = build_golden(config, shapes(name), seed), recorded(name)
    twin = ReferenceDenoiser(config)
    twin.load_state_dict(model.denoiser.state_dict())
    state = np.concatenate([golden["den_dir"], golden["den_len"]], axis=-1)
    found = twin(
        torch.from_numpy(golden["x2d"]),
        torch.from_numpy(state[:, 0]),
        torch.from_numpy(golden["den_t"]),
    )
    assert (found - torch.from_numpy(golden["den_out"][:, 0])).abs().max() < 1e-4


def test_the_command_prints_the_differences(capsys: pytest.CaptureFixture[str]):
    arguments = [str(DATA / "released_h36m_small.npz"), str(DATA / "released_h36m_small_keys.json")]
    options = [
        "--skeleton",
        "h36m",
        "--seed",
        "11",
        "--frames",
        "27",
        "--width",
        "64",
        "--depth",
        "3",
    ]
    assert main(arguments + options) == 0
    assert "den_out" in capsys.readouterr().out
    assert main([*arguments, *options[:2], "--seed", "12", *options[4:]]) == 1


def test_a_checkpoint_with_a_missing_or_foreign_weight_is_refused():
    weights = golden_weights(SHAPES, SEED)
    model = build_golden(CONFIG, SHAPES, SEED)
    unused = load_released(model, weights)
    assert unused
    assert all(".STEblocks." in key and ".qkv_xc." in key for key in unused)
    foreign = {**weights, "dir_bone_estimator.other.weight": torch.zeros(1)}
    with pytest.raises(RetakeError, match="unknown weight"):
        load_released(model, foreign)
    lacking = {key: value for key, value in weights.items() if "head_pose.1.bias" not in key}
    with pytest.raises(RetakeError, match="lacks the weight"):
        load_released(model, lacking)


def test_files_that_do_not_fit_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    keys = DATA / "released_h36m_small_keys.json"
    options = ["--skeleton", "h36m", "--seed", "11", "--width", "64", "--depth", "3", "--frames"]
    (tmp_path / "list.json").write_text("[1, 2]")
    with np.load(DATA / "released_h36m_small.npz") as golden:
        np.savez(tmp_path / "cut.npz", **{k: v for k, v in golden.items() if k != "noise_1"})
    for file, table, frames in (
        (DATA / "released_h36m_small.npz", tmp_path / "list.json", "27"),
        (DATA / "released_h36m_small.npz", keys, "9"),
        (tmp_path / "cut.npz", keys, "27"),
        (tmp_path / "missing.npz", keys, "27"),
    ):
        assert main([str(file), str(table), *options, frames]) == 2
        assert capsys.readouterr().err.count("\n") == 1
