"""A clip of any length as a stream: constant memory, finished frames first.

Each denoising step is a stage that takes noisy frames in order and gives cleaner ones. It keeps
only what its overlapping windows still need: once all windows over a frame are denoised, the frame
is blended, guided, noised again and handed to the next stage. The stages are chained generators, so
that the last one pulls a clip of 100,000 frames through all steps a few windows at a time. The
numbers are those of `sampler.ddim` on the whole clip at once, because noise belongs to absolute
frames and everything else is local.

Windows overlap by half. Overlaps are averaged with weights that fall towards a window's ends, where
it has least context (MultiDiffusion, Bar-Tal et al. 2023): there are no seams to hide afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from .diffusion import Diffusion
from .sampler import Guide, Start, finish, noised, step, steps_of

Predict = Callable[[Sequence[int], Tensor, int], Tensor]
"""(first frames of k windows, noisy windows (k, H, L, J, C), t) -> clean (k, H, L, J, 3)."""

FrameNoise = Callable[[int, int, int], Tensor]
"""(iteration, first frame, frames) -> standard normal (H, frames, J, C)."""

SpanNoise = Callable[[int, int], Tensor]
"""The same of one iteration."""


class Span(NamedTuple):
    """Frames from `first` on: state (H, n, J, C) and clean predictions (H, n, J, 3)."""

    first: int
    state: Tensor
    positions: Tensor

    @property
    def end(self) -> int:
        return self.first + self.state.shape[1]

    def cut(self, first: int, end: int) -> Span:
        a, b = first - self.first, end - self.first
        return Span(first, self.state[:, a:b], self.positions[:, a:b])

    def joined(self, other: Span) -> Span:
        return Span(
            self.first,
            torch.cat([self.state, other.state], dim=1),
            torch.cat([self.positions, other.positions], dim=1),
        )


@dataclass(frozen=True)
class Clip:
    """What is sampled, and how it is cut.

    frames   of the clip; where it is shorter than a window, a whole window is sampled and only
             these frames are guided
    batches  first frames of the windows, as many together as the network takes at once
    start    as in `sampler.ddim`
    """

    model: Diffusion
    frames: int
    batches: Sequence[Sequence[int]]
    iterations: int
    eta: float = 1.0
    guides: Sequence[Guide] = ()
    start: Start | None = None

    @property
    def length(self) -> int:
        """Frames of a window."""
        return self.model.config.frames

    @property
    def sampled(self) -> int:
        """Frames that go through the network."""
        return max(self.frames, self.length)


def window_starts(frames: int, length: int) -> list[int]:
    """First frames of half-overlapping windows over `frames`; the last ends with the clip."""
    if frames <= length:
        return [0]
    return [*range(0, frames - length, max(length // 2, 1)), frames - length]


def window_weights(length: int) -> Tensor:
    """(length,) weights of a window's frames in the average: highest in the middle, never zero."""
    ramp = torch.arange(1, length + 1).minimum(torch.arange(length, 0, -1))
    return ramp / ramp.max()


def stream(clip: Clip, predict: Predict, noise: FrameNoise) -> Iterator[tuple[int, Tensor]]:
    """Finished frames of `clip` in order: (first frame, positions (H, n, J, 3))."""
    states = _first_states(clip, noise)
    steps = steps_of(clip.model, clip.iterations, clip.start)
    for iteration, (t, t_next) in enumerate(steps, start=1):
        spans = _predicted(clip, predict, states, t)
        for guide in clip.guides:
            spans = _guided(clip, guide, spans, t)
        if t_next < 0:
            return ((s.first, finish(clip.model, s.positions)) for s in spans)
        states = _noised_again(clip, spans, (t, t_next), partial(noise, iteration))
    raise ValueError(f"iterations is {clip.iterations}; expected at least 1")


def _first_states(clip: Clip, noise: FrameNoise) -> Iterator[Tensor]:
    """The noisiest state, as much at a time as the next batch of windows needs."""
    done = 0
    for batch in clip.batches:
        end = batch[-1] + clip.length
        state = noise(0, done, end - done)
        if clip.start:
            positions = clip.start.positions[:, done:end].to(state)
            missing = state.shape[1] - positions.shape[1]  # a clip shorter than a window
            positions = torch.cat([positions, positions[:, -1:].expand(-1, missing, -1, -1)], dim=1)
            state = noised(clip.model, Start(positions, clip.start.t), state)
        yield state
        done = end


def _predicted(clip: Clip, predict: Predict, states: Iterator[Tensor], t: int) -> Iterator[Span]:
    """Clean predictions, blended over all windows that see a frame."""
    first = 0
    state = next(states)
    total = state.new_zeros(*state.shape[:-1], 3)
    weight = state.new_zeros(state.shape[1], 1, 1)
    weights = window_weights(clip.length).to(state)[:, None, None]
    for batch, following in zip(clip.batches, [*clip.batches[1:], [clip.sampled]], strict=True):
        while first + state.shape[1] < batch[-1] + clip.length:
            state = torch.cat([state, next(states)], dim=1)
        total = _grown(total, state.shape[1], dim=1)
        weight = _grown(weight, state.shape[1], dim=0)
        windows = torch.stack([state[:, s - first :][:, : clip.length] for s in batch])
        for start, clean in zip(batch, predict(batch, windows, t), strict=True):
            total[:, start - first :][:, : clip.length] += clean * weights
            weight[start - first :][: clip.length] += weights
        ready = following[0] - first
        yield Span(first, state[:, :ready], total[:, :ready] / weight[:ready])
        first = following[0]
        state, total, weight = state[:, ready:], total[:, ready:], weight[ready:]


def _guided(clip: Clip, guide: Guide, spans: Iterator[Span], t: int) -> Iterator[Span]:
    """`spans` with the guide's positions, each frame held back until its context has come."""
    held, done = next(spans), 0
    while True:
        ready = held.end if held.end == clip.sampled else held.end - guide.reach
        if ready > done:
            seen = min(held.end, clip.frames) - held.first
            guided = guide(held.positions[:, :seen], held.first, t)
            guided = torch.cat([guided, held.positions[:, seen:]], dim=1)
            yield held._replace(positions=guided).cut(done, ready)
            done = ready
        if done == clip.sampled:
            return
        held = held.cut(max(done - guide.reach, held.first), held.end).joined(next(spans))


def _noised_again(
    clip: Clip, spans: Iterator[Span], transition: tuple[int, int], fresh: SpanNoise
) -> Iterator[Tensor]:
    """The state at the next noise level, of finished predictions."""
    for first, state, positions in spans:
        noise = fresh(first, state.shape[1])
        yield step(clip.model, state, positions, *transition, noise, clip.eta)


def _grown(values: Tensor, frames: int, dim: int) -> Tensor:
    """`values` with zeros behind, up to `frames` frames along `dim`."""
    shape = list(values.shape)
    shape[dim] = frames - shape[dim]
    return torch.cat([values, values.new_zeros(shape)], dim=dim)
