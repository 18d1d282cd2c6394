"""Joints that turn further than a person's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from retake.blender_addon.takes.ranges import between, beyond
from retake.shared.arrays import Floats
from retake.shared.takes import Takes

SAMPLE = Path(__file__).resolve().parents[3] / "blender_addon/samples/pose2sim_cam01.takes.npz"


@pytest.fixture
def standing() -> Floats:
    """(17, 3), camera frame, facing the camera: y down, the left side at +x."""
    pose = np.zeros((17, 3))
    pose[[7, 8, 9, 10], 1] = (-0.25, -0.5, -0.6, -0.75)
    for joints, x in (((4, 5, 6), 0.1), ((1, 2, 3), -0.1)):
        pose[joints, 0], pose[joints, 1] = x, (0.0, 0.4, 0.8)
    for joints, x in (((11, 12, 13), 0.2), ((14, 15, 16), -0.2)):
        pose[joints, 0], pose[joints, 1] = x, (-0.5, -0.2, 0.05)
    return pose


def _found(pose: Floats) -> dict[str, float]:
    return {joint: float(degrees[0]) for joint, degrees in beyond(pose[None]).items() if degrees[0]}


def test_who_stands_is_within_all_ranges(standing: Floats) -> None:
    assert _found(standing) == {}


def test_a_folded_elbow_is_told_by_its_degrees(standing: Floats) -> None:
    for degrees, is_told in ((150, False), (170, True)):
        angle = np.radians(degrees)
        standing[13] = standing[12] + 0.25 * np.array([0, np.cos(angle), -np.sin(angle)])
        assert _found(standing) == ({"left elbow": pytest.approx(13)} if is_told else {})


@pytest.mark.parametrize("side", ["left", "right"])
def test_limbs_behind_the_body_are_found_on_their_side(standing: Floats, side: str) -> None:
    hip, shoulder = (4, 11) if side == "left" else (1, 14)
    behind = np.array([0.0, 0.1, 1.0])  # away from the camera
    standing[[hip + 1, hip + 2]] = standing[hip] + np.outer((0.4, 0.8), behind)
    assert list(_found(standing)) == [f"{side} hip"]
    standing[[shoulder + 1, shoulder + 2]] = standing[shoulder] + np.outer((0.3, 0.5), behind)
    assert list(_found(standing)) == [f"{side} hip", f"{side} shoulder"]
    mirrored = standing * (1, 1, -1)  # in front of it they may be
    mirrored[:11, 2] = standing[:11, 2]
    assert list(_found(mirrored)) == [f"{side} hip"]


def test_an_arm_across_the_back_but_not_across_the_chest(standing: Floats) -> None:
    for depth, is_told in ((0.15, True), (-0.15, False)):
        standing[12] = standing[11] + (-0.25, 0.1, depth)
        standing[13] = standing[12] + (-0.1, 0.2, 0)
        assert list(_found(standing)) == (["left shoulder"] if is_told else [])


def test_shoulders_do_not_turn_to_the_back(standing: Floats) -> None:
    arms = standing[[14, 15, 16, 11, 12, 13]]
    standing[[11, 12, 13, 14, 15, 16]] = arms
    assert _found(standing)["spine"] == pytest.approx(90, abs=1)  # 180 less the range


def test_turning_the_whole_body_changes_nothing(standing: Floats) -> None:
    standing[5:7] = standing[4] + np.outer((0.4, 0.8), (0.0, 0.1, 1.0))
    turn, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn))
    found = _found(standing)
    assert found
    assert _found(standing @ turn.T) == pytest.approx(found)


def test_the_best_takes_of_a_video_are_within_them() -> None:
    takes = Takes.load(SAMPLE)
    for hypothesis in set(takes.best.values()):
        found = beyond(takes.poses[hypothesis].astype(np.float64))
        assert max(degrees.max() for degrees in found.values()) == 0


def test_angles_are_exact_near_their_ends() -> None:
    small = 1e-7
    one, other = np.array([[1.0, 0, 0]]), np.array([[1.0, small, 0]])
    assert between(one, other)[0] == pytest.approx(np.degrees(small))
    assert between(one, -one)[0] == 180
