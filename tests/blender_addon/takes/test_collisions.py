"""Limbs that pass through the body."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from retake.blender_addon.takes.collisions import distances, through_itself
from retake.shared.arrays import Floats
from retake.shared.takes import Takes

SAMPLE = Path(__file__).resolve().parents[3] / "blender_addon/samples/pose2sim_cam01.takes.npz"


def _segments(count: int, seed: int) -> tuple[Floats, Floats]:
    generator = np.random.default_rng(seed)
    one, other = generator.normal(size=(2, count, 2, 3))
    other[: count // 4, 1] = other[: count // 4, 0]  # a point
    shift = generator.normal(size=(count // 4, 1, 3))
    one[-(count // 4) :] = other[-(count // 4) :] + shift  # side by side
    return one, other


def test_distances_agree_with_a_naive_search() -> None:
    one, other = _segments(40, 3)
    at = np.linspace(0, 1, 201)[:, None]
    for a, b, found in zip(one, other, distances(one, other), strict=True):
        points = a[0] + at * (a[1] - a[0])
        others = b[0] + at * (b[1] - b[0])
        apart = np.linalg.norm(points[:, None] - others[None], axis=-1).min()
        assert found <= apart + 1e-9
        assert found == pytest.approx(apart, abs=0.02)


def test_a_hand_in_the_trunk_is_found_and_one_beside_it_is_not() -> None:
    pose = np.zeros((17, 3))
    pose[[7, 8, 9, 10], 1] = (-0.25, -0.5, -0.6, -0.75)
    pose[[11, 12, 13], 0] = pose[[14, 15, 16], 0] = 0.2
    pose[[14, 15, 16], 0] *= -1
    pose[[11, 14], 1], pose[[12, 15], 1], pose[[13, 16], 1] = -0.5, -0.22, 0.04
    for joints, x in (((4, 5, 6), 0.1), ((1, 2, 3), -0.1)):
        pose[joints, 0], pose[joints, 1] = x, (0.0, 0.4, 0.8)
    poses = np.stack([pose] * 5)
    poses[1, 13] = (-0.05, -0.2, 0.02)  # the left hand is in the belly
    poses[2, 13] = (-0.05, -0.2, -0.16)  # it lies on the belly
    poses[3, [2, 3], 0] = 0.1  # one shin is in the other
    poses[4, 16] = (0.0, -0.7, 0.0)  # the right hand is in the head
    assert through_itself(poses).tolist() == [False, True, False, True, True]
    assert through_itself(0.6 * poses).tolist() == [False, True, False, True, True]


def test_a_real_motion_is_not_through_itself_all_the_time() -> None:
    takes = Takes.load(SAMPLE)
    parts = [through_itself(pose.astype(np.float64)).mean() for pose in takes.poses]
    assert np.median(parts) < 0.1
