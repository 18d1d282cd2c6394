"""The stream against its naive twin: the whole clip at once, window by window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pytest
import torch
from retake.shared.arrays import Floats, Floats32
from retake.shared.camera import normalise_person
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.noise import frame_noise
from retake.shared.model.sampler import Guide, Start, ddim
from retake.shared.model.stream import Clip, stream, window_starts, window_weights
from retake.shared.model.windows import sample_clip
from torch import Tensor

LENGTH = 9


def a_model(variant: Literal["paper", "released"] = "paper") -> Diffusion:
    torch.manual_seed(0)
    config = ModelConfig(
        variant=variant, frames=LENGTH, width=16, depth=2, heads=2, keypoint_frame="person"
    )
    return Diffusion(config).eval()


@pytest.fixture(scope="module")
def model() -> Diffusion:
    return a_model()


def a_clip(frames: int) -> Floats:
    rng = np.random.default_rng(0)
    return rng.uniform(100, 400, (1, 17, 2)) + np.cumsum(rng.normal(0, 2, (frames, 17, 2)), axis=0)


@dataclass(frozen=True)
class Smooth:
    """Mean over the frames within `reach`; at the clip's ends over those that exist."""

    reach: int

    def __call__(self, positions: Tensor, first_frame: int, t: int) -> Tensor:
        n = positions.shape[1]
        means = [
            positions[:, max(f - self.reach, 0) : min(f + self.reach + 1, n)].mean(dim=1)
            for f in range(n)
        ]
        return torch.stack(means, dim=1)


@dataclass(frozen=True)
class Wave:
    """Depends on the absolute frame and on t."""

    reach: int = 0

    def __call__(self, positions: Tensor, first_frame: int, t: int) -> Tensor:
        frames = torch.arange(first_frame, first_frame + positions.shape[1])
        wave = torch.sin(frames / 3 + t)[:, None, None]
        return positions + 0.1 * wave * torch.arange(17)[:, None]


@torch.no_grad()
def whole_clip(
    model: Diffusion,
    pixels: Floats,
    hypotheses: int,
    iterations: int,
    eta: float = 1.0,
    guides: Sequence[Guide] = (),
    start: Start | None = None,
) -> Floats32:
    """The naive twin of `sample_clip` with seed 5, for clips of at least one window."""
    starts, weights = window_starts(len(pixels), LENGTH), window_weights(LENGTH)

    def denoise(state: Tensor, t: int) -> Tensor:
        out = torch.zeros(*state.shape[:-1], 3)
        for h in range(hypotheses):
            for f in range(len(pixels)):
                seen_by = [s for s in starts if s <= f < s + LENGTH]
                weight = torch.stack([weights[f - s] for s in seen_by])
                guesses = torch.stack([prediction(state, h, s, t)[f - s] for s in seen_by])
                out[h, f] = (weight[:, None, None] * guesses).sum(dim=0) / weight.sum()
        return out

    def prediction(state: Tensor, h: int, s: int, t: int) -> Tensor:
        points = normalise_person(pixels[s : s + LENGTH], model.skeleton.root)
        points = torch.from_numpy(points.astype(np.float32))[None]
        return model.denoise(points, state[h : h + 1, s : s + LENGTH], torch.tensor([t]))[0]

    def noise(iteration: int) -> Tensor:
        values = 17 * model.state_width
        drawn = [frame_noise(5, iteration, h, 0, len(pixels), values) for h in range(hypotheses)]
        return torch.from_numpy(np.stack(drawn)).view(hypotheses, len(pixels), 17, -1)

    return ddim(model, denoise, noise, iterations, eta, guides=guides, start=start).numpy()


@pytest.mark.parametrize(
    ("variant", "frames", "iterations", "eta", "guides"),
    [
        ("paper", LENGTH, 2, 1.0, ()),
        ("paper", 10, 1, 1.0, (Smooth(2),)),
        ("paper", 31, 3, 0.5, (Smooth(2), Wave())),
        ("paper", 26, 2, 1.0, (Smooth(7), Wave(), Smooth(30))),
        ("released", 22, 3, 0.0, (Wave(), Smooth(1))),
    ],
)
def test_the_stream_is_the_whole_clip(
    variant: Literal["paper", "released"],
    frames: int,
    iterations: int,
    eta: float,
    guides: tuple[Guide, ...],
):
    model, pixels = a_model(variant), a_clip(frames)
    expected = whole_clip(model, pixels, 2, iterations, eta, guides)
    found = sample_clip(
        model,
        pixels,
        640,
        480,
        hypotheses=2,
        iterations=iterations,
        seed=5,
        eta=eta,
        guides=guides,
    )
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_it_may_start_from_a_take(model: Diffusion):
    pixels = a_clip(21)
    take = torch.randn(2, 21, 17, 3, generator=torch.Generator().manual_seed(0)) / 3
    start = Start(take, 400)
    found = sample_clip(
        model, pixels, 640, 480, hypotheses=2, iterations=3, seed=5, start=start, guides=(Wave(),)
    )
    expected = whole_clip(model, pixels, 2, 3, guides=(Wave(),), start=start)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_short_clip_has_guides_and_a_start_of_its_own_length(model: Diffusion):
    seen: list[tuple[int, ...]] = []

    class Witness:
        reach = 3

        def __call__(self, positions: Tensor, first_frame: int, t: int) -> Tensor:
            seen.append((first_frame, *positions.shape))
            return positions

    out = sample_clip(
        model,
        a_clip(4),
        640,
        480,
        hypotheses=2,
        iterations=2,
        seed=5,
        guides=(Witness(),),
        start=Start(torch.zeros(2, 4, 17, 3), 500),
    )
    assert out.shape == (2, 4, 17, 3)
    assert seen == [(0, 2, 4, 17, 3)] * 2


def perfect(truth: Tensor, length: int):
    """A network that knows the answer: (windows' starts, noisy windows, t) -> the truth there."""

    def predict(starts: Sequence[int], windows: Tensor, t: int) -> Tensor:
        cut = torch.stack([truth[s : s + length] for s in starts])
        return cut[:, None].expand(-1, windows.shape[1], -1, -1, -1)

    return predict


def in_flight(model: Diffusion, frames: int) -> int:
    """Most frames that have been started and not finished, in a clip with a perfect network."""
    truth = torch.randn(frames, 17, 3, generator=torch.Generator().manual_seed(0))
    starts = window_starts(frames, LENGTH)
    clip = Clip(
        model=model,
        frames=frames,
        batches=[starts[i : i + 4] for i in range(0, len(starts), 4)],
        iterations=4,
        guides=(Smooth(0), Smooth(0)),
    )
    begun, done, most = 0, 0, 0

    def noise(iteration: int, first: int, n: int) -> Tensor:
        nonlocal begun
        begun = max(begun, first + n)
        return torch.zeros(1, n, 17, 4)

    for first, positions in stream(clip, perfect(truth, LENGTH), noise):
        most = max(most, begun - done)
        assert first == done
        done += positions.shape[1]
        torch.testing.assert_close(positions[0], truth[first:done])
    assert done == frames
    return most


def test_frames_in_flight_do_not_grow_with_the_clip(model: Diffusion):
    assert in_flight(model, 2000) == in_flight(model, 400) < 400
