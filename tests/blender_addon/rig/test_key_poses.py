"""Few keys for many frames: exact at the keys, within what is allowed elsewhere, smooth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.writing.key_poses import fitted_slopes, key_poses
from retake.blender_addon.rig.writing.pose_error import Curves, Judge
from retake.shared.arrays import Floats
from retake.shared.rotations import normalise

FRAMES = 200


def waves(columns: int = 6, seed: int = 3) -> Floats:
    generator = np.random.default_rng(seed)
    time = np.arange(FRAMES)[:, None] / FRAMES
    rates, phases = generator.uniform(0.5, 3, columns), generator.uniform(0, 6, columns)
    return np.sin(2 * np.pi * rates * time + phases)


def off(true: Floats, allowed: float) -> Callable[[Floats], Floats]:
    return lambda values: np.abs(values - true).max(axis=1) / allowed


@pytest.mark.parametrize("allowed", [0.3, 0.05, 0.01])
def test_error_is_within_what_is_allowed(allowed: float) -> None:
    true = waves()
    keys = key_poses(true, off(true, allowed))
    assert np.abs(keys.at_every_frame(FRAMES) - true).max() <= allowed
    np.testing.assert_array_equal(keys.values, true[keys.frames])
    assert (keys.frames[0], keys.frames[-1]) == (0, FRAMES - 1)
    assert len(keys.frames) < FRAMES / 4


def test_more_is_allowed_for_fewer_keys() -> None:
    true = waves()
    counts = [len(key_poses(true, off(true, allowed)).frames) for allowed in (0.5, 0.1, 0.02)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_nothing_allowed_keeps_every_frame() -> None:
    noise = np.random.default_rng(0).normal(size=(40, 3))
    keys = key_poses(noise, off(noise, 1e-9))
    np.testing.assert_array_equal(keys.frames, np.arange(40))
    np.testing.assert_allclose(keys.at_every_frame(40), noise, atol=1e-12)


def test_a_cubic_needs_two_keys() -> None:
    time = np.arange(FRAMES) / FRAMES
    true = np.stack([time**3 - time, 2 * time**2, 1 - time], axis=1)
    keys = key_poses(true, off(true, 1e-3))
    assert len(keys.frames) == 2


def test_two_frames_are_two_keys() -> None:
    true = np.array([[0.0, 1.0], [2.0, 3.0]])
    assert key_poses(true, off(true, 0.1)).frames.tolist() == [0, 1]


def test_slopes_are_the_best_ones() -> None:
    """Any other slopes are further from the frames."""
    true = waves(2)
    keys = key_poses(true, off(true, 0.1))

    def squares(slopes: Floats) -> float:
        return float(np.sum((replace(keys, slopes=slopes).at_every_frame(FRAMES) - true) ** 2))

    best = fitted_slopes(true, keys.frames)
    generator = np.random.default_rng(1)
    for _ in range(20):
        assert squares(best + generator.normal(scale=0.01, size=best.shape)) > squares(best)


def leg() -> RestPose:
    """Two bones of 1 along x, the second at the end of the first; the object is scaled by 2."""
    matrices = np.tile(np.eye(4), (2, 1, 1))
    matrices[:, :3, :3] = [[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]]
    matrices[1, 0, 3] = 1.0
    tails = np.array([[1.0, 0, 0], [2.0, 0, 0]])
    return RestPose("Leg", ("a", "b"), (-1, 0), matrices, tails, np.diag([2.0, 2, 2, 1]))


@pytest.mark.parametrize("kind", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
def test_errors_are_what_geometry_says(kind: str) -> None:
    """The first bone is turned by 0.1 about its z: its end, 1 away, and the next one's move."""
    angle = 0.1
    turned = {
        "QUATERNION": [np.cos(angle / 2), 0, 0, np.sin(angle / 2)],
        "XYZ": [0, 0, angle],
        "AXIS_ANGLE": [angle, 0, 0, 1],
    }[kind]
    still = {"QUATERNION": [2.0, 0, 0, 0], "XYZ": [0, 0, 0], "AXIS_ANGLE": [0, 0, 0, 1.0]}[kind]
    curves = (Curves("a", kind, 0, len(still)),)
    judge = Judge(leg(), curves, 200.0, np.array([still, still], dtype=float))
    errors = judge.errors(np.array([still, turned], dtype=float))
    np.testing.assert_allclose(errors.degrees, [0, np.degrees(angle)], atol=1e-9)
    np.testing.assert_allclose(errors.centimetres, [0, 200 * 4 * np.sin(angle / 2)], atol=1e-9)
    assert (errors.turned_bone, errors.moved_bone) == ("a", "b")


def test_locations_count_in_the_bones_own_axes() -> None:
    axes = np.array([[0.0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    curves = (
        *(Curves("a", "LOCATION", 0, 3, axes), Curves("control", "LOCATION", 3, 6)),
        Curves("a", "XYZ", 6, 9),
    )
    judge = Judge(leg(), curves, 100.0, np.zeros((1, 9)))
    moved = judge.errors(np.array([[0.3, 0, 0, 0, 0, 0.0, 0, 0, 0]]))
    assert moved.centimetres[0] == pytest.approx(30)
    assert moved.moved_bone == "a"
    control = judge.errors(np.array([[0, 0, 0, 0, 0.5, 0.0, 0, 0, 0]]))
    assert (control.centimetres[0], control.moved_bone) == (pytest.approx(50), "control")


def test_quaternions_need_no_length() -> None:
    true = normalise(np.random.default_rng(0).normal(size=(5, 4)))
    judge = Judge(leg(), (Curves("a", "QUATERNION", 0, 4),), 100.0, true)
    assert judge.errors(true * 1.7).degrees.max() < 1e-5
