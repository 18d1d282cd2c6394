"""The floor: found under people who walk, stand, crouch, jump and stand on their hands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from retake.shared.ground import Ground, find_ground, settle

FPS = 50.0
Make = Callable[..., Any]
ANKLES, WRISTS = (3, 6), (13, 16)


def _tilt_degrees(ground: Ground, up: Any) -> float:
    return float(np.degrees(np.arccos(np.clip(ground.rotation[2] @ up, -1, 1))))


def _noisy(points: Any, size: float) -> Any:
    """Errors of half a second's length, as pose models make them; the same for every call."""
    rng = np.random.default_rng(3)
    coarse = rng.normal(size=(len(points) // 25 + 2, *points.shape[1:]))
    at = np.arange(len(points)) / 25
    low = np.floor(at).astype(int)
    part = (at - low)[:, None, None]
    return points + size * (coarse[low] * (1 - part) + coarse[low + 1] * part)


@pytest.mark.parametrize("pitch_degrees", [-25, 0, 25])
@pytest.mark.parametrize("yaw", [0.0, 1.0, 2.6])
def test_a_walk_gives_the_world_back(
    walk: Make, film: Make, pitch_degrees: float, yaw: float
) -> None:
    world = walk(200, FPS).world
    shot = film(world, np.radians(pitch_degrees), yaw)
    ground = find_ground(shot.points, FPS)
    assert _tilt_degrees(ground, shot.up) < 1.5
    back = ground.to_world(shot.points)
    np.testing.assert_allclose(back[0, 0, :2], 0, atol=1e-9)
    assert np.abs(back - (world - world[0, 0] * (1, 1, 0))).max() < 0.1
    assert abs(np.quantile(back[:, ANKLES, 2].min(axis=1), 0.1) - 0.0765) < 0.01


def test_the_world_is_a_rigid_motion_of_the_camera_frame(walk: Make, film: Make) -> None:
    ground = find_ground(film(walk(60, FPS).world).points, FPS)
    np.testing.assert_allclose(ground.rotation @ ground.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(ground.rotation) == pytest.approx(1.0)


def test_a_noisy_walk(walk: Make, film: Make) -> None:
    shot = film(walk(300, FPS).world, 0.3, distance=6.0)
    ground = find_ground(_noisy(shot.points, 0.03), FPS)
    assert _tilt_degrees(ground, shot.up) < 4


def test_one_noisy_stride_does_not_tilt_the_world(walk: Make, film: Make) -> None:
    shot = film(walk(40, FPS).world, 0.1)
    ground = find_ground(_noisy(shot.points, 0.05), FPS)
    assert _tilt_degrees(ground, shot.up) < 6
    assert abs(ground.rotation[2, 0]) < np.sin(np.radians(3)), "roll"


def test_feet_do_not_sink(walk: Make, film: Make) -> None:
    shot = film(walk(300, FPS).world, 0.2)
    ankles = find_ground(_noisy(shot.points, 0.02), FPS).to_world(_noisy(shot.points, 0.02))[
        :, ANKLES, 2
    ]
    assert np.quantile(ankles.min(axis=1), 0.1) > 0.06


@pytest.mark.parametrize("hip_height", [0.9, 0.4], ids=["upright", "crouching"])
def test_a_person_who_stays_in_place(walk: Make, film: Make, hip_height: float) -> None:
    """One ankle is seen 4 cm too low: two feet close together must not decide the roll."""
    shot = film(walk(250, FPS, 0.0, 0.0, hip_height).world, 0.15)
    points = shot.points.copy()
    points[:, 3] -= 0.04 * shot.up
    ground = find_ground(points, FPS)
    assert _tilt_degrees(ground, shot.up) < 8
    assert abs(ground.rotation[2, 0]) < np.sin(np.radians(2)), "roll"
    assert np.abs(ground.to_world(points)[:, ANKLES, 2] - 0.0765).max() < 0.06


def test_a_jump_does_not_lift_the_floor(walk: Make, film: Make) -> None:
    world = walk(150, FPS, 0.0, 0.0).world
    flight = np.arange(30) / FPS
    world[60:90, :, 2] += (0.5 * 9.81 * flight * (flight[-1] - flight))[:, None]
    shot = film(world)
    back = find_ground(shot.points, FPS).to_world(shot.points)
    np.testing.assert_allclose(back[:60, ANKLES, 2], 0.0765, atol=0.02)


def test_a_handstand_has_the_floor_under_the_hands(walk: Make, film: Make) -> None:
    world = walk(100, FPS, 0.0, 0.0).world
    world[:, WRISTS, 2] = 1.75  # arms up, then everything upside down
    world = world * (-1, 1, -1) + (0, 0, 1.75 + 0.07)
    shot = film(world)
    ground = find_ground(shot.points, FPS)
    assert _tilt_degrees(ground, shot.up) < 8
    back = ground.to_world(shot.points)
    assert np.abs(back[:, WRISTS, 2] - 0.07).max() < 0.03
    assert back[:, ANKLES, 2].min() > 1.4


def test_a_handstand_after_a_walk_keeps_the_floor(walk: Make, film: Make) -> None:
    world = walk(200, FPS).world
    world[150:] = world[150] * (-1, 1, -1) + (0, 0, world[150, :, 2].max() + 0.1)
    shot = film(world)
    ground = find_ground(shot.points, FPS)
    assert _tilt_degrees(ground, shot.up) < 2
    assert abs(ground.to_world(shot.points)[0, ANKLES, 2].min() - 0.0765) < 0.02


def test_lying_on_the_side_gives_a_world_all_the_same(walk: Make, film: Make) -> None:
    """The left side is up: the body's front, not its left, decides what is -Y."""
    standing = walk(50, FPS, 0.0, 0.0).world
    world = standing[..., (2, 1, 0)] * (-1, 1, 1) + (0, 0, 0.4)
    shot = film(world)
    ground = find_ground(shot.points, FPS)
    assert _tilt_degrees(ground, shot.up) < 15
    back = ground.to_world(shot.points)
    nose_forward = back[0, 9] - (back[0, 8] + back[0, 10]) / 2
    assert nose_forward[1] < 0
    assert back[..., 2].min() > 0.0


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_very_short_clips(walk: Make, film: Make, frames: int) -> None:
    shot = film(walk(frames, FPS).world, 0.2)
    ground = find_ground(shot.points, FPS)
    assert _tilt_degrees(ground, shot.up) < 12
    assert abs(ground.to_world(shot.points)[:, ANKLES, 2].min() - 0.0765) < 0.05


def test_a_run_too_fast_to_rest_still_has_a_floor(walk: Make, film: Make) -> None:
    """Nothing is slow here: the usual slope decides alone."""
    world = walk(50, FPS, 0.0, 0.0).world
    world[..., 1] -= 5.0 * np.arange(50)[:, None] / FPS
    shot = film(world, distance=9.0)
    ground = find_ground(shot.points, FPS)
    assert _tilt_degrees(ground, shot.up) < 10
    assert np.all(np.isfinite(ground.to_world(shot.points)))


def test_settling_takes_out_slow_floating_and_leaves_the_motion(walk: Make) -> None:
    world = walk(150, FPS).world
    drift = 0.1 * np.sin(np.linspace(0, np.pi, 150))
    floating = world + np.stack([0 * drift, 0 * drift, drift], axis=-1)[:, None]
    settled = settle(floating, FPS)
    np.testing.assert_allclose(settled[..., :2], floating[..., :2])
    error = settled[..., 2] - settle(world, FPS)[..., 2]
    assert np.abs(error).max() < 0.035  # of a tenth of a metre
    assert np.ptp(error, axis=1).max() < 1e-9


def _raised(world: Any, height: Any) -> Any:
    return world + np.stack([0 * height, 0 * height, height], axis=-1)[:, None]


def _box(seconds: Any, height: float) -> Any:
    """Up after 4 s, down again after 8 s, in 0.4 s each."""
    return height * (np.clip((seconds - 4) / 0.4, 0, 1) - np.clip((seconds - 8) / 0.4, 0, 1))


@pytest.mark.parametrize("height", [0.17, 0.25, -0.3])
def test_settling_keeps_a_box_and_a_pit(walk: Make, height: float) -> None:
    world = _raised(walk(600, FPS, 0.0, 0.0).world, _box(np.arange(600) / FPS, height))
    assert np.abs(settle(world, FPS) - world).max() < 0.03
    seen = settle(_noisy(world, 0.02), FPS)
    rise = np.median(seen[250:370, ANKLES, 2]) - np.median(seen[450:, ANKLES, 2])
    assert rise == pytest.approx(height, abs=0.06)


def test_settling_keeps_stairs(walk: Make) -> None:
    """Eight steps of 17 cm, climbed at 0.55 s each."""
    seconds = np.arange(600) / FPS
    stairs = sum(0.17 * np.clip((seconds - 2 - 0.55 * n) / 0.3, 0, 1) for n in range(8))
    world = _raised(walk(600, FPS, 0.0, 0.0).world, stairs)
    assert np.abs(settle(world, FPS) - world).max() < 0.03


def test_the_size_of_a_step_is_the_animators(walk: Make) -> None:
    world = walk(600, FPS, 0.0, 0.0).world
    low = _raised(world, _box(np.arange(600) / FPS, 0.1))
    assert abs(settle(low, FPS)[300, 0, 2] - world[0, 0, 2]) < 0.02
    assert abs(settle(low, FPS, step=0.08)[300, 0, 2] - world[0, 0, 2] - 0.1) < 0.02


def _rolled(shot: Any, degrees: float) -> tuple[Any, Any]:
    """Points and up of a camera turned so that up leans to the right in the picture."""
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    turn = np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]])
    return shot.points @ turn.T, turn @ shot.up


@pytest.mark.parametrize("degrees", [-90, -12, 5, 40])
def test_a_known_roll(walk: Make, film: Make, degrees: float) -> None:
    points, up = _rolled(film(walk(200, FPS).world, 0.2), degrees)
    ground = find_ground(points, FPS, roll=np.radians(degrees))
    assert _tilt_degrees(ground, up) < 1.5


def test_a_roll_that_nobody_told_is_mostly_found(walk: Make, film: Make) -> None:
    points, up = _rolled(film(walk(200, FPS).world, 0.2), 12)
    assert _tilt_degrees(find_ground(points, FPS), up) < 5


def test_settling_keeps_jumps_and_chairs(walk: Make) -> None:
    world = walk(150, FPS, speed=0.0, lift=0.0).world
    frames = np.arange(150)
    jump = np.clip(0.3 - ((frames - 75) / 12) ** 2 * 0.3, 0, None)  # 0.48 s in the air
    settled = settle(world + np.stack([0 * jump, 0 * jump, jump], axis=-1)[:, None], FPS)
    assert settled[75, 0, 2] - settled[0, 0, 2] > 0.25
    chair = settle(world + np.array([0, 0, 0.45]), FPS)
    np.testing.assert_allclose(chair, world + np.array([0, 0, 0.45]))
