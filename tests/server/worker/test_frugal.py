"""Memory that runs out: smaller parts, said once, and an end to it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import torch
from retake.server.worker import frugal
from retake.server.worker.frugal import MOST_HALVINGS, FrugalSampler, OutOfMemory, within_memory
from retake.shared.arrays import Floats32
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion

GIB = 2**30


def attempt_with(room: int, log: list[int | None]) -> Callable[[int | None], str]:
    """Succeeds with a limit of at most `room` bytes."""

    def attempt(limit: int | None) -> str:
        log.append(limit)
        if limit is None or limit > room:
            raise OutOfMemory
        return "takes"

    return attempt


def test_what_fits_is_not_limited() -> None:
    said: list[str] = []
    assert within_memory(lambda limit: limit, lambda: GIB, said.append) is None
    assert said == []


def test_the_limit_is_halved_until_it_fits_and_said_once() -> None:
    tried, said = list[int | None](), list[str]()
    takes = within_memory(attempt_with(GIB, tried), lambda: 6 * GIB, said.append)
    assert takes == "takes"
    assert tried == [None, 3 * GIB, 3 * GIB // 2, 3 * GIB // 4]
    assert len(said) == 1


def test_there_is_an_end_to_it() -> None:
    tried: list[int | None] = []
    with pytest.raises(OutOfMemory):
        within_memory(attempt_with(0, tried), lambda: GIB, lambda text: None)
    assert len(tried) == MOST_HALVINGS + 1


def test_other_errors_are_not_repeated() -> None:
    tried: list[int | None] = []

    def attempt(limit: int | None) -> None:
        tried.append(limit)
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        within_memory(attempt, lambda: GIB, lambda text: None)
    assert tried == [None]


class Network:
    """Stands for a model; remembers where it has been."""

    def __init__(self, device: str) -> None:
        self.been = [device]

    def to(self, device: str) -> None:
        self.been.append(device)


def test_a_gpu_without_room_hands_its_own_model_to_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Guides compute with parts of that model: another one on the processor would not fit them."""
    network, said = Network("cuda"), list[str]()

    def load(folder: Path, device: str) -> Network:
        return network

    def sample(model: Network, clip: object, *, seed: int, **more: object) -> str:
        if model.been[-1] == "cuda":
            raise torch.OutOfMemoryError
        return f"takes of {clip} with {seed}"

    monkeypatch.setattr(frugal, "load_model", load)
    monkeypatch.setattr(frugal, "sample_and_propose", sample)
    monkeypatch.setattr(frugal, "_free_on_device", lambda: GIB)
    sampler = FrugalSampler(Path("model"), "cuda")
    assert sampler("a clip", seed=3, on_notice=said.append) == "takes of a clip with 3"
    assert network.been == ["cuda", "cpu", "cuda"]
    assert [text.split(" ")[:2] for text in said] == [["continuing", "in"], ["continuing", "on"]]


def test_on_the_processor_what_is_free_is_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[Any] = []

    def load(folder: Path, device: str) -> str:
        return "model"

    def sample(model: str, *, memory_limit: int) -> Any:
        limits.append(memory_limit)
        return np.zeros((1, 2, 17, 3), np.float32)

    monkeypatch.setattr(frugal, "load_model", load)
    monkeypatch.setattr(frugal, "sample_and_propose", sample)
    FrugalSampler(Path("model"), "cpu")()
    assert 0 < limits[0] < frugal.psutil.virtual_memory().total


def test_a_processor_without_memory_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(folder: Path, device: str) -> None:
        return None

    def sample(model: None, text: str, **more: object) -> None:
        raise RuntimeError(text)

    monkeypatch.setattr(frugal, "load_model", load)
    monkeypatch.setattr(frugal, "sample_and_propose", sample)
    sampler = FrugalSampler(Path("model"), "cpu")
    with pytest.raises(MemoryError):
        sampler("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
    with pytest.raises(RuntimeError, match="a bug"):
        sampler("a bug")


def test_jobs_that_share_a_device_get_what_they_would_get_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A processor stands in for the GPU: the lanes and the calls in common are the real ones."""
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]
    model = Diffusion(ModelConfig(frames=9, width=16, depth=2, heads=2)).eval()
    monkeypatch.setattr(frugal, "load_model", Mock(return_value=model))
    sampler, calls = FrugalSampler(Path("model"), "cuda"), list[int]()
    monkeypatch.setattr(model, "predict", counted(model.predict, calls))
    clips = [np.random.default_rng(seed).uniform(100, 400, (30, 17, 2)) for seed in range(4)]
    wanted: dict[str, Any] = {"hypotheses": 3, "iterations": 3, "proposals": 1}

    def take(seed: int) -> Floats32:
        return sampler(clips[seed], 640, 480, seed=seed, urgent=seed % 2 == 0, **wanted)

    alone = [take(seed) for seed in range(4)]
    calls_alone = len(calls)
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(take, range(4)))
    np.testing.assert_allclose(together, alone, atol=1e-5)
    assert len(calls) - calls_alone < calls_alone  # some calls held windows of several jobs


def counted(predict: Callable[..., torch.Tensor], calls: list[int]) -> Callable[..., torch.Tensor]:
    def watched(points: torch.Tensor, *rest: torch.Tensor) -> torch.Tensor:
        calls.append(len(points))
        return predict(points, *rest)

    return watched
