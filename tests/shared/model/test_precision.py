"""bfloat16 is taken where it is faster and exact enough, and nowhere else."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
import torch
from retake.shared.errors import RetakeError
from retake.shared.model import precision
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.precision import choose_dtype, relative_error
from retake.shared.model.windows import sample_clip


@pytest.fixture
def model() -> Diffusion:
    torch.manual_seed(0)
    return Diffusion(ModelConfig(frames=9, width=32, depth=2, heads=4)).eval()


def equip(monkeypatch: pytest.MonkeyPatch, units: bool) -> None:
    """A machine with or without matrix units for bfloat16."""

    def has_units(device: torch.device) -> bool:
        return units

    monkeypatch.setattr(precision, "has_bfloat16_units", has_units)


def give(monkeypatch: pytest.MonkeyPatch, units: bool, seconds: dict[torch.dtype, float]) -> None:
    """Such a machine, and a clock that tells how long a trial took."""
    equip(monkeypatch, units)
    exact = precision.trial

    def timed(model: Diffusion, dtype: torch.dtype) -> tuple[torch.Tensor, float]:
        return exact(model, dtype)[0], seconds[dtype]

    monkeypatch.setattr(precision, "trial", timed)


FASTER = {torch.float32: 2.0, torch.bfloat16: 1.0}
SLOWER = {torch.float32: 1.0, torch.bfloat16: 2.0}


def test_it_is_taken_where_it_is_faster_and_exact(
    monkeypatch: pytest.MonkeyPatch, model: Diffusion
):
    give(monkeypatch, True, FASTER)
    assert choose_dtype(model, "auto") == torch.bfloat16


@pytest.mark.parametrize(("units", "seconds"), [(False, FASTER), (True, SLOWER)])
def test_it_is_not_taken_where_it_is_slower(
    monkeypatch: pytest.MonkeyPatch,
    model: Diffusion,
    units: bool,
    seconds: dict[torch.dtype, float],
):
    give(monkeypatch, units, seconds)
    assert choose_dtype(model, "auto") == torch.float32


def test_it_is_not_taken_where_it_errs(monkeypatch: pytest.MonkeyPatch, model: Diffusion):
    give(monkeypatch, True, FASTER)
    monkeypatch.setattr(precision, "MOST_ERROR", 1e-5)
    assert choose_dtype(model, "auto") == torch.float32


def test_a_model_is_tried_once(monkeypatch: pytest.MonkeyPatch, model: Diffusion):
    equip(monkeypatch, True)
    calls = count()

    def count_calls(_: Diffusion) -> bool:
        next(calls)
        return True

    monkeypatch.setattr(precision, "pays", count_calls)
    for _ in range(3):
        choose_dtype(model, "auto")
    assert next(calls) == 1


def test_what_is_asked_for_is_taken(model: Diffusion):
    assert choose_dtype(model, "float32") == torch.float32
    assert choose_dtype(model, "bfloat16") == torch.bfloat16
    with pytest.raises(RetakeError, match="'half'; expected one of auto, float32, bfloat16"):
        choose_dtype(model, "half")  # pyright: ignore[reportArgumentType]


def test_the_trial_runs_on_this_machine(model: Diffusion):
    exact, seconds = precision.trial(model, torch.float32)
    again, _ = precision.trial(model, torch.float32)
    rough, _ = precision.trial(model, torch.bfloat16)
    assert 0 < seconds < float("inf")
    assert relative_error(again, exact) == 0
    assert 0 < relative_error(rough, exact) < precision.MOST_ERROR


def test_bfloat16_poses_are_close_and_not_the_same(model: Diffusion):
    pixels = np.random.default_rng(0).uniform(100, 400, (12, 17, 2))

    def lift(precision: precision.Precision) -> torch.Tensor:
        poses = sample_clip(
            model, pixels, 640, 480, hypotheses=2, iterations=1, seed=0, precision=precision
        )
        return torch.from_numpy(poses)

    exact, rough = lift("float32"), lift("bfloat16")
    assert 0 < relative_error(rough, exact) < precision.MOST_ERROR
