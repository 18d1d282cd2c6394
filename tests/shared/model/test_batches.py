"""What `sample_clip` tells while it works, and that it can be stopped at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from retake.shared.arrays import Floats, Floats32
from retake.shared.camera import normalise_screen
from retake.shared.errors import RetakeError
from retake.shared.model import windows
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.noise import frame_noise
from retake.shared.model.windows import sample_clip


@pytest.fixture(scope="module")
def model() -> Diffusion:
    torch.manual_seed(0)
    return Diffusion(ModelConfig(frames=9, width=16, depth=2, heads=2)).eval()


def pixels(frames: int) -> Floats:
    return np.random.default_rng(0).uniform(100, 400, (frames, 17, 2))


def lift(model: Diffusion, clip: Floats, **options: Any) -> Floats32:
    request: dict[str, Any] = {"hypotheses": 2, "iterations": 2, "seed": 5} | options
    return sample_clip(model, clip, 640, 480, **request)


@pytest.mark.parametrize("frames", [4, 9, 50])
def test_finished_frames_come_in_order_and_are_the_result(model: Diffusion, frames: int):
    came: list[Floats32] = []

    def on_frames(first: int, positions: Floats32) -> None:
        assert first == sum(block.shape[1] for block in came)
        came.append(positions.copy())

    result = lift(model, pixels(frames), on_frames=on_frames)
    np.testing.assert_array_equal(np.concatenate(came, axis=1), result)


def test_the_first_frames_come_long_before_the_last(
    model: Diffusion, monkeypatch: pytest.MonkeyPatch
):
    def eight(*_: object) -> int:
        return 8

    def on_frames(*_: object) -> None:
        at.append(shares[-1])

    monkeypatch.setattr(windows, "passes_per_batch", eight)
    shares: list[float] = [0]
    at: list[float] = []
    lift(model, pixels(400), on_layer=shares.append, on_frames=on_frames)
    assert at[0] < 0.05
    assert at[-1] > 0.95


def test_steps_are_counted_once_each_however_long_the_clip(model: Diffusion):
    steps: list[tuple[int, int]] = []

    def on_step(done: int, total: int) -> None:
        steps.append((done, total))

    lift(model, pixels(60), iterations=3, on_step=on_step)
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_it_stops_between_layers_and_leaves_no_hooks(model: Diffusion):
    calls = 0

    def stop(share: float) -> None:
        nonlocal calls
        calls += 1
        if calls == 12:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        lift(model, pixels(9), on_layer=stop)
    assert calls == 12
    lift(model, pixels(9))
    assert calls == 12


def test_it_is_asked_before_every_layer(model: Diffusion):
    shares: list[float] = []
    lift(model, pixels(9), hypotheses=1, iterations=1, on_layer=shares.append)
    layers = model.config.depth * 2
    assert len(shares) >= 4 * layers
    assert shares == sorted(shares)
    assert shares[0] == 0


def test_without_the_mirror_image_the_work_is_half(model: Diffusion):
    def passes(flip: bool) -> int:
        seen = 0

        def count(_: object, arguments: tuple[torch.Tensor, ...]) -> None:
            nonlocal seen
            seen += len(arguments[0])

        hook = model.denoiser.register_forward_pre_hook(count)
        lift(model, pixels(30), flip=flip)
        hook.remove()
        return seen

    assert passes(flip=True) == 2 * passes(flip=False)


@torch.no_grad()
def test_noise_belongs_to_a_frame_of_the_longer_clip(model: Diffusion):
    clip = pixels(9)
    drawn = frame_noise(5, 0, 1, 13, 9, 17 * 4).reshape(1, 9, 17, 4)
    points = normalise_screen(clip, 640, 480).astype(np.float32)[None]
    expected = model.denoise(torch.from_numpy(points), torch.from_numpy(drawn), torch.tensor([999]))
    found = lift(model, clip, iterations=1, first_frame=13)
    np.testing.assert_allclose(found[1:], expected.numpy(), atol=1e-6)


@pytest.mark.parametrize(
    ("frames", "options", "words"),
    [
        (0, {}, "at least one frame"),
        (9, {"hypotheses": 0}, "0 hypotheses"),
        (9, {"iterations": 0}, "0 iterations"),
        (9, {"eta": 1.5}, "eta 1.5"),
    ],
)
def test_a_request_that_makes_no_sense_is_one_sentence(
    model: Diffusion, frames: int, options: dict[str, float], words: str
):
    with pytest.raises(RetakeError, match=words):
        lift(model, pixels(frames), **options)


def test_missing_keypoints_are_refused(model: Diffusion):
    clip = pixels(9)
    clip[3, 4] = np.nan
    with pytest.raises(RetakeError, match="Fill the gaps"):
        lift(model, clip)
