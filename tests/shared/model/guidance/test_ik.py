"""The solver on random limbs: targets met, lengths and limits kept, nothing moved for nothing."""

import pytest
import torch
from retake.shared.model.guidance.ik import NEAR_LIMIT, Limbs, solve
from torch import Tensor

LENGTHS = torch.tensor([0.24, 0.26, 0.15, 0.28, 0.25]).double()
ARM = float(LENGTHS[3:].sum())
COUNT = 200


def unit(*shape: int, seed: int = 0) -> Tensor:
    drawn = torch.randn(*shape, 3, generator=torch.Generator().manual_seed(seed)).double()
    return drawn / drawn.norm(dim=-1, keepdim=True)


def arms() -> Tensor:
    """(N, 5, 3): two bones of a straight trunk, a shoulder, an upper arm and a forearm."""
    directions = unit(COUNT, 5)
    directions[:, :3] = directions[:, :1]
    return directions


def limbs(directions: Tensor, hands: Tensor, **changes: Tensor) -> Limbs:
    """One target: the end of the chain at `hands` (N, 3)."""
    rows = torch.ones(COUNT, 5).double()
    chain = Limbs(
        directions=directions,
        lengths=LENGTHS * rows,
        stiffness=torch.tensor([10.0, 10, 10, 1, 1]).double() * rows,
        limit=torch.tensor([0.5, 0.5, 0.5, 1e9, 1e9]).double() * rows,
        member=rows[:, None],
        targets=(hands - ends(directions))[:, None],
        free=torch.zeros(COUNT, 1, 3).double(),
        compliance=torch.full((COUNT, 1), 1e-5).double(),
    )
    return chain._replace(**changes)


def ends(directions: Tensor, first: int = 0) -> Tensor:
    return (LENGTHS[:, None] * directions)[:, first:].sum(dim=1)


def shoulders(directions: Tensor) -> Tensor:
    return ends(directions) - ends(directions, first=3)


def angles(a: Tensor, b: Tensor) -> Tensor:
    return torch.acos((a * b).sum(dim=-1).clamp(-1, 1))


@pytest.mark.parametrize("distance", [0.1, 0.3, 0.5])
def test_any_place_within_an_arms_length_is_reached(distance: float):
    given = arms()
    hands = shoulders(given) + distance * unit(COUNT, seed=1)
    found = solve(limbs(given, hands), given)
    assert float((ends(found) - hands).norm(dim=-1).max()) < 0.005
    torch.testing.assert_close(found.norm(dim=-1), torch.ones(COUNT, 5).double())


def test_an_arm_moves_before_the_trunk_does():
    given = arms()
    hands = ends(given) + 0.02 * unit(COUNT, seed=1)
    turned = angles(solve(limbs(given, hands), given), given).mean(dim=0)
    assert float(turned[3:].min()) > 3 * float(turned[:3].max())


def test_a_joint_that_is_there_already_moves_nothing():
    given = arms()
    found = solve(limbs(given, ends(given)), given)
    torch.testing.assert_close(found, given)


def test_out_of_reach_the_arm_is_stretched_and_limits_hold():
    given = arms()
    away = unit(COUNT, seed=1)
    found = solve(limbs(given, shoulders(given) + 2 * away), given)
    assert float(angles(found[:, 3], found[:, 4]).max()) < 0.15
    assert float(angles(found, given)[:, :3].max()) < NEAR_LIMIT * 0.5 + 1e-6


def test_a_straight_arm_folds_where_it_is_slightly_bent():
    given = arms()
    given[:, 4] = given[:, 3]
    hands = shoulders(given) + 0.6 * ARM * given[:, 3]
    bent = given.clone()
    bent[:, 4] += 0.02 * unit(COUNT, seed=2)
    bent = bent / bent.norm(dim=-1, keepdim=True)
    found = solve(limbs(given, hands), bent)
    assert float((ends(found) - hands).norm(dim=-1).median()) < 0.001
    assert float((angles(found[:, 3], found[:, 4])).median()) > 1.0


def test_along_its_line_a_target_is_free():
    given, along = arms(), unit(COUNT, seed=3)
    hands = ends(given) + 0.1 * unit(COUNT, seed=1)
    point = solve(limbs(given, hands), given)
    line = solve(limbs(given, hands, free=along[:, None]), given)
    gap = hands - ends(line)
    gap = gap - (gap * along).sum(dim=-1, keepdim=True) * along
    assert float(gap.norm(dim=-1).median()) < 1e-4
    assert float(angles(line, given).mean()) < float(angles(point, given).mean())


def test_two_targets_share_a_trunk():
    """Both ends of a fork: bones 0 to 2 belong to both, 3 to one, 4 to the other."""
    given = arms()
    member = torch.tensor([[1, 1, 1, 1, 0], [1, 1, 1, 0, 1]]).double().expand(COUNT, -1, -1)
    moves = 0.05 * unit(COUNT, 2, seed=1)
    fork = limbs(
        given,
        ends(given),
        member=member,
        targets=moves,
        free=torch.zeros(COUNT, 2, 3).double(),
        compliance=torch.full((COUNT, 2), 1e-5).double(),
    )
    moved = LENGTHS[:, None] * (solve(fork, given) - given)
    error = (torch.einsum("npb,nbk->npk", member, moved) - moves).norm(dim=-1)
    assert float(error.median()) < 1e-3
