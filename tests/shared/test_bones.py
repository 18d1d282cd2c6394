import numpy as np
import pytest
from retake.shared.bones import decompose, recompose
from retake.shared.skeleton import HUMAN36M


@pytest.mark.parametrize("shape", [(), (5,), (2, 3, 4)])
def test_bones_recompose_to_the_joints(shape: tuple[int, ...]):
    positions = np.random.default_rng(1).normal(size=(*shape, 17, 3))
    positions -= positions[..., :1, :]
    lengths, directions = decompose(positions, HUMAN36M)
    np.testing.assert_allclose(recompose(lengths, directions, HUMAN36M), positions, atol=1e-12)


def test_directions_have_length_one_and_the_root_slot_is_zero():
    positions = np.random.default_rng(2).normal(size=(4, 17, 3))
    lengths, directions = decompose(positions, HUMAN36M)
    np.testing.assert_allclose(np.linalg.norm(directions[:, 1:], axis=-1), 1)
    assert not lengths[:, 0].any()
    assert not directions[:, 0].any()


def test_a_bone_without_length_gives_no_nan():
    lengths, directions = decompose(np.zeros((17, 3)), HUMAN36M)
    assert np.isfinite(lengths).all()
    assert np.isfinite(directions).all()
