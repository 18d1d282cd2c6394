"""The `released` variant against recorded outputs of the authors' code."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from retake.shared.errors import RetakeError
from retake.shared.model.config import ModelConfig
from retake.shared.model.golden import build_golden, differences, golden_weights, main
from retake.shared.model.released import load_released

DATA = Path(__file__).parents[2] / "data"
SHAPES = json.loads((DATA / "released_h36m_small_keys.json").read_text())
CONFIG = ModelConfig(variant="released", frames=27, width=64, depth=3, heads=8)
SEED = 11


def test_denoiser_and_sampler_agree_with_the_released_code():
    with np.load(DATA / "released_h36m_small.npz") as golden:
        found = differences(build_golden(CONFIG, SHAPES, SEED), dict(golden))
    assert set(found) == {"den_out", "samples"}
    assert max(found.values()) < 1e-4


def test_the_comparison_notices_other_weights():
    with np.load(DATA / "released_h36m_small.npz") as golden:
        found = differences(build_golden(CONFIG, SHAPES, SEED + 1), dict(golden))
    assert min(found.values()) > 1e-2


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
