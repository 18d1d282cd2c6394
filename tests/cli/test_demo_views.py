"""Where the demo's cameras stand, checked by projecting points through them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from retake.cli import demo_views
from retake.cli.demo_views import Box, View
from retake.shared.arrays import Floats
from retake.shared.camera import Camera
from retake.shared.ground import find_ground
from retake.shared.takes import Takes

FRAMES = 40
STANDING = [
    (0.0, 0.0, 0.9),
    *((-0.12, 0.0, 0.9), (-0.12, -0.03, 0.48), (-0.12, 0.0, 0.08)),
    *((0.12, 0.0, 0.9), (0.12, -0.03, 0.48), (0.12, 0.0, 0.08)),
    *((0.0, 0.01, 1.14), (0.0, 0.0, 1.41), (0.0, -0.06, 1.52), (0.0, -0.06, 1.63)),
    *((0.17, 0.0, 1.38), (0.3, 0.02, 1.15), (0.35, -0.15, 0.98)),
    *((-0.17, 0.0, 1.38), (-0.3, 0.02, 1.15), (-0.35, -0.15, 0.98)),
]


@pytest.fixture
def takes(make_takes: Callable[..., Takes]) -> Takes:
    """Somebody steps sideways before a camera; hypothesis 2 differs from the best one in depth,
    hypothesis 1 more, but sideways."""
    world = np.tile(np.array(STANDING), (FRAMES, 1, 1))
    world[..., 0] += np.linspace(-0.3, 0.3, FRAMES)[:, None]
    seen = np.stack([world[..., 0], 1.0 - world[..., 2], world[..., 1] + 4], axis=-1)
    poses = np.stack([seen - seen[:, :1]] * 3)
    poses[1, :, 13, 0] += 0.5
    poses[2, :, 13, 2] += 0.2
    return make_takes(
        poses,
        fps=24.0,
        root=np.stack([seen[:, 0]] * 3).astype(np.float32),
        camera=Camera.with_default_focal(1280, 720),
    )


def project(view: View, points: Floats, width: float, height: float) -> Floats:
    """Pixels (..., 2) as Blender's camera with a horizontal sensor shows points (..., 3)."""
    seen = (points - view.location) @ view.axes
    flat = seen[..., :2] / -seen[..., 2:] / (2 * np.tan(view.field / 2)) - view.shift
    return np.stack([width / 2 + width * flat[..., 0], height / 2 - width * flat[..., 1]], axis=-1)


def test_frames_are_spread_evenly_within_the_clip() -> None:
    frames = demo_views.shown_frames(100, 6)
    assert len(set(frames)) == 6
    assert min(frames) == 100 - 1 - max(frames)
    assert np.ptp(np.diff(frames)) <= 1
    assert demo_views.shown_frames(2, 6)[-1] == 1


def test_the_other_take_is_the_one_that_differs_in_depth(takes: Takes) -> None:
    assert demo_views.other_hypothesis(takes) == 2


def test_the_videos_camera_shows_the_rig_where_the_video_shows_the_person(takes: Takes) -> None:
    """A rig that is the person, larger and elsewhere."""
    joints = takes.poses[0].astype(float) + takes.root[0][:, None]
    rig = find_ground(joints, takes.fps).to_world(joints) * 1.2 + (3.0, -2.0, 0.1)
    leg = float(np.linalg.norm(np.diff(rig[0, 1:4], axis=0), axis=-1).sum())
    frames = [0, 10, 35]
    view = demo_views.video_view(takes, frames, rig[frames, 0], leg)
    expected = takes.camera.project(joints)
    np.testing.assert_allclose(project(view, rig, 1280, 720), expected, atol=0.5)
    np.testing.assert_allclose(view.axes @ view.axes.T, np.eye(3), atol=1e-9)


def test_a_cropped_camera_shows_that_part_of_the_image() -> None:
    view = View(np.array([0.0, -5.0, 1.0]), np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), 0.9)
    crop = Box(100.0, -50.0, 500.0, 350.0)
    points = np.random.default_rng(0).uniform(-1, 1, (20, 3))
    whole = project(view, points, 1280, 720)
    part = project(demo_views.cropped(view, (1280, 720), crop), points, 400, 400)
    np.testing.assert_allclose(part, whole - (100, -50), atol=1e-6)


def test_the_crop_holds_all_that_is_seen_in_the_wanted_shape() -> None:
    points = np.random.default_rng(0).uniform(200, 400, (5, 17, 2))
    points[2, 3] = np.nan
    box = demo_views.crop_around(points, (1280, 720), 0.8)
    assert box.width / box.height == pytest.approx(0.8)
    seen = points[np.isfinite(points)].reshape(-1, 2)
    assert (seen > (box.left, box.top)).all()
    assert (seen < (box.right, box.bottom)).all()


@pytest.mark.parametrize("aspect", [0.7, 1.4])
def test_the_side_camera_sees_everything_from_the_side(aspect: float) -> None:
    video = View(np.array([0.0, -5.0, 1.0]), np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), 0.9)
    points = np.random.default_rng(0).uniform(-1, 1, (50, 3)) * (1.0, 2.0, 1.0)
    axes = demo_views.side_axes(video)
    assert np.linalg.det(axes) == pytest.approx(1)
    assert axes[2, 0] == pytest.approx(0), "level"
    assert np.degrees(np.arccos(axes[:2, 2] @ (0, -1) / np.linalg.norm(axes[:2, 2]))) == (
        pytest.approx(70)
    )
    pixels = project(demo_views.side_view(points, axes, aspect), points, aspect, 1.0)
    assert (pixels > 0).all()
    assert (pixels < (aspect, 1.0)).all()
    assert (np.ptp(pixels, axis=0) / (aspect, 1.0)).max() > 0.6, "no farther than need be"


def test_the_second_rig_stands_behind_for_the_video_and_beside_for_the_other_camera() -> None:
    video = View(np.array([0.0, -5.0, 1.0]), np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]), 0.9)
    for turned in (video, replace(video, axes=video.axes @ np.diag([-1.0, 1.0, -1.0]))):
        way = demo_views.beside(turned)
        assert way @ -turned.axes[:, 2] > 0.8
        assert abs(way @ demo_views.side_axes(turned)[:, 0]) == pytest.approx(demo_views.BESIDE)
