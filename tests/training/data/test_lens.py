"""Projection with distortion, and cameras found again from what they saw."""

import numpy as np
import pytest
from retake.shared.errors import RetakeError
from retake.training.data import lens as lenses
from retake.training.data.synthetic import camera_around

LENS = np.array([1145.0, 1143.5, 512.5, 515.4, -0.2, 0.24, -0.002, -0.0009, -0.0016])


def naive(point: tuple[float, float, float], lens: list[float]) -> tuple[float, float]:
    fx, fy, cx, cy, k1, k2, k3, p1, p2 = lens
    x, y = (min(max(v / point[2], -1), 1) for v in point[:2])
    r2 = x * x + y * y
    factor = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3 + p1 * x + p2 * y
    return fx * (x * factor + p1 * r2) + cx, fy * (y * factor + p2 * r2) + cy


def test_projection_is_the_formula_written_out():
    points = np.array([[0.3, -0.4, 4.0], [1.5, 0.2, 2.0], [9.0, -1.0, 3.0]])
    expected = [naive(tuple(p), LENS.tolist()) for p in points.tolist()]
    np.testing.assert_allclose(lenses.project(points, LENS), expected, rtol=1e-12)


def test_a_camera_is_found_from_exact_projections():
    rng = np.random.default_rng(1)
    world = rng.uniform([-1.5, -1.5, 0], [1.5, 1.5, 1.9], (900, 3)).astype(np.float32)
    camera = camera_around(rng, 2, 1000, 1002, distortion=True)
    pixels = lenses.project(camera.to_camera(world), camera.lens).astype(np.float32)
    found, error = lenses.resect(world, pixels)
    assert error < 1e-4  # pixels; they are rounded to float32
    np.testing.assert_allclose(found.to_camera(world), camera.to_camera(world), atol=2e-5)
    np.testing.assert_allclose(found.lens[:4], camera.lens[:4], atol=0.05)


def test_a_pinhole_is_found_in_camera_space():
    points = np.random.default_rng(2).uniform([-1, -1, 3], [1, 1, 6], (50, 3))
    straight = np.concatenate([LENS[:4], np.zeros(5)])
    found, error = lenses.pinhole(points, lenses.project(points, straight))
    np.testing.assert_allclose(found, straight, atol=1e-8)
    assert error < 1e-8


def test_points_in_one_plane_are_refused():
    flat = np.random.default_rng(3).uniform(-1, 1, (100, 3)) * (1, 1, 0)
    with pytest.raises(RetakeError, match="one plane"):
        lenses.resect(flat, flat[:, :2] * 100 + 500)


def test_least_squares_finds_the_least():
    # Rosenbrock's valley, whose least is at (1, 1).
    found = lenses.least_squares(
        lambda x: np.array([10 * (x[1] - x[0] ** 2), 1 - x[0]]), np.array([-1.2, 1.0])
    )
    np.testing.assert_allclose(found, [1, 1], atol=1e-6)
