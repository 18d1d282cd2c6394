"""The root solver: exact on exact, near the truth on noisy, sane on bad input."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from retake.shared.camera import Camera
from retake.shared.errors import RetakeError
from retake.shared.root import NEAREST_M, CameraPath, solve_root

FPS = 50.0
Make = Callable[..., Any]


def _correlated(
    rng: np.random.Generator, shape: tuple[int, ...], size: float, frames: float
) -> Any:
    """Noise of standard deviation `size`, correlated over `frames` along the first axis."""
    kernel = np.exp(-0.5 * (np.arange(-30, 31) / frames) ** 2)
    white = rng.normal(size=(shape[0] + 60, *shape[1:]))
    smooth = np.apply_along_axis(lambda v: np.convolve(v, kernel, "valid"), 0, white)
    return size * smooth / smooth.std()


def _jitter(root: Any) -> float:
    return float(np.linalg.norm(np.diff(root, 2, axis=0), axis=-1).mean())


def test_exact_input_gives_the_exact_root(walk: Make, film: Make, camera: Camera) -> None:
    shot = film(walk(243, FPS).world)
    seen = np.ones(shot.points.shape[:2])
    root = solve_root(shot.poses, camera.project(shot.points), seen, camera, FPS, smoothness=0.0)
    np.testing.assert_allclose(root, shot.root, atol=1e-6)


def test_noisy_input_gives_a_quiet_root_near_the_truth(
    walk: Make, film: Make, camera: Camera
) -> None:
    """As in the design notes' table: 2D 5 px and 3D 40 mm, 5 m away, 243 frames."""
    rng = np.random.default_rng(0)
    shot = film(walk(243, FPS).world, yaw=1.2)
    pixels = camera.project(shot.points) + rng.normal(size=(243, 17, 2)) * 5
    poses = shot.poses + _correlated(rng, (243, 17, 3), 0.025, 5)  # 25 mm per axis: 40 mm in all
    seen = np.ones((243, 17))
    root = solve_root(poses, pixels, seen, camera, FPS)
    alone = solve_root(poses, pixels, seen, camera, FPS, smoothness=0.0)
    error = np.abs(root - shot.root).mean(axis=0)
    assert error[2] < 0.06
    assert error[2] < 0.8 * np.abs(alone - shot.root)[:, 2].mean()
    assert error[:2].max() < 0.02
    assert _jitter(root) < 0.002 < 0.05 < _jitter(alone)


@pytest.mark.parametrize("fps", [24.0, 60.0])
def test_smoothness_means_the_same_at_every_frame_rate_and_resolution(
    walk: Make, film: Make, camera: Camera, fps: float
) -> None:
    """A hip that shakes at 2 Hz keeps the same share of its movement."""
    frames = int(8 * fps)
    world = walk(frames, fps, 0.0, 0.0).world
    world[..., 0] += 0.05 * np.sin(2 * np.pi * 2.0 * np.arange(frames) / fps)[:, None]
    shot = film(world, pitch=0.0, yaw=0.0)
    wide = Camera(2 * camera.fx, 2 * camera.fy, 1000.0, 1000.0, 2000, 2000)
    middle = slice(int(2 * fps), int(6 * fps))
    for lens in (camera, wide):
        pixels = lens.project(shot.points)
        root = solve_root(shot.poses, pixels, np.ones((frames, 17)), lens, fps, smoothness=0.3)
        share = root[middle, 0].std() / shot.root[middle, 0].std()
        assert 0.07 < share < 0.09  # 17 joints / (17 + (0.3 s * 2 pi * 2 Hz)^4)


def test_gross_outliers_do_not_move_the_root(walk: Make, film: Make, camera: Camera) -> None:
    rng = np.random.default_rng(1)
    shot = film(walk(120, FPS).world)
    pixels = camera.project(shot.points) + rng.normal(size=(120, 17, 2))
    pixels[rng.random((120, 17)) < 0.1] += 300.0
    root = solve_root(shot.poses, pixels, np.ones((120, 17)), camera, FPS)
    assert np.linalg.norm(root - shot.root, axis=-1).max() < 0.15


def test_gaps_are_bridged(walk: Make, film: Make, camera: Camera) -> None:
    shot = film(walk(150, FPS).world)
    pixels = camera.project(shot.points)
    pixels[40:80] = np.nan
    pixels[:5] = np.nan
    pixels[100:110, 1:] = np.nan
    pixels[::7, 3:9] = np.nan
    root = solve_root(shot.poses, pixels, np.ones((150, 17)), camera, FPS)
    assert np.linalg.norm(root - shot.root, axis=-1).max() < 0.1


def test_a_long_gap_at_the_end_does_not_fly_away(walk: Make, film: Make, camera: Camera) -> None:
    shot = film(walk(500, FPS, 0.3).world)
    pixels = camera.project(shot.points)
    pixels[50:] = np.nan
    root = solve_root(shot.poses, pixels, np.ones((500, 17)), camera, FPS)
    assert np.linalg.norm(root[50:] - root[49], axis=-1).max() < 2.0


def test_a_close_up_is_followed_without_the_legs(walk: Make, film: Make, camera: Camera) -> None:
    """Far away at first, then so close that the picture ends at the waist."""
    rng = np.random.default_rng(2)
    shot = film(walk(250, FPS).world, pitch=0.0, yaw=0.0, distance=4.2)
    pixels = camera.project(shot.points) + rng.normal(size=(250, 17, 2)) * 2
    pixels[100:, :7] = np.nan
    root = solve_root(shot.poses, pixels, np.ones((250, 17)), camera, FPS)
    assert shot.root[0, 2] > 7 > 1.5 > shot.root[-1, 2]
    assert np.linalg.norm(root - shot.root, axis=-1).max() < 0.1


def test_missing_joints_and_joints_of_no_confidence_are_the_same(
    walk: Make, film: Make, camera: Camera
) -> None:
    shot = film(walk(60, FPS).world)
    missing, wrong = camera.project(shot.points), camera.project(shot.points)
    seen = np.ones((60, 17))
    missing[:, 5:9] = np.nan
    wrong[:, 5:9] = 0.0
    sure = seen.copy()
    sure[:, 5:9] = 0.0
    np.testing.assert_array_equal(
        solve_root(shot.poses, missing, seen, camera, FPS),
        solve_root(shot.poses, wrong, sure, camera, FPS),
    )


def test_a_pose_that_contradicts_the_picture_stays_in_front_of_the_camera(
    walk: Make, film: Make, camera: Camera
) -> None:
    """Mirrored through the root, the pose fits the picture only behind the camera."""
    shot = film(walk(60, FPS).world, distance=3.0)
    poses = -shot.poses
    root = solve_root(poses, camera.project(shot.points), np.ones((60, 17)), camera, FPS)
    assert np.all(np.isfinite(root))
    assert np.all(root[:, None, 2] + poses[..., 2] >= NEAREST_M - 1e-9)
    assert np.all(root[:, 2] < 10)


def test_many_hypotheses_are_solved_as_each_alone(walk: Make, film: Make, camera: Camera) -> None:
    """One of them contradicts the picture, in an odd number of frames with a gap."""
    rng = np.random.default_rng(4)
    shot = film(walk(75, FPS).world)
    pixels = camera.project(shot.points) + rng.normal(size=(75, 17, 2)) * 3
    pixels[30:40] = np.nan
    poses = shot.poses + rng.normal(size=(4, 75, 17, 3)) * 0.03
    poses[2] *= -1
    seen = rng.random((75, 17))
    alone = np.stack([solve_root(pose, pixels, seen, camera, FPS) for pose in poses])
    together = solve_root(poses, pixels, seen, camera, FPS)
    np.testing.assert_allclose(together, alone, atol=1e-8)
    assert np.abs(alone[0] - alone[1]).max() > 1e-3


def test_noise_in_the_poses_does_not_push_the_person_away(
    walk: Make, film: Make, camera: Camera
) -> None:
    """Judged at the picture alone, bodies look larger by their noise: 70 mm farther here."""
    rng = np.random.default_rng(5)
    shot = film(walk(400, FPS).world)
    pixels = camera.project(shot.points) + rng.normal(size=(400, 17, 2)) * 8
    poses = shot.poses + rng.normal(size=(400, 17, 3)) * 0.035
    root = solve_root(poses, pixels, np.ones((400, 17)), camera, FPS)
    assert abs(np.mean(root[:, 2] - shot.root[:, 2])) < 0.02


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 7])
def test_short_clips(walk: Make, film: Make, camera: Camera, frames: int) -> None:
    shot = film(walk(frames, FPS).world)
    root = solve_root(shot.poses, camera.project(shot.points), np.ones((frames, 17)), camera, FPS)
    np.testing.assert_allclose(root, shot.root, atol=0.01)


def _orbit(frames: int, seconds: float, sway: float) -> CameraPath:
    """Round the origin, 5 m away and 1.4 m up, once in `seconds`; it shakes by `sway` radians."""
    time = np.arange(frames) / FPS
    yaw = 2 * np.pi * time / seconds
    away = np.stack([np.sin(yaw), -np.cos(yaw), 0 * yaw], axis=-1)
    aim = yaw + sway * np.sin(2 * np.pi * 1.5 * time)
    right = np.stack([np.cos(aim), np.sin(aim), 0 * aim], axis=-1)
    ahead = np.stack([-np.sin(aim), np.cos(aim), 0 * aim], axis=-1)
    down = np.broadcast_to([0.0, 0.0, -1.0], right.shape)
    return CameraPath(np.stack([right, down, ahead], axis=-1), 5 * away + (0, 0, 1.4))


def test_with_a_moving_camera_the_path_is_smooth_in_the_world(walk: Make, camera: Camera) -> None:
    rng = np.random.default_rng(2)
    world = walk(200, FPS).world
    world = world - world[:, 0].mean(axis=0) * (1, 1, 0)
    path = _orbit(200, seconds=5, sway=0.1)
    points = path.to_camera(np.swapaxes(world, 0, 1)).swapaxes(0, 1)
    pixels = camera.project(points) + rng.normal(size=(200, 17, 2)) * 5
    poses, seen = points - points[:, :1], np.ones((200, 17))

    def error(smoothness: float, known: CameraPath | None) -> float:
        root = solve_root(poses, pixels, seen, camera, FPS, smoothness, known)
        return float(np.linalg.norm(root - points[:, 0], axis=-1).mean())

    assert error(0.2, path) < 0.5 * error(0.2, None)
    assert error(0.1, path) < error(0.1, None)
    assert error(0.2, path) < 0.03


def test_a_camera_that_stands_still_may_stand_anywhere(
    walk: Make, film: Make, camera: Camera
) -> None:
    shot = film(walk(60, FPS).world)
    pixels = camera.project(shot.points) + np.random.default_rng(1).normal(size=(60, 17, 2)) * 5
    orbit = _orbit(60, seconds=5, sway=0.1)
    still = CameraPath(*(np.repeat(part[40:41], 60, axis=0) for part in orbit))
    alone, known = (
        solve_root(shot.poses, pixels, np.ones((60, 17)), camera, FPS, path=path)
        for path in (None, still)
    )
    np.testing.assert_allclose(known, alone, atol=1e-6)


def test_nothing_visible_is_one_sentence(camera: Camera) -> None:
    with pytest.raises(RetakeError, match="No joint is visible"):
        solve_root(np.zeros((3, 17, 3)), np.full((3, 17, 2), np.nan), np.ones((3, 17)), camera, FPS)


def test_memory_grows_linearly(walk: Make, film: Make, camera: Camera) -> None:
    """A dense solver would need gigabytes, and minutes, for ten thousand frames."""
    short, long = (_peak_bytes(film(walk(n, FPS, 0.0).world), camera) for n in (2_500, 10_000))
    assert long < 5 * short


def _peak_bytes(shot: Any, camera: Camera) -> int:
    pixels, seen = camera.project(shot.points), np.ones(shot.points.shape[:2])
    tracemalloc.start()
    solve_root(shot.poses, pixels, seen, camera, FPS)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak
