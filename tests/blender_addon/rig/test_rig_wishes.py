"""Limits, calibration, smoothing and notes: what an animator or a rig asks of a motion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from retake.blender_addon.rig.armature.limits import Limits, euler_from_matrix, matrix_from_euler
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.rig.smoothing import SURE_M, smoothed
from retake.blender_addon.rig.solving.landmarks import Body
from retake.blender_addon.rig.solving.solve import Asked, RigMotion, solve_motion
from retake.shared.arrays import Floats
from retake.shared.bones import decompose
from retake.shared.errors import RetakeError
from retake.shared.resample import resample
from retake.shared.rotations import matrix_from_quaternion
from retake.shared.skeleton import HUMAN36M

MakeRig = Callable[..., RestPose]
PosedJoints = Callable[[RestPose, RigMotion], Floats]

ORDERS = ["".join(order) for order in permutations("XYZ")]


@pytest.mark.parametrize("order", ORDERS)
def test_euler_angles_there_and_back(order: str) -> None:
    angles = np.random.default_rng(0).uniform(-1.5, 1.5, (100, 3))
    matrices = matrix_from_euler(angles, order)
    np.testing.assert_allclose(euler_from_matrix(matrices, order), angles, atol=1e-9)


def test_euler_order_is_the_order_in_which_axes_are_turned() -> None:
    quarter = np.pi / 2
    turned = matrix_from_euler(np.array([quarter, 0.0, quarter]), "XYZ") @ [0.0, 1.0, 0.0]
    np.testing.assert_allclose(turned, [0, 0, 1], atol=1e-12)
    turned = matrix_from_euler(np.array([quarter, 0.0, quarter]), "ZYX") @ [0.0, 1.0, 0.0]
    np.testing.assert_allclose(turned, [-1, 0, 0], atol=1e-12)


def test_limits_are_kept_and_reported_and_the_forearm_still_points_its_way(
    make_rig: MakeRig, dance: Floats, posed_joints: PosedJoints
) -> None:
    rig = make_rig("mixamo")
    bone_map = find_bone_map(rig)
    arm, low, high = bone_map.left.upper_arm, np.full(3, -0.3), np.full(3, 0.3)
    free = solve_motion(dance, rig, bone_map)
    motion = solve_motion(dance, rig, bone_map, limits={arm: Limits("YXZ", low, high)})
    angles = euler_from_matrix(matrix_from_quaternion(motion.rotations[arm]), "YXZ")
    assert np.abs(angles).max() < 0.3 + 1e-6
    assert any(arm in note and "limits" in note for note in motion.notes)
    before, after = (posed_joints(rig, m) for m in (free, motion))
    np.testing.assert_allclose(
        before[:, 13] - before[:, 12], after[:, 13] - after[:, 12], atol=1e-6
    )
    assert np.linalg.norm(before[:, 12] - after[:, 12], axis=-1).max() > 0.05


def test_limits_wide_enough_change_nothing(make_rig: MakeRig, dance: Floats) -> None:
    rig = make_rig("rigify")
    bone_map = find_bone_map(rig)
    wide = Limits("XYZ", np.full(3, -4.0), np.full(3, 4.0))
    free = solve_motion(dance, rig, bone_map)
    motion = solve_motion(dance, rig, bone_map, limits=dict.fromkeys(bone_map.names(), wide))
    assert motion.notes == free.notes
    for name, quaternions in free.rotations.items():
        np.testing.assert_allclose(motion.rotations[name], quaternions, atol=1e-9)


def test_neutral_frame_has_the_rest_poses_trunk(make_rig: MakeRig, dance: Floats) -> None:
    rig = make_rig("mixamo")
    bone_map = find_bone_map(rig)
    motion = solve_motion(dance, rig, bone_map, asked=Asked(neutral=7))
    for name in (*bone_map.spine, *bone_map.neck, bone_map.head):
        np.testing.assert_allclose(motion.rotations[name][7], [1, 0, 0, 0], atol=1e-9)
    hips = matrix_from_quaternion(motion.rotations[bone_map.hips])[7]
    rest = rig.rotations[rig.index[bone_map.hips]]
    upright = rest @ hips @ rest.T @ [0.0, 0.0, 1.0]
    np.testing.assert_allclose(upright, [0, 0, 1], atol=1e-9)
    with pytest.raises(RetakeError, match="no frame 999"):
        solve_motion(dance, rig, bone_map, asked=Asked(neutral=999))


@pytest.fixture
def slow(dance: Floats) -> Floats:
    """The dance four times as slowly."""
    times = np.arange(len(dance), dtype=float)
    return resample(dance, times, np.linspace(0, times[-1], 4 * len(dance)))


def noisy(dance: Floats) -> tuple[Floats, Floats]:
    """The dance with noise in its second half, and the spread that says so."""
    spread = np.full(dance.shape[:2], SURE_M)
    half = len(dance) // 2
    spread[half:] = 3 * SURE_M
    noise = np.random.default_rng(0).normal(scale=0.02, size=dance.shape)
    noise[:half] = noise[:, 0] = 0
    return dance + noise, spread


def test_uncertain_frames_are_smoothed_and_certain_ones_stay_crisp(slow: Floats) -> None:
    joints, spread = noisy(slow)
    calm = smoothed(joints, spread, 0.04, 50.0)
    half = len(slow) // 2
    truth, before, after = (decompose(j, HUMAN36M)[1] for j in (slow, joints, calm))
    errors = [np.linalg.norm(ways - truth, axis=-1) for ways in (before, after)]
    assert errors[1][half:].mean() < 0.6 * errors[0][half:].mean()
    assert errors[1][: half - 10].mean() < 0.01
    np.testing.assert_allclose(
        decompose(calm, HUMAN36M)[0], decompose(joints, HUMAN36M)[0], atol=1e-9
    )


def test_each_limb_has_its_own_smoothing(dance: Floats) -> None:
    joints, spread = noisy(dance)
    seconds = np.zeros(17)
    seconds[[12, 13]] = 0.1
    calm = smoothed(joints, spread, seconds, 50.0)
    others = [joint for joint in range(17) if joint not in (12, 13)]
    np.testing.assert_allclose(calm[:, others], joints[:, others], atol=1e-9)
    assert np.abs(calm[:, 13] - joints[:, 13]).max() > 0.01
    assert smoothed(joints, spread, 0.0, 50.0) is joints
    with pytest.raises(RetakeError, match="Smoothing is a time"):
        smoothed(joints, spread, -1.0, 50.0)


def test_odd_proportions_are_mentioned(make_rig: MakeRig, dance: Floats) -> None:
    rig = make_rig("mixamo")
    bone_map = find_bone_map(rig)
    usual = Body.of(rig, bone_map).rest_joints[None].repeat(4, axis=0)
    assert not any("times as long" in n for n in solve_motion(usual, rig, bone_map).notes)
    long_arms = usual.copy()
    for start in (11, 14):
        for joint in (start + 1, start + 2):
            long_arms[:, joint] += usual[:, joint] - usual[:, start]
    notes = solve_motion(long_arms, rig, bone_map).notes
    assert any("arms 0.5 times as long" in note for note in notes)


def test_a_rig_that_stands_on_all_fours_is_told(make_rig: MakeRig, dance: Floats) -> None:
    rig = make_rig("mixamo")
    legs = [i for i, name in enumerate(rig.bones) if any(n in name for n in ("Leg", "Foot", "Toe"))]
    hip = rig.matrices[rig.index["Hips"], :3, 3]
    quarter = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
    matrices, tails = rig.matrices.copy(), rig.tails.copy()
    matrices[legs, :3, :3] = quarter @ matrices[legs, :3, :3]
    matrices[legs, :3, 3] = (matrices[legs, :3, 3] - hip) @ quarter.T + hip
    tails[legs] = (tails[legs] - hip) @ quarter.T + hip
    animal = replace(rig, matrices=matrices, tails=tails)
    told = [
        any("as an animal's" in note for note in solve_motion(dance[:4], r, find_bone_map(r)).notes)
        for r in (rig, animal)
    ]
    assert told == [False, True]
