"""Windows, bodies, cameras and detector noise: shapes, geometry, repeatability."""

from pathlib import Path

import numpy as np
import pytest
from retake.shared.bones import decompose
from retake.shared.errors import RetakeError
from retake.shared.model.config import ModelConfig
from retake.shared.skeleton import HUMAN36M
from retake.training.batches import draw_batch
from retake.training.detector_noise import corrupt
from retake.training.mocap import MocapSet, random_bodies
from retake.training.virtual_camera import NEAREST, view


@pytest.fixture
def mocap(data: Path) -> MocapSet:
    return MocapSet.load(data / "cmu17_train.npz")


def test_windows_never_cross_from_one_clip_into_the_next(mocap: MocapSet):
    windows = mocap.draw_windows(np.random.default_rng(0), 200, 30)
    speed = np.abs(np.diff(windows[:, :, 0, 0], axis=1))
    assert windows.shape == (200, 30, 17, 3)
    assert speed.max() < 0.02


def test_a_clip_shorter_than_the_window_is_continued(mocap: MocapSet):
    windows = mocap.draw_windows(np.random.default_rng(0), 5, 120)
    np.testing.assert_array_equal(windows[:, -1], windows[:, -2])


def test_other_bodies_keep_directions_and_are_symmetric(mocap: MocapSet):
    rng = np.random.default_rng(0)
    world = mocap.draw_windows(rng, 4, 10)
    other = random_bodies(rng, world)
    old_lengths, old = decompose(world, HUMAN36M)
    new_lengths, new = decompose(other, HUMAN36M)
    np.testing.assert_allclose(new[..., 1:, :], old[..., 1:, :], atol=1e-3)
    factor = new_lengths[..., 1:, 0] / old_lengths[..., 1:, 0]
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1], factor.shape), atol=1e-2)
    left, right = ([j - 1 for j in side] for side in (HUMAN36M.left, HUMAN36M.right))
    np.testing.assert_allclose(factor[..., left], factor[..., right], atol=1e-2)


def test_cameras_see_people_upright_in_front_of_them(mocap: MocapSet):
    rng = np.random.default_rng(0)
    positions, points = view(rng, mocap.draw_windows(rng, 100, 5))
    assert positions[..., 2].min() > NEAREST - 1e-4
    assert (
        points[:, :, 10, 1] < points[:, :, 3, 1]
    ).mean() > 0.99  # the head above the foot, y down


def test_a_camera_does_not_change_the_body(mocap: MocapSet):
    rng = np.random.default_rng(0)
    world = mocap.draw_windows(rng, 10, 5)
    positions, _ = view(rng, world)
    np.testing.assert_allclose(
        decompose(positions, HUMAN36M)[0], decompose(world, HUMAN36M)[0], atol=1e-4
    )
    # No mirror image: left of the person stays on the left of its facing direction.
    for p in (world, positions):
        across, up, forward = (
            p[..., 4, :] - p[..., 1, :],
            p[..., 8, :] - p[..., 0, :],
            p[..., 9, :] - p[..., 8, :],
        )
        assert (np.sum(np.cross(across, up) * forward, axis=-1) > 0).mean() > 0.95


def test_noise_is_small_and_some_windows_stay_exact(mocap: MocapSet):
    rng = np.random.default_rng(0)
    _, points = view(rng, mocap.draw_windows(rng, 200, 27))
    error = np.linalg.norm(corrupt(rng, points.copy()) - points, axis=-1)
    height = points[..., 1].max((1, 2)) - points[..., 1].min((1, 2))
    untouched = np.median(error, axis=(1, 2)) < 1e-6
    assert 0.15 < untouched.mean() < 0.45
    assert 0.002 < np.median(error[~untouched] / height[~untouched, None, None]) < 0.05


def test_the_same_step_gives_the_same_batch(mocap: MocapSet):
    config = ModelConfig(frames=9, width=16, depth=1, heads=2, keypoint_frame="person")
    one, two = (draw_batch(mocap, config, 4, np.random.default_rng([0, 7])) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        assert a.equal(b)
    assert one[0].shape == (4, 9, 17, 2)
    assert one[1][..., 0, :].abs().max() == 0


def test_a_foreign_file_is_refused(tmp_path: Path):
    np.savez(tmp_path / "x.npz", a=np.zeros(3))
    with pytest.raises(RetakeError, match="has no 'pos'"):
        MocapSet.load(tmp_path / "x.npz")
