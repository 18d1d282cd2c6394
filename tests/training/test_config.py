"""Configuration files: those that are shipped, inheritance, changes, mistakes."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from retake.shared.errors import RetakeError
from retake.training.config import TrainConfig
from retake.training.evaluation.paper import ABLATIONS

CONFIGS = Path(__file__).parents[2] / "training" / "configs"


def differences(name: str) -> dict[str, Any]:
    """Field -> value where a configuration departs from the paper's on Human3.6M."""
    found, paper = (asdict(TrainConfig.load(CONFIGS / f"{n}.toml")) for n in (name, "paper-h36m"))
    flat = {k: v for k, v in found.items() if k not in ("model", "about") and v != paper[k]}
    model = {k: v for k, v in found["model"].items() if v != paper["model"][k]}
    return flat | model


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.toml")), ids=lambda p: p.stem)
def test_every_shipped_configuration_loads(path: Path):
    assert {"data", "licence", "credit"} <= set(TrainConfig.load(path).about)


def test_the_papers_configuration_is_the_papers():
    config = TrainConfig.load(CONFIGS / "paper-h36m.toml")
    assert (config.epochs, config.batch, config.learning_rate) == (400, 4, 1e-4)
    assert (config.epoch_decay, config.loss, config.model.frames) == (0.993, "paper", 243)
    assert (config.model.depth, config.model.timesteps) == (8, 1000)


def test_rows_of_the_ablations_differ_in_what_they_say():
    assert differences("table4-1") == {"input": "positions"}
    assert differences("table4-2") == {"input": "positions", "output": "bones"}
    assert differences("table4-4") == {"output": "bones"}
    no_hrtt = {"hrtt": False}
    assert differences("table5-1") == {"hierarchical_embedding": False, "hrst": False, **no_hrtt}
    assert differences("table5-2") == {"hrst": False, **no_hrtt}
    assert differences("table5-3") == no_hrtt
    assert differences("table6-1") == {"length_weight": 0.0, "direction_weight": 0.0}
    assert differences("paper-3dhp") == {"skeleton": "mpi-inf-3dhp-17"}
    assert {path.stem for path in CONFIGS.glob("*.toml")} >= set(ABLATIONS)
    for name in ABLATIONS:  # by which `evaluate --paper` finds the row
        about = TrainConfig.load(CONFIGS / f"{name}.toml").about
        assert about["configuration"] == name
        assert name.split("-")[0].replace("table", "Table ") in ABLATIONS[name].source


def test_changes_win_over_the_file(tmp_path: Path):
    config = TrainConfig.load(
        CONFIGS / "table6-1.toml", ("model.width=64", "train.loss='squared'", "about.data='mine'")
    )
    assert (config.model.width, config.loss, config.about["data"]) == (64, "squared", "mine")
    assert config.length_weight == 0
    with pytest.raises(RetakeError, match="heigth"):
        TrainConfig.load(CONFIGS / "table6-1.toml", ("model.heigth=64",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[model]\nwidth = 'x'\n[train]\n", "width"),
        ("[train]\n", "model"),
        ("no toml", "not a training configuration"),
        ("[model]\n", "train"),
        ("extends = 'other.toml'\n", "no file"),
        ("[model]\n[train]\nbatch = 1\nlearning_rate = 1\n", "either steps or epochs"),
        ("[model]\n[train]\nsteps=1\nepochs=1\nbatch = 1\nlearning_rate = 1\n", "either"),
        ("[model]\n[train]\nsteps=1\nbatch = 0\nlearning_rate = 1\n", "batch is 0"),
        ("[model]\n[train]\nsteps=1\nbatch=1\nlearning_rate=1\nloss='l3'\n", "loss is 'l3'"),
        ("[model]\n[train]\nsteps=1\nbatch=1\nlearning_rate=1\nhide_keypoints=true\n", "mask"),
        ("[other]\n[model]\n[train]\nsteps=1\nbatch=1\nlearning_rate=1\n", "other"),
    ],
)
def test_a_wrong_configuration_file_is_refused(tmp_path: Path, text: str, message: str):
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(RetakeError, match=message):
        TrainConfig.load(tmp_path / "c.toml")
