"""Fast arithmetic on vectors and rotations agrees with the plain one, in any memory layout."""

from __future__ import annotations

import numpy as np
import pytest
from retake.blender_addon.rig.solving import vectors
from retake.shared import rotations
from retake.shared.arrays import Floats


@pytest.fixture(params=[(), (1,), (200,), (50, 4)], ids=str)
def shape(request: pytest.FixtureRequest) -> tuple[int, ...]:
    return request.param


def some_quaternions(shape: tuple[int, ...], seed: int) -> Floats:
    return rotations.normalise(np.random.default_rng(seed).normal(size=(*shape, 4)))


def test_products_and_frames_are_those_of_numpy(shape: tuple[int, ...]) -> None:
    first, second = (rotations.matrix_from_quaternion(some_quaternions(shape, s)) for s in (0, 1))
    along, other = np.random.default_rng(2).normal(size=(2, *shape, 3))
    np.testing.assert_allclose(vectors.mul(first, second), first @ second, atol=1e-12)
    expected = (first @ along[..., None])[..., 0]
    np.testing.assert_allclose(vectors.turned(first, along), expected, atol=1e-12)
    np.testing.assert_allclose(vectors.cross(along, other), np.cross(along, other), atol=1e-12)
    np.testing.assert_allclose(
        vectors.frame(along, other), rotations.frame(along, other), atol=1e-9
    )


def test_layout_makes_no_difference() -> None:
    quats = some_quaternions((100,), 3)
    plain = rotations.matrix_from_quaternion(quats)
    rows = vectors.matrix(vectors.rows_of_frames(quats))
    np.testing.assert_allclose(rows, plain, atol=1e-12)
    np.testing.assert_allclose(vectors.mul(rows, plain), plain @ plain, atol=1e-12)
    assert rows[:, 0, 0].flags.c_contiguous


def test_quaternions_come_back_also_from_half_turns(shape: tuple[int, ...]) -> None:
    quats = some_quaternions(shape, 4)
    half_turns = quats * (0.0, 1.0, 1.0, 1.0)
    for given in (quats, rotations.normalise(half_turns)):
        found = vectors.quaternion(vectors.matrix(given))
        np.testing.assert_allclose(np.abs(np.sum(found * given, axis=-1)), 1.0, atol=1e-9)


def test_between_turns_one_into_the_other_even_the_opposite() -> None:
    source, target = rotations.normalise(np.random.default_rng(5).normal(size=(2, 100, 3)))
    target[:10] = -source[:10]
    target[10:20] = source[10:20]
    turns = vectors.between(source, target)
    np.testing.assert_allclose(vectors.turned(turns, source), target, atol=1e-6)
    np.testing.assert_allclose(np.linalg.det(turns), 1.0, atol=1e-9)


def test_partway_is_the_shortest_way(shape: tuple[int, ...]) -> None:
    start, end = (rotations.matrix_from_quaternion(some_quaternions(shape, s)) for s in (6, 7))
    np.testing.assert_allclose(vectors.partway(start, end, 0.0), start, atol=1e-9)
    np.testing.assert_allclose(vectors.partway(start, end, 1.0), end, atol=1e-9)
    half = vectors.partway(start, end, 0.5)
    relative = rotations.quaternion_from_matrix(np.swapaxes(start, -1, -2) @ end)
    twice = rotations.quaternion_from_matrix(
        np.swapaxes(start, -1, -2) @ half @ np.swapaxes(start, -1, -2) @ half
    )
    np.testing.assert_allclose(np.abs(np.sum(relative * twice, axis=-1)), 1.0, atol=1e-6)


def test_small_turns_are_turns_about_their_vector() -> None:
    small = 1e-3 * np.random.default_rng(8).normal(size=(50, 3))
    turns = vectors.small_turn(small)
    moved = vectors.turned(turns, np.array([1.0, 2.0, 3.0]))
    expected = np.array([1.0, 2.0, 3.0]) + np.cross(small, [1.0, 2.0, 3.0])
    np.testing.assert_allclose(moved, expected, atol=3e-5)
