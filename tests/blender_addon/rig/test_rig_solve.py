from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import BoneMap, find_bone_map
from retake.blender_addon.rig.solving.frames import direction
from retake.blender_addon.rig.solving.landmarks import LIMB_JOINTS, Body, Placement
from retake.blender_addon.rig.solving.solve import Asked, RigMotion, solve_motion
from retake.shared.arrays import Floats
from retake.shared.errors import RetakeError
from retake.shared.rotations import matrix_from_quaternion, normalise

MakeRig = Callable[..., RestPose]
PosedJoints = Callable[[RestPose, RigMotion], Floats]

LIMB_BONES = [pair for limb in LIMB_JOINTS for pair in pairwise(limb)]
IDENTITY = np.array([1.0, 0.0, 0.0, 0.0])


UP = np.array([0.0, 0.0, 1.0])


def solve_free(joints: Floats, rest: RestPose, bone_map: BoneMap) -> RigMotion:
    """The solution a metre above the floor, where nothing holds or lifts a foot."""
    return solve_motion(
        joints + UP, rest, bone_map, asked=Asked(contacts=np.zeros((len(joints), 2), bool))
    )


def about_hips(joints: Floats) -> Floats:
    return joints - joints[:, :1]


def tumbled(scale: float) -> Floats:
    """An object matrix that is turned about no particular axis, scaled and moved."""
    world = np.eye(4)
    world[:3, :3] = scale * matrix_from_quaternion(normalise(np.array([0.7, 0.3, -0.4, 0.5])))
    world[:3, 3] = 1.0, -2.0, 0.5
    return world


@pytest.fixture(params=["mixamo", "rigify", "tumbled"])
def rig(request: pytest.FixtureRequest, make_rig: MakeRig) -> RestPose:
    if request.param == "tumbled":
        return make_rig("mixamo", "mixamorig:", tumbled(0.01))
    return make_rig(request.param)


def largest_angle(a: Floats, b: Floats) -> float:
    """Radians between unit vectors (..., 3)."""
    return float(np.linalg.norm(a - b, axis=-1).max())


def without_clavicles(motion: RigMotion, bone_map: BoneMap) -> RigMotion:
    """Clavicles go half the way they see: moved ones are not what 17 joints can express."""
    still = np.tile(IDENTITY, (len(motion.root_location), 1))
    sides = (bone_map.left, bone_map.right)
    return replace(motion, rotations=motion.rotations | {s.clavicle: still for s in sides})


def test_rest_pose_in_identity_out(rig: RestPose) -> None:
    bone_map = find_bone_map(rig)
    still = np.repeat(Body.of(rig, bone_map).rest_joints[None], 4, axis=0)
    motion = solve_motion(still, rig, bone_map)
    for quaternions in motion.rotations.values():
        np.testing.assert_allclose(quaternions, np.tile(IDENTITY, (4, 1)), atol=1e-9)
    np.testing.assert_allclose(motion.root_location * rig.scale, 0, atol=1e-9)


def test_limb_directions_equal_the_sources(
    rig: RestPose, dance: Floats, posed_joints: PosedJoints
) -> None:
    motion = solve_free(dance, rig, find_bone_map(rig))
    joints = posed_joints(rig, motion)
    for start, end in LIMB_BONES:
        assert largest_angle(direction(dance, start, end), direction(joints, start, end)) < 1e-6


def test_known_rotations_come_back_as_the_same_joints(
    rig: RestPose, dance: Floats, posed_joints: PosedJoints
) -> None:
    bone_map = find_bone_map(rig)
    known = without_clavicles(solve_free(dance, rig, bone_map), bone_map)
    joints = posed_joints(rig, known)
    again = posed_joints(rig, solve_free(joints, rig, bone_map))
    assert np.linalg.norm(about_hips(again) - about_hips(joints), axis=-1).max() < 0.001


def test_freely_turned_limbs_come_back_as_the_same_joints(
    rig: RestPose, posed_joints: PosedJoints
) -> None:
    """Rotations that the solver did not make: hips, arms and legs about random axes, with twist."""
    bone_map = find_bone_map(rig)
    body = Body.of(rig, bone_map)
    generator = np.random.default_rng(3)
    bones = [bone_map.hips, *(name for limb in body.limb_bones for name in limb[:2])]
    still = solve_free(np.repeat(body.rest_joints[None], 40, axis=0), rig, bone_map)
    time = np.linspace(0, 1, 40)[:, None]
    turned: dict[str, Floats] = {}
    for name in bones:
        axis = normalise(generator.normal(size=3)) * np.sin(0.5 * generator.uniform(0.2, 1) * time)
        turned[name] = np.concatenate([np.sqrt(1 - np.sum(axis**2, 1, keepdims=True)), axis], 1)
    known = replace(still, rotations=still.rotations | turned)
    joints = posed_joints(rig, known)
    again = posed_joints(rig, solve_free(joints, rig, bone_map))
    assert np.linalg.norm(about_hips(again) - about_hips(joints), axis=-1).max() < 0.001


def test_rotations_run_without_sign_flips(rig: RestPose, dance: Floats) -> None:
    motion = solve_motion(dance, rig, find_bone_map(rig))
    for quaternions in motion.rotations.values():
        np.testing.assert_allclose(np.linalg.norm(quaternions, axis=1), 1)
        assert np.sum(quaternions[1:] * quaternions[:-1], axis=1).min() > 0.9


def test_scale_follows_the_rigs_legs(make_rig: MakeRig, dance: Floats) -> None:
    """A source twice as large walks the same way on the rig."""
    rig = make_rig("rigify")
    bone_map = find_bone_map(rig)
    small, large = (solve_motion(dance * size, rig, bone_map) for size in (1.0, 2.0))
    np.testing.assert_allclose(small.root_location, large.root_location, atol=1e-9)


def test_lower_foot_stands_on_the_floor(
    rig: RestPose, dance: Floats, posed_joints: PosedJoints
) -> None:
    """The dancer always stands on one foot, and so does a rig with other proportions."""
    joints = posed_joints(rig, solve_motion(dance, rig, find_bone_map(rig)))
    heights = joints[:, (3, 6), 2].min(axis=1) - Body.of(rig, find_bone_map(rig)).ankle_height
    assert np.abs(heights).max() < 0.015


def test_placement_turns_and_moves_the_motion(
    make_rig: MakeRig, dance: Floats, posed_joints: PosedJoints
) -> None:
    rig = make_rig("mixamo")
    bone_map = find_bone_map(rig)
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    origin = np.array([3.0, 4.0, 5.0])
    here = posed_joints(rig, solve_motion(dance, rig, bone_map))
    there = posed_joints(rig, solve_motion(dance, rig, bone_map, placement=Placement(turn, origin)))
    np.testing.assert_allclose(there, here @ turn.T + origin, atol=1e-6)


def test_rig_stands_where_its_rest_pose_stands(make_rig: MakeRig) -> None:
    rig = make_rig("rigify")
    quarter = np.eye(4)
    quarter[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    quarter[:3, 3] = 1, 2, 3
    placement = Body.of(replace(rig, world=quarter), find_bone_map(rig)).placement()
    np.testing.assert_allclose(placement.rotation, quarter[:3, :3], atol=1e-9)
    np.testing.assert_allclose(placement.origin, [0.99, 2, 3], atol=1e-9)


def test_noise_makes_no_spinning_bones(make_rig: MakeRig, dance: Floats) -> None:
    """Straight legs and 5 mm of noise: the knees' axis is pure noise and must not show."""
    rig = make_rig("rigify")
    bone_map = find_bone_map(rig)
    still = np.repeat(Body.of(rig, bone_map).rest_joints[None], 60, axis=0)
    still[:, (2, 5)] = (still[:, (1, 4)] + still[:, (3, 6)]) / 2
    noisy = still + np.random.default_rng(0).normal(scale=0.005, size=still.shape)
    thigh = solve_free(noisy, rig, bone_map).rotations[bone_map.left.thigh]
    turn = 2 * np.arccos(np.clip(np.abs(thigh @ thigh.mean(axis=0)), 0, 1))
    assert turn.max() < np.radians(12)


def test_impossible_poses_stay_finite(rig: RestPose) -> None:
    wild = np.random.default_rng(1).normal(size=(30, 17, 3))
    motion = solve_motion(wild, rig, find_bone_map(rig))
    assert all(np.isfinite(q).all() for q in motion.rotations.values())
    assert np.isfinite(motion.root_location).all()


@pytest.mark.parametrize(
    ("scale", "words"), [((1, 1, -1), "negative"), ((1, 2, 1), "unevenly"), ((0, 1, 1), "zero")]
)
def test_unusable_object_scale_is_refused(
    make_rig: MakeRig, dance: Floats, scale: tuple[float, float, float], words: str
) -> None:
    rig = replace(make_rig("mixamo"), world=np.diag([*scale, 1.0]))
    with pytest.raises(RetakeError, match=words):
        solve_motion(dance, rig, find_bone_map(rig))


def test_limb_without_length_is_refused(make_rig: MakeRig, dance: Floats) -> None:
    rig = make_rig("mixamo")
    matrices = rig.matrices.copy()
    matrices[rig.index["LeftLeg"], :3, 3] = rig.heads[rig.index["LeftUpLeg"]]
    with pytest.raises(RetakeError, match="LeftUpLeg"):
        solve_motion(dance, replace(rig, matrices=matrices), find_bone_map(rig))
