"""DDIM over bone lengths and directions (paper, Eq. 4), as a pure function.

The denoiser is an argument: it may be one network call or a whole clip cut into windows. Noise and
progress are arguments too, so that the same numbers come out whenever the same numbers go in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from .diffusion import RELEASED_CLAMP, Diffusion

Denoise = Callable[[Tensor, int], Tensor]
"""(noisy state (..., J, 4), t) -> clean positions (..., J, 3)."""

Noise = Callable[[int], Tensor]
"""iteration -> standard normal state (..., J, 4); iteration 0 is the initial noise."""


class Guide(Protocol):
    """Changes clean predictions on their way to the next noise level, and the last one.

    What it does to a frame may depend on frames up to `reach` away, never on where the array begins
    or ends, because a clip passes through in blocks.
    """

    @property
    def reach(self) -> int:
        """Frames of context it needs on either side; 0: frame by frame."""
        ...

    def __call__(self, positions: Tensor, first_frame: int, t: int) -> Tensor:
        """Root-relative metres, camera frame, of frames `first_frame` on: (H, n, J, 3), same out.

        Frames beyond the ends of the clip are missing, not made up.
        """
        ...


@dataclass(frozen=True)
class Start:
    """Where sampling starts instead of pure noise (SDEdit, Meng et al. 2022).

    positions  (H, F, J, 3) root-relative, metres, camera frame; noised to step t
    t          from 0 (almost nothing changes) to T - 1 (everything does)
    """

    positions: Tensor
    t: int


def steps_of(model: Diffusion, iterations: int, start: Start | None) -> list[tuple[int, int]]:
    """(t, t') of every iteration: even steps from the start down to -1, which means clean."""
    return model.schedule.ddim_steps(iterations, None if start is None else start.t)


def ddim(
    model: Diffusion,
    denoise: Denoise,
    noise: Noise,
    iterations: int,
    eta: float = 1.0,
    on_step: Callable[[int, int, Tensor], None] | None = None,
    guides: Sequence[Guide] = (),
    start: Start | None = None,
) -> Tensor:
    """Clean positions (..., J, 3) after `iterations` (W) denoising steps.

    eta      0: deterministic given the initial noise; 1: the paper's sigma
    on_step  called with (done, iterations, positions) after every step; may raise to stop
    guides   applied to every prediction, one after the other
    start    what is noised to begin with; None: begin with noise alone
    """
    if iterations < 1:
        raise ValueError(f"iterations is {iterations}; expected at least 1")
    state = noise(0) if start is None else noised(model, start, noise(0))
    positions = state[..., :3]
    for done, (t, t_next) in enumerate(steps_of(model, iterations, start), start=1):
        positions = denoise(state, t)
        for guide in guides:
            positions = guide(positions, 0, t)
        if on_step:
            on_step(done, iterations, finish(model, positions))
        if t_next >= 0:
            state = step(model, state, positions, t, t_next, noise(done), eta)
    return finish(model, positions)


def noised(model: Diffusion, start: Start, noise: Tensor) -> Tensor:
    """The state (..., J, C) of `start` at its noise level (Eq. 3)."""
    alpha = float(model.schedule.alpha_bar[start.t])
    return alpha**0.5 * model.decompose(start.positions) + (1 - alpha) ** 0.5 * noise


def finish(model: Diffusion, positions: Tensor) -> Tensor:
    """The positions that a step gives to others; the released code cuts them to +-1.1 m."""
    if model.config.variant == "released":
        return positions.clamp(-RELEASED_CLAMP, RELEASED_CLAMP)
    return positions


def step(
    model: Diffusion,
    state: Tensor,
    positions: Tensor,
    t: int,
    t_next: int,
    fresh: Tensor,
    eta: float,
) -> Tensor:
    """One transition x_t -> x_t' of Eq. 4, for lengths and directions alike.

    The released code estimates epsilon before it clamps the positions and mixes in bones from
    after.
    """
    released = model.config.variant == "released"
    alpha = float(model.schedule.alpha_bar[t])
    alpha_next = float(model.schedule.alpha_bar[t_next])
    clean = target = model.decompose(positions)
    if released:
        target = model.decompose(finish(model, positions))
        clean = clean.clamp(-RELEASED_CLAMP, RELEASED_CLAMP)
    epsilon = (state - alpha**0.5 * clean) / (1 - alpha) ** 0.5
    if released:  # it takes slots 1 to 16 for the bones, also where the root is slot 14
        bones = [child for _, child in model.skeleton.bones]
        epsilon[..., bones, :] = epsilon[..., 1:, :].clone()
    sigma = eta * ((1 - alpha_next) / (1 - alpha) * (1 - alpha / alpha_next)) ** 0.5
    keep = (1 - alpha_next - sigma**2) ** 0.5
    moved = alpha_next**0.5 * target + keep * epsilon + sigma * fresh
    if released:  # its root slot keeps the initial noise for ever
        root = model.skeleton.root
        moved[..., root, :] = state[..., root, :]
    return moved
