"""The three forms of the loss, against their formulas written out, and every switch trains."""

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.skeleton import MPI_INF_3DHP, SKELETONS
from retake.training.losses import LossForm, Objective, draw_noise, loss_terms, total

MODEL = Diffusion(ModelConfig(frames=5, width=16, depth=1, heads=2))
MPI = Diffusion(ModelConfig(frames=5, width=16, depth=1, heads=2, skeleton=MPI_INF_3DHP.name))
GENERATOR = torch.Generator().manual_seed(0)
PREDICTED, TRUTH = (torch.randn(2, 5, 17, 3, generator=GENERATOR).double() for _ in range(2))


def naive(model: Diffusion, form: LossForm) -> dict[str, float]:
    """Loops over windows, frames, joints and bones."""
    sums: dict[str, list[float]] = {"position": [], "length": [], "direction": []}
    steady: list[float] = []
    for b, f in itertools.product(range(2), range(5)):
        for j in range(17):
            gap = (PREDICTED - TRUTH)[b, f, j]
            sums["position"].append(float(gap @ gap) if form == "squared" else float(gap.norm()))
        for parent, child in model.skeleton.bones:
            one, two = (x[b, f, child] - x[b, f, parent] for x in (PREDICTED, TRUTH))
            length = float(one.norm() - two.norm())
            turn = one / one.norm() - two / two.norm()
            sums["length"].append(length**2 if form == "squared" else abs(length))
            sums["direction"].append(float(turn.norm() if form == "paper" else turn @ turn))
    for b, (parent, child) in itertools.product(range(2), model.skeleton.bones):
        one, two = (
            (x[b, :, child] - x[b, :, parent]).norm(dim=-1).mean() for x in (PREDICTED, TRUTH)
        )
        steady.append(float(one - two) ** 2)
    means = {name: float(np.mean(values)) for name, values in sums.items()}
    return {**means, "length": float(np.mean(steady))} if form == "released" else means


@pytest.mark.parametrize("form", ["paper", "released", "squared"])
@pytest.mark.parametrize("model", [MODEL, MPI], ids=["h36m", "3dhp"])
def test_terms_are_their_formulas(model: Diffusion, form: LossForm):
    found = loss_terms(model.double(), PREDICTED, TRUTH, form)
    expected = naive(model, form)
    assert {n: float(v) for n, v in found.items()} == pytest.approx(expected, rel=1e-9)


def test_the_total_weighs_the_terms():
    terms = {
        "position": torch.tensor(2.0),
        "length": torch.tensor(3.0),
        "direction": torch.tensor(5.0),
    }
    weights = {"position": 1.0, "length": 10.0, "direction": 0.0}
    assert total(terms, weights, "paper") == 32
    assert total(terms, weights, "released") == 32**2 / 2


def test_noise_follows_from_its_seed():
    one, two, other = (draw_noise(MODEL, 3, 5, seed) for seed in (7, 7, 8))
    assert one[0].equal(two[0])
    assert one[1].equal(two[1])
    assert not one[1].equal(other[1])
    assert one[1].shape == (3, 5, 17, 4)


@pytest.mark.parametrize("skeleton", SKELETONS)
def test_a_network_that_knew_the_answer_would_have_no_loss(skeleton: str):
    """Wherever it puts the root, which is subtracted."""
    model = Diffusion(ModelConfig(frames=5, width=16, depth=1, heads=2, skeleton=skeleton))
    root = model.skeleton.root
    truth = TRUTH.float() - TRUTH.float()[..., root : root + 1, :]
    model.denoiser.forward = lambda *_: truth + 0.7  # type: ignore[method-assign]
    t, noise = draw_noise(model, 2, 5, 0)
    for form in ("paper", "released", "squared"):
        terms = Objective(model, form)(torch.zeros(2, 5, 17, 2), truth, t, noise)
        assert max(float(term) for term in terms.values()) < 1e-6


@pytest.mark.parametrize("skeleton", SKELETONS)
@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"input": "positions"},
        {"output": "bones"},
        {"input": "positions", "output": "bones"},
        {"hierarchical_embedding": False},
        {"hrst": False},
        {"hrtt": False},
        {"children": "every_layer"},
        {"keypoint_mask": True},
    ],
    ids=str,
)
def test_each_switch_trains_every_weight(switches: dict[str, Any], skeleton: str):
    torch.manual_seed(0)
    config = ModelConfig(
        frames=7, width=16, depth=3, heads=2, drop_path=0.0, skeleton=skeleton, **switches
    )
    model = Diffusion(config)
    truth = torch.randn(2, 7, 17, 3, generator=torch.Generator().manual_seed(1)) / 3
    truth = truth - truth[..., model.skeleton.root, None, :]
    keypoints = truth[..., :2].clone()
    if config.keypoint_mask:
        keypoints[0, 1:3, 4] = torch.nan
    objective, drawn = Objective(model, "paper"), draw_noise(model, 2, 7, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
    losses: list[float] = []
    for _ in range(2):
        terms = objective(keypoints, truth, *drawn)
        loss = total(terms, dict.fromkeys(terms, 1.0), "paper")
        optimizer.zero_grad()
        loss.backward()  # pyright: ignore[reportUnknownMemberType]
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[1] < losses[0]
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.dim() < 2 or parameter.grad.abs().sum() > 0, name


def test_a_regression_sees_the_last_step_only():
    t, noise = draw_noise(MODEL, 64, 5, seed=4, last_step=True)
    drawn, same = draw_noise(MODEL, 64, 5, seed=4)
    assert set(t.tolist()) == {MODEL.config.timesteps - 1}
    assert len(set(drawn.tolist())) > 32
    assert torch.equal(noise, same)
