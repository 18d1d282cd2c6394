"""DDIM over bone lengths and directions (paper, Eq. 4), as a pure function.

The denoiser is an argument: it may be one network call or a whole clip cut into windows. Noise and
progress are arguments too, so that the same numbers come out whenever the same numbers go in.
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from .diffusion import RELEASED_CLAMP, Diffusion

Denoise = Callable[[Tensor, int], Tensor]
"""(noisy state (..., J, 4), t) -> clean positions (..., J, 3)."""

Noise = Callable[[int], Tensor]
"""iteration -> standard normal state (..., J, 4); iteration 0 is the initial noise."""


def ddim(
    model: Diffusion,
    denoise: Denoise,
    noise: Noise,
    iterations: int,
    eta: float = 1.0,
    on_step: Callable[[int, int, Tensor], None] | None = None,
) -> Tensor:
    """Clean positions (..., J, 3) after `iterations` (W) denoising steps.

    eta      0: deterministic given the initial noise; 1: the paper's sigma
    on_step  called with (done, iterations, positions) after every step; may raise to stop
    """
    if iterations < 1:
        raise ValueError(f"iterations is {iterations}; expected at least 1")
    state = noise(0)
    positions = state[..., :3]
    for done, (t, t_next) in enumerate(model.schedule.ddim_steps(iterations), start=1):
        positions = denoise(state, t)
        clean = model.decompose(positions)
        if model.config.variant == "released":
            positions = positions.clamp(-RELEASED_CLAMP, RELEASED_CLAMP)
        if on_step:
            on_step(done, iterations, positions)
        if t_next >= 0:
            state = step(model, state, clean, positions, t, t_next, noise(done), eta)
    return positions


def step(
    model: Diffusion,
    state: Tensor,
    clean: Tensor,
    positions: Tensor,
    t: int,
    t_next: int,
    fresh: Tensor,
    eta: float,
) -> Tensor:
    """One transition x_t -> x_t' of Eq. 4, for lengths and directions alike."""
    released = model.config.variant == "released"
    alpha = float(model.schedule.alpha_bar[t])
    alpha_next = float(model.schedule.alpha_bar[t_next])
    if released:
        clean = clean.clamp(-RELEASED_CLAMP, RELEASED_CLAMP)
    epsilon = (state - alpha**0.5 * clean) / (1 - alpha) ** 0.5
    sigma = eta * ((1 - alpha_next) / (1 - alpha) * (1 - alpha / alpha_next)) ** 0.5
    keep = (1 - alpha_next - sigma**2) ** 0.5
    # The released code estimates epsilon before it clamps the positions and mixes in bones from
    # after.
    target = model.decompose(positions) if released else clean
    moved = alpha_next**0.5 * target + keep * epsilon + sigma * fresh
    if released:  # its root slot keeps the initial noise for ever
        root = model.skeleton.root
        moved[..., root, :] = state[..., root, :]
    return moved
