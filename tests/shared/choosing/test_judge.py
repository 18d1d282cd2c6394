"""What speaks against a hypothesis: each term sees its own fault and no other."""

from __future__ import annotations

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.bones import decompose, recompose
from retake.shared.camera import Camera
from retake.shared.choosing import judge
from retake.shared.choosing.moments import moments_of
from retake.shared.skeleton import HUMAN36M
from retake.shared.takes import LIMB_GROUPS

CAMERA = Camera.with_default_focal(640, 480)
CERTAIN = np.ones((10, 17))
LEFT_ARM = list(LIMB_GROUPS).index("left_arm")


@pytest.fixture
def positions() -> Floats:
    """(10, 17, 3): somebody 4 m in front of the camera."""
    return np.random.default_rng(0).normal(0, 0.4, (10, 17, 3)) + np.array([0, 0, 4])


def test_a_perfect_hypothesis_has_no_error(positions: Floats) -> None:
    moved = positions.copy()
    moved[:, 13, 0] += 0.05
    errors = judge.reprojection_errors(
        np.stack([positions, moved]), CAMERA.project(positions), CERTAIN, CAMERA
    )
    assert errors[0] == pytest.approx(0)
    assert errors[1, 13] > 0.01
    assert np.delete(errors[1], 13) == pytest.approx(0)


def test_errors_do_not_depend_on_the_size_of_the_picture(positions: Floats) -> None:
    moved = (positions + np.array([0.05, 0, 0]))[None]
    large = Camera(CAMERA.fx * 3, CAMERA.fy * 3, 960, 720, 1920, 1440)
    small_error, large_error = (
        judge.reprojection_errors(moved, camera.project(positions), CERTAIN, camera)
        for camera in (CAMERA, large)
    )
    np.testing.assert_allclose(small_error, large_error)


def test_one_wild_keypoint_counts_little_and_an_unseen_one_nothing(positions: Floats) -> None:
    pixels = CAMERA.project(positions)
    pixels[:, 16] = 1e6
    errors = judge.reprojection_errors(positions[None], pixels, CERTAIN, CAMERA)
    assert errors.max() <= judge.LARGEST_ERROR
    unseen = CERTAIN.copy()
    unseen[:, 16] = 0
    both = np.concatenate([errors, errors])
    both[1, :16] = 0.01  # the second is worse in all that is seen
    both[1, 16] = 0
    assert judge.weights_of(both, CERTAIN)[0] < 0.5 < judge.weights_of(both, unseen)[0]


def test_a_body_behind_the_camera_gets_a_finite_error(positions: Floats) -> None:
    behind = (positions * (1, 1, -1))[None]
    errors = judge.reprojection_errors(behind, CAMERA.project(positions), CERTAIN, CAMERA)
    assert np.all((errors > 0) & (errors <= judge.LARGEST_ERROR))


def test_weights_sum_to_one_and_fall_with_the_error() -> None:
    errors = np.array([0.03, 0.02, 0.02 + judge.TEMPERATURE])[:, None].repeat(17, axis=1)
    weights = judge.weights_of(errors, CERTAIN)
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > weights[0] == pytest.approx(weights[2])
    assert weights[1] / weights[0] == pytest.approx(np.e, rel=1e-5)


def terms_with(changed: Floats, plain: Floats) -> Floats:
    """The terms of the second of two hypotheses minus those of the first: (groups, 4)."""
    poses = np.stack([plain, changed])
    errors, weights = np.zeros((2, 17)), np.array([1.0, 0.0])
    terms = judge.terms_of(poses, errors, weights, moments_of(poses, 50), 50)
    return terms[1] - terms[0]


@pytest.fixture
def still() -> Floats:
    return np.random.default_rng(1).normal(0, 0.4, (1, 17, 3)).repeat(100, axis=0)


def test_trembling_lengths_and_distance_see_what_they_are_for(still: Floats) -> None:
    lengths, directions = decompose(still, HUMAN36M)
    t = np.arange(100) / 50
    stretched, turned = lengths.copy(), directions.copy()
    stretched[:, 13, 0] *= 1 + 0.2 * np.sin(np.pi * t)
    turned[:, 13] = turned[:, 13][:, [1, 2, 0]]
    change = terms_with(recompose(stretched, directions, HUMAN36M), still)
    assert change[LEFT_ARM, 2] > 0.01
    change = terms_with(recompose(lengths, turned, HUMAN36M), still)
    assert change[LEFT_ARM, 3] > 5
    assert change[:, :3] == pytest.approx(0)
    assert np.delete(change, LEFT_ARM, axis=0) == pytest.approx(0)
    trembling = still.copy()
    trembling[::2, 13] += 0.02
    assert terms_with(trembling, still)[LEFT_ARM, 1] > 1


def test_costs_rise_with_every_term() -> None:
    plain = np.zeros((1, 5, 4))
    for term in range(len(judge.TERMS)):
        worse = plain.copy()
        worse[0, 2, term] = 1
        costs = judge.costs_of(worse)[0]
        assert costs[2] == judge.WORTH[term] > 0
        assert not np.delete(costs, 2).any()


def test_a_clip_of_one_or_two_frames_can_be_judged(still: Floats) -> None:
    for frames in (1, 2):
        assert np.isfinite(terms_with(still[:frames], still[:frames])).all()
