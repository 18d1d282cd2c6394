"""Windows of several jobs in one call: the same numbers, fewer calls, the urgent first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from retake.shared.arrays import Floats, Floats32
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.together import Together
from retake.shared.model.windows import sample_clip
from torch import Tensor

WAIT_S = 20


class Watched(Diffusion):
    """Notes the size of every call; while `gate` is closed, calls wait inside."""

    def __init__(self) -> None:
        super().__init__(ModelConfig(frames=9, width=16, depth=2, heads=2))
        self.calls: list[int] = []
        self.first: list[float] = []
        self.most_at_once = self._inside = 0
        self.gate = threading.Event()
        self.begun = threading.Event()
        self.gate.set()

    def predict(self, keypoints: Tensor, noisy: Tensor, t: Tensor) -> Tensor:
        self._inside += 1
        self.most_at_once = max(self.most_at_once, self._inside)
        self.calls.append(len(noisy))
        self.first.append(float(noisy[0, 0, 0, 0]))
        self.begun.set()
        assert self.gate.wait(WAIT_S)
        try:
            return super().predict(keypoints, noisy, t)
        finally:
            self._inside -= 1


@pytest.fixture
def model() -> Watched:
    torch.manual_seed(0)
    return Watched().eval()


def run_all(*works: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
        assert not thread.is_alive()


def clip(seed: int) -> Floats:
    return np.random.default_rng(seed).uniform(100, 400, (20 + seed, 17, 2))


def lift(model: Diffusion, seed: int, **more: Any) -> Floats32:
    wanted: dict[str, Any] = {"hypotheses": 1 + seed % 3, "iterations": 2 + seed % 2}
    return sample_clip(model, clip(seed), 640, 480, seed=seed, **wanted, **more)


def test_company_changes_a_lift_by_rounding_only(model: Watched) -> None:
    alone = [lift(model, seed) for seed in range(6)]
    alone_calls, model.calls = len(model.calls), []
    together, found = Together(model), dict[int, Floats32]()

    def work(seed: int) -> None:
        predict = partial(together.predict, urgent=seed % 2 == 0)
        found[seed] = lift(model, seed, predict=predict)

    run_all(*(partial(work, seed) for seed in range(6)))
    for seed, expected in enumerate(alone):
        np.testing.assert_allclose(found[seed], expected, atol=1e-5)
    assert model.most_at_once == 1
    assert len(model.calls) < alone_calls


def order(together: Together, mark: float, passes: int, log: list[float], urgent: bool) -> None:
    """An order whose first number is `mark`; logs it when it is done."""
    noisy = torch.full((passes, 9, 17, together.width), mark)
    points, steps = torch.zeros(passes, 9, 17, 2), torch.zeros(passes, dtype=torch.long)
    with torch.no_grad():
        clean = together.predict(points, noisy, steps, most=8, urgent=urgent)
    assert len(clean) == passes
    log.append(mark)


def test_the_urgent_go_first_and_the_others_fill_up(model: Watched) -> None:
    together, log = Together(model), list[float]()
    model.gate.clear()
    first = threading.Thread(target=order, args=(together, 1.0, 8, log), kwargs={"urgent": False})
    first.start()
    assert model.begun.wait(WAIT_S)
    works = [
        partial(order, together, 2.0, 5, log, urgent=False),
        partial(order, together, 3.0, 3, log, urgent=False),
        partial(order, together, 4.0, 5, log, urgent=True),
    ]
    threads = [threading.Thread(target=work) for work in works]
    for count, thread in enumerate(threads, start=2):
        thread.start()
        while together.waiting < count:
            first.join(0.001)
    model.gate.set()
    for thread in (first, *threads):
        thread.join(WAIT_S)
    assert model.calls == [8, 8, 5]  # the urgent 5 with the 3 that fit, then the other 5
    assert model.first == [1.0, 4.0, 2.0]
    assert sorted(log) == [1.0, 2.0, 3.0, 4.0]


def test_who_fails_inside_does_not_take_the_others_along(model: Watched) -> None:
    """As a job does that is cancelled while it computes for others too."""
    alone = lift(model, 1)
    together, found, failed = Together(model), list[Floats32](), list[int]()

    def stop(share: float) -> None:
        if share > 0.2:
            raise KeyboardInterrupt

    def work() -> None:
        found.append(lift(model, 1, predict=together.predict))

    def cancelled() -> None:
        with pytest.raises(KeyboardInterrupt):
            lift(model, 2, predict=together.predict, on_layer=stop)
        failed.append(1)

    run_all(work, cancelled, work, cancelled)
    assert failed == [1, 1]
    for poses in found:
        np.testing.assert_allclose(poses, alone, atol=1e-5)
    assert together.waiting == 0
