"""A whole small run: it learns, resumes exactly, refuses
another configuration, leaves a model to load.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import retake.training.train as training
import torch
from retake.shared.errors import RetakeError
from retake.shared.model.artifact import load_model
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.training.config import TrainConfig
from retake.training.evaluate import evaluate
from retake.training.mocap import MocapSet

train = training.train

CONFIG = TrainConfig(
    model=ModelConfig(frames=5, width=16, depth=2, heads=2, drop_path=0.3, keypoint_frame="person"),
    steps=60,
    batch=8,
    learning_rate=3e-3,
    warm_up=5,
    save_every=20,
    evaluate_every=60,
)


def logged(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]


def test_a_run_learns_and_leaves_a_model(data: Path, tmp_path: Path):
    train(CONFIG, data, tmp_path, "cpu")
    test, train_set = (MocapSet.load(data / f"cmu17_{part}.npz") for part in ("test", "train"))
    untrained = evaluate(Diffusion(CONFIG.model).eval(), test, train_set)
    trained = evaluate(load_model(tmp_path / "model"), test, train_set)
    assert trained["model"]["mpjpe"] < 0.5 * untrained["model"]["mpjpe"]
    assert trained["constant depth"] == untrained["constant depth"]
    assert [row["step"] for row in logged(tmp_path)] == [50, 60]


def test_a_stopped_run_goes_on_as_if_it_had_not_stopped(data: Path, tmp_path: Path):
    train(CONFIG, data, tmp_path / "whole", "cpu")

    original = training.save

    def save_and_stop(*args: Any) -> None:
        original(*args)
        if args[-1] == 40:
            raise InterruptedError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "save", save_and_stop)
        with pytest.raises(InterruptedError):
            train(CONFIG, data, tmp_path / "parts", "cpu")
    train(CONFIG, data, tmp_path / "parts", "cpu")
    one, two = (load_model(tmp_path / name / "model") for name in ("whole", "parts"))
    for name, value in one.denoiser.state_dict().items():
        assert torch.equal(value, two.denoiser.state_dict()[name])


def test_another_configuration_is_refused(data: Path, tmp_path: Path):
    train(replace(CONFIG, steps=20), data, tmp_path, "cpu")
    with pytest.raises(RetakeError, match="another configuration"):
        train(replace(CONFIG, steps=20, batch=4), data, tmp_path, "cpu")


def test_the_shipped_configuration_loads():
    configs = Path(__file__).parents[2] / "training" / "configs"
    for path in configs.glob("*.toml"):
        config = TrainConfig.load(path)
        assert config.model.variant == "paper"
        assert {"data", "licence", "credit"} <= set(config.about)


@pytest.mark.parametrize(
    "text", ["[model]\nwidth = 'x'\n[train]\n", "[train]\n", "no toml", "[model]\n"]
)
def test_a_wrong_configuration_file_is_refused(tmp_path: Path, text: str):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(RetakeError):
        TrainConfig.load(tmp_path / "c.toml")


def test_a_device_that_is_not_there_is_one_sentence(data: Path, tmp_path: Path):
    with pytest.raises(RetakeError, match="'nonsense' cannot be used"):
        train(CONFIG, data, tmp_path, "nonsense")


def test_a_file_cannot_be_the_folder_of_a_run(data: Path, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RetakeError, match="cannot be the run's folder"):
        train(CONFIG, data, tmp_path / "file", "cpu")
