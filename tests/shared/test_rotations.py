import numpy as np
import pytest
from retake.shared import rotations
from retake.shared.arrays import Floats


def random_quaternions(count: int, seed: int = 0) -> Floats:
    return rotations.normalise(np.random.default_rng(seed).normal(size=(count, 4)))


def test_matrix_and_back_is_the_same_rotation():
    quats = random_quaternions(200)
    back = rotations.quaternion_from_matrix(rotations.matrix_from_quaternion(quats))
    np.testing.assert_allclose(np.abs(np.sum(back * quats, axis=-1)), 1, atol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_half_turns_survive_the_round_trip(axis: int):
    quat = np.eye(4)[axis + 1]
    back = rotations.quaternion_from_matrix(rotations.matrix_from_quaternion(quat))
    assert abs(back @ quat) == pytest.approx(1)


def test_matrices_are_rotations():
    m = rotations.matrix_from_quaternion(random_quaternions(50))
    np.testing.assert_allclose(m @ m.swapaxes(-1, -2), np.tile(np.eye(3), (50, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(m), 1)


def test_continuous_leaves_no_sign_flip_and_the_same_rotations():
    quats = random_quaternions(100)
    smooth = rotations.continuous(quats)
    assert (np.sum(smooth[1:] * smooth[:-1], axis=-1) >= 0).all()
    np.testing.assert_allclose(np.abs(np.sum(smooth * quats, axis=-1)), 1)


def test_frame_is_orthonormal_and_keeps_the_primary_axis():
    rng = np.random.default_rng(4)
    a, b = rng.normal(size=(2, 20, 3))
    f = rotations.frame(a, b)
    np.testing.assert_allclose(f.swapaxes(-1, -2) @ f, np.tile(np.eye(3), (20, 1, 1)), atol=1e-12)
    np.testing.assert_allclose(f[..., 0], rotations.normalise(a))
