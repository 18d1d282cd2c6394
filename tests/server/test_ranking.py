from __future__ import annotations

import numpy as np
import pytest
from retake.server import ranking
from retake.shared.arrays import Floats
from retake.shared.camera import Camera
from retake.shared.takes import LIMB_GROUPS

CAMERA = Camera.with_default_focal(640, 480)
CERTAIN = np.ones((10, 17))


@pytest.fixture
def positions() -> Floats:
    """(10, 17, 3): somebody 4 m in front of the camera."""
    return np.random.default_rng(0).normal(0, 0.4, (10, 17, 3)) + np.array([0, 0, 4])


def test_a_perfect_hypothesis_has_no_error(positions: Floats) -> None:
    moved = positions + np.array([0.05, 0, 0])
    errors = ranking.reprojection_errors(
        np.stack([positions, moved]), CAMERA.project(positions), CERTAIN, CAMERA
    )
    assert errors[0] == pytest.approx(0)
    assert errors[1] > 0.01


def test_errors_do_not_depend_on_the_size_of_the_picture(positions: Floats) -> None:
    moved = (positions + np.array([0.05, 0, 0]))[None]
    large = Camera(CAMERA.fx * 3, CAMERA.fy * 3, 960, 720, 1920, 1440)
    small_error, large_error = (
        ranking.reprojection_errors(moved, camera.project(positions), CERTAIN, camera)
        for camera in (CAMERA, large)
    )
    np.testing.assert_allclose(small_error, large_error)


def test_one_wild_keypoint_counts_little_and_an_unseen_one_nothing(positions: Floats) -> None:
    pixels = CAMERA.project(positions)
    pixels[:, 16] = 1e6
    from_hip = CAMERA.project(positions) - CAMERA.project(positions)[:, :1]
    assert np.abs(from_hip).max() < 1e3
    unseen = CERTAIN.copy()
    unseen[:, 16] = 0
    seen_error, unseen_error = (
        ranking.reprojection_errors(positions[None], pixels, confidence, CAMERA)[0]
        for confidence in (CERTAIN, unseen)
    )
    assert seen_error <= ranking.LARGEST_ERROR / 17 + 1e-9
    assert unseen_error < 1e-6


def test_a_body_behind_the_camera_gets_a_finite_error(positions: Floats) -> None:
    behind = (positions * (1, 1, -1))[None]
    errors = ranking.reprojection_errors(behind, CAMERA.project(positions), CERTAIN, CAMERA)
    assert 0 < errors[0] <= ranking.LARGEST_ERROR


def test_weights_sum_to_one_and_fall_with_the_error() -> None:
    weights = ranking.weights_of(np.array([0.03, 0.02, 0.02 + ranking.TEMPERATURE]))
    assert weights.sum() == pytest.approx(1)
    assert weights[1] > weights[0] == pytest.approx(weights[2])
    assert weights[1] / weights[0] == pytest.approx(np.e, rel=1e-5)


def test_spread_is_zero_where_all_agree_and_the_distance_where_they_do_not() -> None:
    poses = np.zeros((2, 5, 17, 3))
    poses[0, :, 3, 1], poses[1, :, 3, 1] = 0.1, -0.1
    spread = ranking.spread_of(poses)
    np.testing.assert_allclose(spread[:, 3], 0.1, rtol=1e-6)
    assert not np.delete(spread, 3, axis=1).any()


def test_the_medoid_is_the_middle_one_and_follows_the_weights() -> None:
    poses = np.zeros((3, 4, 17, 3)) + np.array([0.0, 1.0, 5.0])[:, None, None, None]
    assert ranking.medoid(poses, np.array([1 / 3, 1 / 3, 1 / 3])) == 1
    assert ranking.medoid(poses, np.array([0.05, 0.05, 0.9])) == 2


def test_alternatives_are_ordered_by_weight_in_every_group() -> None:
    groups = ranking.rank_alternatives(np.array([0.2, 0.5, 0.3]))
    assert set(groups) == set(LIMB_GROUPS)
    for ranked in groups.values():
        assert [a.hypothesis for a in ranked] == [1, 2, 0]
        assert [a.name for a in ranked] == ["Take 2", "Take 3", "Take 1"]
        assert [a.share for a in ranked] == [0.5, 0.3, 0.2]
