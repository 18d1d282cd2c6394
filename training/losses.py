"""What training minimises: Eq. 8 to 10 of the paper, the released code's form, a squared form."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn

from ..shared.model.diffusion import Diffusion

LossForm = Literal["paper", "released", "squared"]
"""`paper`: norms, as Eq. 8 and 9 have them.
`released`: what the authors' code computes. Lengths enter by their mean over time, squared, so that
nothing keeps a bone's length steady; directions squared; and the gradient is that of half the
squared sum, which gives windows with large errors more weight.
`squared`: the network learns the mean of all poses that fit, which DDIM needs to sample them all;
norms make it a median, to which every sample collapses."""


def loss_terms(
    model: Diffusion, predicted: Tensor, truth: Tensor, form: LossForm
) -> dict[str, Tensor]:
    """Terms `position`, `length`, `direction` for positions (B, F, J, 3), metres."""
    children = [child for _, child in model.skeleton.bones]
    found = model.bones.decompose(predicted)[..., children, :]
    known = model.bones.decompose(truth)[..., children, :]
    errors = {
        "position": predicted - truth,
        "length": (found - known)[..., 3:],
        "direction": (found - known)[..., :3],
    }
    if form == "squared":
        return {name: e.square().sum(dim=-1).mean() for name, e in errors.items()}
    terms = {name: e.norm(dim=-1).mean() for name, e in errors.items()}
    if form == "released":
        terms["length"] = errors["length"].mean(dim=1).square().mean()
        terms["direction"] = errors["direction"].square().sum(dim=-1).mean()
    return terms


class Objective(nn.Module):
    """A diffusion model with its loss: one module, as training on several devices needs it.

    forward: keypoints (B, F, J, 2), root-relative positions (B, F, J, 3), t (B,), noise of a
    state's shape -> the terms of the loss. One t per window; lengths and directions get
    independent noise (Eq. 3).
    """

    def __init__(self, model: Diffusion, form: LossForm) -> None:
        super().__init__()
        self.model = model
        self.form: LossForm = form

    def forward(
        self, keypoints: Tensor, positions: Tensor, t: Tensor, noise: Tensor
    ) -> dict[str, Tensor]:
        clean = self.model.decompose(positions)
        noisy = self.model.schedule.add_noise(clean, t, noise)
        predicted = self.model.predict(keypoints, noisy, t)
        return loss_terms(self.model, predicted.float(), positions, self.form)


def draw_noise(
    model: Diffusion, windows: int, frames: int, seed: int, *, last_step: bool = False
) -> tuple[Tensor, Tensor]:
    """t (B,) and noise (B, F, J, S) for a batch, from its seed, on the CPU."""
    generator = torch.Generator().manual_seed(seed)
    steps = model.config.timesteps
    t = torch.randint(steps - 1 if last_step else 0, steps, (windows,), generator=generator)
    shape = (windows, frames, model.skeleton.joint_count, model.state_width)
    return t, torch.randn(shape, generator=generator)


def total(terms: dict[str, Tensor], weights: dict[str, float], form: LossForm) -> Tensor:
    """Eq. 10; for `released` half its square, whose gradient the authors' code follows."""
    loss = torch.stack([weights[name] * term for name, term in terms.items()]).sum()
    return loss.square() / 2 if form == "released" else loss
