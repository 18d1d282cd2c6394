"""Two processes as a user starts them: Accelerate's own program, as docs/training.md has it."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from retake.shared.model.artifact import load_model
from retake.training.checkpoint import read_state
from retake.training.config import TrainConfig
from retake.training.train import train

CONFIG = Path(__file__).parents[2] / "training" / "configs" / "first-light.toml"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_accelerate_launch_starts_two_processes(world_set: Path, tmp_path: Path):
    # Without --multi_gpu Accelerate starts one process on a CPU.
    changes = ["model.frames=9", "model.width=8", "model.depth=1", "model.heads=2"]
    changes += ["train.steps=2", "train.batch=2"]
    subprocess.run(
        [
            *(sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"),
            *("--num_processes", "2", "-m", "retake.cli", "train"),
            CONFIG,
            *("--data", world_set, "--run", tmp_path / "two", "--device", "cpu"),
            *(f"--set={change}" for change in changes),
        ],
        check=True,
    )
    config = TrainConfig.load(CONFIG, tuple(changes))
    train(replace(config, accumulate=2), world_set, tmp_path / "one", cpu=True)
    one, two = (load_model(tmp_path / name / "model").denoiser for name in ("one", "two"))
    torch.testing.assert_close(two.state_dict(), one.state_dict(), rtol=0, atol=1e-5)
    state = read_state(tmp_path / "two")
    assert state is not None
    assert state["processes"] == 2
