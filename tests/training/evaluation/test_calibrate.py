"""A calibration fitted to validation windows: what it holds, where it is kept, what it refuses."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from retake.cli.__main__ import main
from retake.shared.choosing.calibration_error import radii_and_errors
from retake.shared.choosing.spread import Calibration, fit, fit_radii
from retake.shared.errors import RetakeError
from retake.shared.model.artifact import load_model, read_calibration, save_model
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.skeleton import HUMAN36M
from retake.training.data.motion_set import MotionSet
from retake.training.evaluation.calibrate import calibrate, write_calibration
from retake.training.evaluation.cases import tiled_cases, window_cases
from retake.training.evaluation.lifters import Sampling
from retake.training.export import about_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    model = Diffusion(ModelConfig(frames=9, width=8, depth=1, heads=2))
    save_model(tmp_path / "model", model, {"data": "none"})
    return tmp_path / "model"


def test_the_command_fits_writes_and_evaluate_reads(
    folder: Path, world_set: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    weights = (folder / "model.safetensors").read_bytes()
    model, data = str(folder), str(world_set)
    command = [
        "calibrate",
        model,
        data,
        "--windows=3",
        "--iterations=1",
        "--no-flip",
        "--device=cpu",
    ]
    assert main([*command, "--dry-run"]) == 0
    assert read_calibration(folder) == {}
    printed = capsys.readouterr().out
    assert main(command) == 0
    assert capsys.readouterr().out.startswith(printed)  # the same seed, the same figures
    assert (folder / "model.safetensors").read_bytes() == weights
    about = about_of(folder)
    assert about["data"] == "none"
    assert "3 windows (27 frames) of the validation split" in about["calibration"]
    assert Calibration.from_dict(read_calibration(folder)).factors[0] == 1  # the root is exact
    table = tmp_path / "table.json"
    wanted = ["--hypotheses=100", "--limit=1", "--no-flip", "--no-own-root", f"--json={table}"]
    assert main(["evaluate", model, data, *wanted, "--device=cpu"]) == 0
    average = json.loads(table.read_text())["tables"]["model"]["average"]
    assert average["ECE, calibrated"] != average["ECE"]
    assert {"coverage 50%, calibrated", "coverage 90%, calibrated"} < set(average)


def test_a_fit_is_better_on_what_it_was_fitted_to(folder: Path, world_set: Path):
    found = calibrate(load_model(folder), MotionSet.open(world_set), Sampling(100), 4)
    assert found.windows == 4
    assert found.frames == 36
    assert found.after["ECE"] < 0.5 * found.before["ECE"]
    assert set(found.after) == {"ECE", "coverage 50%", "coverage 90%"}


def test_radii_fit_as_samples_do():
    rng = np.random.default_rng(0)
    samples, truth = rng.normal(0, 0.01, (100, 200, 17, 3)), rng.normal(0, 0.05, (200, 17, 3))
    found = fit_radii(*radii_and_errors(samples, truth))
    assert found == fit(samples, truth)
    assert all(found.spread(np.full(17, 0.0173)) > 0.05)


def test_windows_are_of_the_set_and_none_comes_twice(human36m_set: Path, world_set: Path):
    data = MotionSet.open(human36m_set).split("test")
    laid = {
        case.pixels[i].tobytes() for case in tiled_cases(data, 9) for i in range(len(case.pixels))
    }
    drawn = [case.pixels.tobytes() for case in window_cases(data, 9, 20, 0)]
    assert len(set(drawn)) == 20
    assert set(drawn) <= laid
    assert drawn != [case.pixels.tobytes() for case in window_cases(data, 9, 20, 1)]
    assert len(list(window_cases(data, 9, 10**6, 0))) == len(laid)
    world = MotionSet.open(world_set).split("val")
    shapes = {case.positions.shape for case in window_cases(world, 200, 3, 0)}
    assert shapes == {(1, 200, 17, 3)}  # clips shorter than a window go on with their last frame


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--windows=0"], "at least 1"),
        (["--iterations=0"], "at least 1"),
        (["--hypotheses=99"], "expected at least 100"),
    ],
)
def test_wrong_numbers_are_refused(
    folder: Path, world_set: Path, change: list[str], words: str, capsys: pytest.CaptureFixture[str]
):
    assert main(["calibrate", str(folder), str(world_set), *change, "--device=cpu"]) == 1
    assert words in capsys.readouterr().err


def test_sets_that_do_not_do_are_refused(folder: Path, human36m_set: Path, mpi_set: Path):
    with pytest.raises(RetakeError, match="no validation split"):
        calibrate(load_model(folder), MotionSet.open(human36m_set), Sampling(100), 1)
    with pytest.raises(RetakeError, match="no validation split"):
        calibrate(load_model(folder), MotionSet.open(mpi_set), Sampling(100), 1)


def test_a_folder_that_cannot_be_written_keeps_its_model(folder: Path, tmp_path: Path):
    before = (folder / "config.json").read_bytes()
    with pytest.raises(RetakeError, match="cannot be written"):
        write_calibration(tmp_path / "none", Calibration(), "")
    (folder / "config.json").write_text("[]")
    with pytest.raises(RetakeError, match="cannot be written"):
        write_calibration(folder, Calibration(), "")
    assert (folder / "config.json").read_text() == "[]"
    (folder / "config.json").write_bytes(before)
    write_calibration(folder, Calibration((0.5,) * HUMAN36M.joint_count), "x")
    assert load_model(folder).config.frames == 9
