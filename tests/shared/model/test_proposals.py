"""The last hypotheses are proposed: the others are as without them, and all is told as one job."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from retake.shared.arrays import Floats, Floats32
from retake.shared.bones import decompose
from retake.shared.model import proposals as module
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.proposals import sample_and_propose
from retake.shared.model.windows import sample_clip
from retake.shared.skeleton import HUMAN36M
from torch import nn

SIDE = 1000


@pytest.fixture
def model(randomise: Callable[[nn.Module], None]) -> Diffusion:
    model = Diffusion(ModelConfig(frames=9, width=8, depth=1, heads=2))
    randomise(model)
    return model.eval()


def clip() -> Floats:
    return np.random.default_rng(0).uniform(400, 600, (30, 17, 2))


def run(model: Diffusion, sample: Callable[..., Floats32], **options: Any) -> Floats32:
    wanted: dict[str, Any] = {"hypotheses": 5, "iterations": 4, "seed": 3, "flip": False}
    return sample(model, clip(), SIDE, SIDE, **wanted | options)


def test_without_proposals_it_is_plain_sampling(model: Diffusion):
    np.testing.assert_array_equal(run(model, sample_and_propose), run(model, sample_clip))


def test_what_is_sampled_does_not_know_of_proposals(model: Diffusion):
    found = run(model, sample_and_propose, proposals=2)
    assert found.shape == (5, 30, 17, 3)
    np.testing.assert_array_equal(found[:3], run(model, sample_clip, hypotheses=3))
    assert np.abs(found[3:] - found[0]).max() > 1e-3


def test_the_network_starts_from_the_mirrored_limbs(
    model: Diffusion, monkeypatch: pytest.MonkeyPatch
):
    seen: dict[str, Any] = {}

    def watched(*args: Any, start: Any = None, **options: Any) -> Floats32:
        if start is not None:
            seen.update(start=start, **options)
        return sample_clip(*args, start=start, **options)

    monkeypatch.setattr(module, "sample_clip", watched)
    found = run(model, sample_and_propose, proposals=2, start=None)  # as a lift calls it
    proposed = seen["start"].positions.numpy()
    np.testing.assert_allclose(proposed[..., :2], np.stack([found[0, ..., :2]] * 2), atol=1e-5)
    lengths = decompose(np.concatenate([found[:1], proposed]).astype(np.float64), HUMAN36M)[0]
    np.testing.assert_allclose(lengths[1:], lengths[[0, 0]], atol=1e-5)
    assert seen["iterations"] == module.LEAST_ITERATIONS  # a quarter of four is less


def test_progress_is_that_of_one_job(model: Diffusion):
    steps: list[tuple[int, int]] = []
    layers: list[float] = []

    def on_step(done: int, total: int) -> None:
        steps.append((done, total))

    run(
        model,
        sample_and_propose,
        proposals=2,
        on_step=on_step,
        on_layer=layers.append,
    )
    assert steps == sorted(steps)
    assert steps[-1] == (4, 4)
    assert sum(step == (4, 4) for step in steps) == 1
    assert layers == sorted(layers)
    assert (layers[0], layers[-1]) == (0, 1)


def test_only_what_is_sampled_is_guided_and_kept(model: Diffusion):
    guided: list[int] = []
    kept: list[tuple[int, ...]] = []

    class Guide:
        reach = 0

        def __call__(self, positions: torch.Tensor, first_frame: int, t: int) -> torch.Tensor:
            guided.append(positions.shape[0])
            return positions

    class Recall:
        def get(self, t: int, start: int) -> None:
            return None

        def put(self, t: int, start: int, clean: Floats32) -> None:
            kept.append(clean.shape)

    frames: list[int] = []

    def on_frames(first: int, poses: Floats32) -> None:
        frames.append(len(poses))

    run(
        model,
        sample_and_propose,
        proposals=2,
        guides=[Guide()],
        recall=Recall(),
        on_frames=on_frames,
    )
    assert set(guided) == {3}
    assert {shape[0] for shape in kept} == {3}
    assert set(frames) == {3}


@pytest.mark.parametrize("proposals", [-1, 5, 9])
def test_one_hypothesis_at_least_is_sampled(model: Diffusion, proposals: int):
    with pytest.raises(ValueError, match="cannot be proposed"):
        run(model, sample_and_propose, proposals=proposals)
