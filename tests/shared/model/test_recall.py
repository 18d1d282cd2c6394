"""What the network has said once is not computed again, and changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from retake.shared.arrays import Floats, Floats32
from retake.shared.model import windows
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.sampler import Start
from retake.shared.model.windows import sample_clip


class Memory:
    """Remembers, and stops the work when it knows `most` windows."""

    def __init__(self, most: int = 10**6) -> None:
        self.known: dict[tuple[int, int], Floats32] = {}
        self.most = most
        self.found = 0

    def get(self, t: int, start: int) -> Floats32 | None:
        clean = self.known.get((t, start))
        self.found += clean is not None
        return None if clean is None else clean.copy()

    def put(self, t: int, start: int, clean: Floats32) -> None:
        assert (t, start) not in self.known
        self.known[t, start] = clean.copy()
        if len(self.known) == self.most:
            raise KeyboardInterrupt


@pytest.fixture(scope="module")
def model() -> Diffusion:
    torch.manual_seed(0)
    return Diffusion(ModelConfig(frames=9, width=16, depth=2, heads=2)).eval()


def pixels(frames: int) -> Floats:
    return np.random.default_rng(0).uniform(100, 400, (frames, 17, 2))


def lift(model: Diffusion, memory: Memory | None, **more: Any) -> Floats32:
    wanted: dict[str, Any] = {"hypotheses": 2, "iterations": 3, "seed": 5} | more
    return sample_clip(model, pixels(60), 640, 480, recall=memory, **wanted)


@pytest.mark.parametrize("most", [1, 7, 20])
@pytest.mark.parametrize("flip", [True, False])
def test_a_lift_goes_on_from_where_it_was_stopped(
    model: Diffusion, most: int, flip: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def twelve(*_: object) -> int:
        return 12

    monkeypatch.setattr(windows, "passes_per_batch", twelve)
    start = Start(torch.zeros(2, 60, 17, 3), 500)
    expected = lift(model, None, flip=flip, start=start)
    memory = Memory(most)
    with pytest.raises(KeyboardInterrupt):
        lift(model, memory, flip=flip, start=start)
    memory.most = 10**6
    steps: list[int] = []

    def on_step(done: int, total: int) -> None:
        steps.append(done)

    found = lift(model, memory, flip=flip, start=start, on_step=on_step)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert memory.found == most
    assert steps == [1, 2, 3]


def test_what_is_known_needs_no_network(model: Diffusion, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    expected = lift(model, memory)
    monkeypatch.setattr(model, "predict", None)
    np.testing.assert_array_equal(lift(model, memory), expected)
