"""What speaks against a take, and takes that are drawn while they arrive."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from retake.blender_addon.takes.arriving import LEVEL, camera_axes, figures_at
from retake.blender_addon.takes.costs import costs_of
from retake.shared.arrays import Floats
from retake.shared.skeleton import HUMAN36M
from retake.shared.takes import Takes


def _standing() -> Floats:
    """(17, 3), camera frame: legs straight down, the left side at +x as of who faces the camera."""
    pose = np.zeros((17, 3))
    for side, joints in ((-1, (1, 2, 3)), (1, (4, 5, 6))):
        for joint, down in zip(joints, (0.0, 0.4, 0.8), strict=True):
            pose[joint] = (0.12 * side, down, 0.0)
    return pose


def test_feet_slide_only_while_they_stand(make_takes: Callable[..., Takes]) -> None:
    poses = np.tile(_standing(), (2, 50, 1, 1))
    root = np.zeros((2, 50, 3), np.float32)
    root[1, :, 0] = np.linspace(0, 0.98, 50)  # 2 cm per frame at 25 fps
    contacts = np.ones((50, 4), np.float32)
    slides = costs_of(make_takes(poses, root=root, contacts=contacts)).slide_cm_s
    assert slides.tolist() == pytest.approx([0, 50], abs=0.01)
    in_the_air = make_takes(poses, root=root, contacts=0 * contacts)
    assert costs_of(in_the_air).slide_cm_s.tolist() == [0, 0]


def test_jitter_is_no_sliding(make_takes: Callable[..., Takes]) -> None:
    poses = np.tile(_standing(), (1, 200, 1, 1))
    poses[0, :, (3, 6)] += np.random.default_rng(0).normal(0, 0.01, (2, 200, 3))
    noisy = make_takes(poses, contacts=np.ones((200, 4), np.float32))
    assert costs_of(noisy).slide_cm_s[0] < 20  # from frame to frame it would be 56


def test_knees_bend_one_way(make_takes: Callable[..., Takes]) -> None:
    poses = np.tile(_standing(), (3, 10, 1, 1))
    poses[1, :5, 6, 2] += 0.3  # the left foot behind the knee: away from the camera
    poses[2, :5, 6, 2] -= 0.3  # in front of it
    assert costs_of(make_takes(poses)).wrong_knees.tolist() == [0, 0, 0.5]


def test_a_raised_thigh_is_no_wrong_knee(make_takes: Callable[..., Takes]) -> None:
    pose = _standing()
    pose[5], pose[6] = (0.12, 0.0, -0.4), (0.12, 0.4, -0.4)
    assert costs_of(make_takes(np.tile(pose, (1, 3, 1, 1)))).wrong_knees.tolist() == [0]


def test_finished_frames_hang_upright_on_the_hip() -> None:
    poses = np.tile(_standing(), (7, 20, 1, 1)).astype(np.float32)
    lines = figures_at(poses, 0.1, np.array([1.0, 2.0, 0.9]))
    assert lines is not None
    assert lines.shape == (5, len(HUMAN36M.bones), 2, 3)
    left_foot = lines[0, [child for _, child in HUMAN36M.bones].index(6), 1]
    np.testing.assert_allclose(left_foot, (1.12, 2.0, 0.1), atol=1e-6)
    assert figures_at(poses, 0.5, np.zeros(3)) is None
    assert figures_at(poses, -0.1, np.zeros(3)) is None


def test_a_level_blender_camera_is_the_level_camera() -> None:
    """It looks along the scene's Y: a quarter turn about X from looking down."""
    matrix = np.array([[1.0, 0, 0, 3], [0, 0, -1, -4], [0, 1, 0, 1], [0, 0, 0, 1]])
    np.testing.assert_allclose(camera_axes(matrix), LEVEL, atol=1e-12)
