"""The metrics of poses, by their properties."""

import numpy as np
import pytest
from retake.shared.rotations import matrix_from_quaternion, normalise
from retake.shared.skeleton import HUMAN36M, MPI_INF_3DHP
from retake.training import metrics

POSE = np.random.default_rng(0).normal(size=(6, 17, 3))


def test_mpjpe_of_a_shifted_pose_is_the_shift():
    assert metrics.mpjpe(POSE + np.array([0.03, 0, 0.04]), POSE) == pytest.approx(0.05)


def test_p_mpjpe_ignores_rotation_scale_and_place():
    rotation = matrix_from_quaternion(normalise(np.array([0.3, 0.5, -0.7, 0.2])))
    moved = 1.7 * POSE @ rotation.T + np.array([1, 2, 3])
    np.testing.assert_allclose(metrics.p_mpjpe(moved, POSE), 0, atol=1e-12)
    np.testing.assert_allclose(metrics.aligned(moved, POSE), POSE, atol=1e-12)


def test_p_mpjpe_does_not_mirror():
    assert metrics.p_mpjpe(POSE * np.array([-1, 1, 1]), POSE).min() > 0.1


def test_p_mpjpe_is_never_above_mpjpe():
    other = POSE + np.random.default_rng(1).normal(0, 0.2, POSE.shape)
    centred = other - other.mean(-2, keepdims=True) + POSE.mean(-2, keepdims=True)
    assert (metrics.p_mpjpe(other, POSE) <= metrics.mpjpe(centred, POSE) + 0.02).all()


def test_a_rigid_skeleton_has_no_consistency_error():
    still = np.broadcast_to(POSE[0], (8, 17, 3))
    assert metrics.mpsce(still, HUMAN36M.bones) == pytest.approx(0)
    assert metrics.mpsce(POSE, HUMAN36M.bones) > 0.1


@pytest.mark.parametrize("skeleton", [HUMAN36M, MPI_INF_3DHP], ids=lambda s: s.name)
def test_a_mirrored_skeleton_has_no_symmetry_error(skeleton: metrics.Skeleton):
    flipped = POSE[:, skeleton.mirror] * np.array([-1, 1, 1])
    symmetric = (POSE + flipped) / 2
    assert metrics.mpsse(symmetric, skeleton) == pytest.approx(0)
    longer = symmetric.copy()
    hand = skeleton.joints.index("left_wrist")
    elbow = skeleton.parents[hand]
    longer[:, hand] = symmetric[:, elbow] + 1.5 * (symmetric[:, hand] - symmetric[:, elbow])
    length = np.linalg.norm(symmetric[:, hand] - symmetric[:, elbow], axis=-1)
    sides = len(skeleton.left)
    assert metrics.mpsse(longer, skeleton) == pytest.approx(0.5 * length.mean() / sides)


def test_acceleration_error_ignores_steady_drift():
    drift = np.arange(6)[:, None, None] * np.ones(3)
    assert metrics.acceleration_error(POSE + drift, POSE) == pytest.approx(0)


def test_pck_is_strict_and_auc_takes_31_thresholds():
    assert metrics.pck(np.array([[149.999, 150.0, 10.0, 400.0]])) == 50
    assert len(metrics.AUC_LIMITS) == 31
    # A perfect pose misses the first threshold only: nothing is strictly below 0.
    assert metrics.auc(np.zeros((3, 14))) == pytest.approx(100 * 30 / 31)
    assert metrics.auc(np.full((3, 14), 72.0)) == pytest.approx(100 * 16 / 31)  # 75 ... 150
