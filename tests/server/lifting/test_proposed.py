"""How many hypotheses are proposed, and how much they weigh."""

import numpy as np
import pytest
from retake.server.lifting.lift_options import LiftOptions
from retake.server.lifting.proposed import BELIEF, MOST, believed, proposals_for
from retake.shared.steering import Steering


@pytest.mark.parametrize(("hypotheses", "expected"), [(1, 0), (2, 0), (3, 1), (8, 2), (100, MOST)])
def test_most_hypotheses_are_sampled(hypotheses: int, expected: int):
    assert proposals_for(LiftOptions(model="any", hypotheses=hypotheses)) == expected


def test_nothing_is_proposed_to_who_steers():
    steering = Steering(variety=1.5)
    assert proposals_for(LiftOptions(model="any", hypotheses=10, steering=steering)) == 0


@pytest.mark.parametrize("count", [3, 10, 100])
def test_a_proposal_has_its_share(count: int):
    sampled = count - proposals_for(LiftOptions(model="any", hypotheses=count))
    weights = believed(np.full(count, 1 / count), sampled)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(weights[sampled:], BELIEF, rtol=1e-6)
    assert len(set(weights[:sampled].tolist())) == 1


def test_what_explains_the_picture_better_weighs_more():
    weights = believed(np.array([0.4, 0.2, 0.1, 0.3]), 3)
    np.testing.assert_allclose(weights[:3] / weights[0], [1, 0.5, 0.25], rtol=1e-6)


def test_the_picture_does_not_judge_a_mirrored_limb():
    weights = believed(np.array([0.4, 0.3, 0.2, 0.09, 0.01]), 3)
    np.testing.assert_allclose(weights[3:], BELIEF, rtol=1e-6)
    assert weights.sum() == pytest.approx(1)


def test_without_proposals_nothing_changes():
    np.testing.assert_allclose(believed(np.array([0.7, 0.3]), 2), [0.7, 0.3], rtol=1e-6)
