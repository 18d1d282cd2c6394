"""Whole small runs: they learn, survive every way to stop, and leave a model to load."""

import errno
import json
import multiprocessing
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import debug_launcher
from accelerate.state import AcceleratorState
from retake.shared.choosing.spread import Calibration
from retake.shared.errors import RetakeError
from retake.shared.model.artifact import load_model, read_calibration
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.training.checkpoint import Log, read_state
from retake.training.config import TrainConfig
from retake.training.data.motion_set import MotionSet
from retake.training.evaluation.calibrate import write_calibration
from retake.training.evaluation.evaluate import AVERAGE, Plan, evaluate
from retake.training.evaluation.lifters import Sampling
from retake.training.export import about_of, export
from retake.training.session import learning_rate
from retake.training.train import train
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

CONFIG = TrainConfig(
    model=ModelConfig(frames=5, width=16, depth=2, heads=2, drop_path=0.3, keypoint_frame="person"),
    steps=60,
    batch=8,
    learning_rate=3e-3,
    warm_up=5,
    save_every=20,
    evaluate_every=30,
)
SHORT = replace(CONFIG, steps=4, save_every=2, evaluate_every=4)

pytestmark = pytest.mark.timeout(240)  # whole runs, also on a machine with other work
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork, which Windows lacks")


def logged(run: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in ("seconds", "waiting")} for row in rows]


def assert_same_model(one: Path, two: Path, tolerance: float = 0.0) -> None:
    first, second = (load_model(run / "model").denoiser.state_dict() for run in (one, two))
    for name, value in first.items():
        torch.testing.assert_close(value, second[name], rtol=0, atol=tolerance)


def in_child(work: Callable[[], None]) -> BaseProcess:
    def alone() -> None:
        tqdm.set_lock(threading.RLock())  # the usual one is shared: it would die locked with us
        work()

    child = multiprocessing.get_context("fork").Process(target=alone)
    child.start()
    return child


@pytest.fixture(scope="module")
def whole(world_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing disturbed."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    train(CONFIG, world_set, run, cpu=True)
    return run


def test_a_run_learns_and_leaves_a_model(world_set: Path, whole: Path):
    data, plan = MotionSet.open(world_set), Plan(Sampling(), own_root=False)
    untrained = evaluate(Diffusion(CONFIG.model).eval(), data, plan)
    trained = evaluate(load_model(whole / "model"), data, plan)
    name = "MPJPE P-Agg"
    assert trained["model"][AVERAGE][name] < 0.5 * untrained["model"][AVERAGE][name]
    assert trained["constant depth"] == untrained["constant depth"]
    assert [row["step"] for row in logged(whole)] == [30, 50, 60]


@needs_fork
def test_a_killed_run_goes_on_as_if_it_had_not_been(world_set: Path, whole: Path, tmp_path: Path):
    run = tmp_path / "run"
    child = in_child(lambda: train(CONFIG, world_set, run, cpu=True))
    deadline = time.monotonic() + 120
    while not (run / "training_state.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    stopped = read_state(run)
    assert stopped is not None
    assert stopped["step"] < 60
    time.sleep(1.1)  # TensorBoard sorts what it reads by the second in which each part began
    train(CONFIG, world_set, run, cpu=True)
    assert logged(run) == logged(whole)
    assert_same_model(run, whole)
    curves = [
        EventAccumulator(str(r / "tensorboard")).Reload().Scalars("position") for r in (run, whole)
    ]
    assert [(e.step, e.value) for e in curves[0]] == [(e.step, e.value) for e in curves[1]]


def test_steps_that_were_lost_are_not_logged_twice(tmp_path: Path):
    with Log(tmp_path, 0) as log:
        for step in (10, 20, 30):
            log.write({"step": step, "position": step / 10})
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 40, "posit')  # killed while it wrote
    time.sleep(1.1)
    with Log(tmp_path, 20) as log:
        log.write({"step": 30, "position": 7.0})
        log.write({"step": 40})
    assert [(r["step"], r["position"]) for r in logged(tmp_path)] == [(10, 1), (20, 2), (30, 7)]
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload().Scalars("position")
    assert [(e.step, e.value) for e in events] == [(10, 1), (20, 2), (30, 7)]


def test_a_disk_that_fills_up_under_the_log_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    close = SummaryWriter.close

    def full(board: SummaryWriter) -> None:
        close(board)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(SummaryWriter, "close", full)
    with pytest.raises(RetakeError, match="No space left on device"), Log(tmp_path, 0):
        pass
    with pytest.raises(RetakeError, match="the first error"), Log(tmp_path, 0):
        raise RetakeError("the first error")
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "tensorboard").touch()
    with pytest.raises(RetakeError, match="cannot be written"):
        Log(tmp_path / "new", 0)


@needs_fork
def test_two_processes_are_two_accumulated_passes(world_set: Path, tmp_path: Path):
    arguments = (SHORT, world_set, tmp_path / "two")
    debug_launcher(_train_on_cpu, args=arguments, num_processes=2)
    train(replace(SHORT, accumulate=2), world_set, tmp_path / "one", cpu=True)
    assert_same_model(tmp_path / "one", tmp_path / "two", tolerance=1e-5)
    state = read_state(tmp_path / "two")
    assert state is not None
    assert state["processes"] == 2
    with pytest.raises(RetakeError, match="another number of processes"):
        train(SHORT, world_set, tmp_path / "two", cpu=True)


def _train_on_cpu(config: TrainConfig, data: Path, run: Path) -> None:
    train(config, data, run, cpu=True)


@needs_fork
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS keeps no limit on a file's size")
def test_a_full_disk_is_one_sentence_and_the_last_state_stays(world_set: Path, tmp_path: Path):
    import resource

    run = tmp_path / "run"
    train(replace(SHORT, steps=2), world_set, run, cpu=True)
    state = read_state(run)
    assert state is not None
    state["config"] = SHORT.fingerprint()
    torch.save(state, run / "training_state.pt")
    before = (run / "training_state.pt").read_bytes()

    def with_little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        try:
            train(SHORT, world_set, run, cpu=True)
        except RetakeError as error:
            (tmp_path / "message").write_text(str(error))

    child = in_child(with_little_room)
    child.join()
    message = (tmp_path / "message").read_text()
    assert "cannot be written" in message
    assert "the checkpoint of step 2 is kept" in message
    assert (run / "training_state.pt").read_bytes() == before
    assert list(run.glob("*.part")) == []
    train(SHORT, world_set, run, cpu=True)
    last = read_state(run)
    assert last is not None
    assert last["step"] == 4


def test_a_loss_that_is_no_number_ends_the_run(world_set: Path, tmp_path: Path):
    wild = replace(CONFIG, learning_rate=1e20, warm_up=0, save_every=1, clip_gradient=0.0)
    with pytest.raises(RetakeError, match=r"not a number at step \d+\. The checkpoint of step"):
        train(wild, world_set, tmp_path, cpu=True)
    state = read_state(tmp_path)
    assert state is not None
    assert state["step"] >= 1


def test_another_configuration_is_refused(world_set: Path, whole: Path):
    with pytest.raises(RetakeError, match="another configuration"):
        train(replace(CONFIG, batch=4), world_set, whole, cpu=True)


def test_a_damaged_state_is_one_sentence(world_set: Path, tmp_path: Path):
    for damage in (b"", b"garbage", b"PK\x03\x04 half a zip"):
        (tmp_path / "training_state.pt").write_bytes(damage)
        with pytest.raises(RetakeError, match="is damaged"):
            train(SHORT, world_set, tmp_path, cpu=True)


def test_a_run_can_begin_with_another_models_weights(world_set: Path, whole: Path, tmp_path: Path):
    frozen = replace(SHORT, learning_rate=1e-12, weight_decay=0.0)
    train(frozen, world_set, tmp_path / "run", cpu=True, warm_start=whole / "model")
    assert_same_model(tmp_path / "run", whole, tolerance=1e-6)
    other = replace(SHORT, model=replace(SHORT.model, depth=1))
    with pytest.raises(RetakeError, match="may only be deeper"):
        train(other, world_set, tmp_path / "other", cpu=True, warm_start=whole / "model")


def test_epochs_decay_the_rate_and_end_the_run(human36m_set: Path, tmp_path: Path):
    model = replace(CONFIG.model, frames=27, keypoint_frame="screen")
    config = replace(CONFIG, model=model, steps=0, epochs=2, batch=160, loss="released")
    config = replace(config, warm_up=0, cool_down=0.0, epoch_decay=0.5)
    train(config, human36m_set, tmp_path, cpu=True)
    state = read_state(tmp_path)
    assert state is not None
    steps = state["step"]
    assert steps % 2 == 0
    rates = [learning_rate(config, step, steps, steps // 2) for step in range(steps)]
    assert rates == [3e-3] * (steps // 2) + [1.5e-3] * (steps // 2)
    assert state["optimizer"]["param_groups"][0]["lr"] == 1.5e-3


def test_half_precision_trains_float32_weights(world_set: Path, tmp_path: Path):
    for precision in ("bfloat16", "float32"):
        config = replace(SHORT, precision=precision, batch=2, steps=2)
        train(config, world_set, tmp_path / precision, cpu=True)
        AcceleratorState._reset_state()  # pyright: ignore[reportPrivateUsage]
    low, full = (load_model(tmp_path / p / "model").denoiser for p in ("bfloat16", "float32"))
    assert {value.dtype for value in low.state_dict().values()} == {torch.float32}
    assert not low.embed.weight.equal(full.embed.weight)
    assert_same_model(tmp_path / "bfloat16", tmp_path / "float32", tolerance=0.02)


def test_motion_without_end_has_no_epochs(world_set: Path, tmp_path: Path):
    with pytest.raises(RetakeError, match="must say steps, not epochs"):
        train(replace(CONFIG, steps=0, epochs=1), world_set, tmp_path, cpu=True)


def test_a_file_cannot_be_the_folder_of_a_run(world_set: Path, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(RetakeError, match="cannot be the run's folder"):
        train(CONFIG, world_set, tmp_path / "file", cpu=True)


def test_a_run_is_exported_with_a_card(whole: Path, tmp_path: Path):
    export(whole, tmp_path / "mine")
    one, two = load_model(whole / "model"), load_model(tmp_path / "mine")
    for name, value in one.denoiser.state_dict().items():
        assert value.equal(two.denoiser.state_dict()[name])
    assert read_calibration(tmp_path / "mine") == {}
    card = (tmp_path / "mine" / "MODEL_CARD.md").read_text()
    assert "60 training steps" in card
    assert "To be filled in" in card
    with pytest.raises(RetakeError, match="no checkpoint"):
        export(tmp_path, tmp_path / "other")


def test_an_export_keeps_the_calibration_of_the_same_weights(whole: Path, tmp_path: Path):
    run = tmp_path / "run"
    shutil.copytree(whole, run)
    calibration = Calibration(factors=(2.0,) * 17)
    write_calibration(run / "model", calibration, "two windows")
    export(run, tmp_path / "same")
    assert read_calibration(tmp_path / "same") == calibration.to_dict()
    assert about_of(tmp_path / "same")["calibration"] == "two windows"
    state = read_state(run)
    assert state is not None
    torch.save({**state, "step": 61}, run / "training_state.pt")
    export(run, tmp_path / "other")
    assert read_calibration(tmp_path / "other") == {}
    assert "calibration" not in about_of(tmp_path / "other")
