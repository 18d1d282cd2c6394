"""Hands that reach, who carries the way, and cameras whose place is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from retake.blender_addon.rig.armature.limits import Limits
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.camera_path import through_camera
from retake.blender_addon.rig.ground.standing import covering, leg_length
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.rig.solving.landmarks import Body
from retake.blender_addon.rig.solving.root_policy import RootPolicy
from retake.blender_addon.rig.solving.solve import Asked, RigMotion, solve_motion
from retake.blender_addon.rig.wishes import Reach, Smoothing, Wishes
from retake.shared.arrays import Floats
from retake.shared.bones import decompose, recompose
from retake.shared.camera import Camera
from retake.shared.errors import RetakeError
from retake.shared.skeleton import HUMAN36M

MakeRig = Callable[..., RestPose]
PosedJoints = Callable[[RestPose, RigMotion], Floats]
FPS, WRIST, SHOULDER = 30.0, 13, 11


@pytest.fixture
def rig(make_rig: MakeRig) -> RestPose:
    return make_rig("mixamo")


def solved(dance: Floats, rig: RestPose, **asked: object) -> RigMotion:
    return solve_motion(dance, rig, find_bone_map(rig), fps=FPS, asked=Asked(**asked))  # pyright: ignore


def test_a_hand_is_where_it_is_wanted_and_nowhere_else_moved(
    dance: Floats, rig: RestPose, posed_joints: PosedJoints
) -> None:
    free = posed_joints(rig, solved(dance, rig))
    place = free[:, SHOULDER] + (0.05, -0.25, -0.1)
    reach = Reach("left", 1.0, 1.5, place)
    found = posed_joints(rig, solved(dance, rig, reaches=(reach,)))
    held = slice(30, 46)
    np.testing.assert_allclose(found[held, WRIST], place[held], atol=1e-6)
    others = [joint for joint in range(17) if joint not in (12, 13)]
    np.testing.assert_allclose(found[:, others], free[:, others], atol=1e-9)
    assert np.linalg.norm(found[0, WRIST] - free[0, WRIST]) < 0.02
    steps = np.linalg.norm(np.diff(found[:, WRIST], axis=0), axis=-1)
    assert steps.max() < 0.25, "the hand goes there, it does not jump"


def test_a_place_out_of_reach_is_told(dance: Floats, rig: RestPose) -> None:
    reach = Reach("right", 0.5, 1.0, np.array([50.0, 0, 0]))
    notes = solved(dance, rig, reaches=(reach,)).notes
    assert any("right hand cannot get to its place" in note for note in notes)


def test_reaches_that_make_no_sense_are_refused(dance: Floats, rig: RestPose) -> None:
    for wrong in (("third", 0, 1), ("left", 1, 0)):
        with pytest.raises(RetakeError):
            Reach(*wrong, np.zeros(3))  # pyright: ignore
    with pytest.raises(RetakeError, match="three finite numbers"):
        Reach("left", 0, 1, np.array([np.nan, 0, 0]))
    with pytest.raises(RetakeError, match="motion lasts from"):
        solved(dance, rig, reaches=(Reach("left", 90, 91, np.zeros(3)),))
    with pytest.raises(RetakeError, match="5 places for 90 frames"):
        solved(dance, rig, reaches=(Reach("left", 0, 1, np.zeros((5, 3))),))


def test_the_object_carries_what_the_hips_lack(dance: Floats, rig: RestPose) -> None:
    hips = solved(dance, rig)
    moved = solved(dance, rig, root=RootPolicy("object"))
    still = solved(dance, rig, root=RootPolicy("hips", in_place=True))
    assert moved.object_travel is not None
    assert still.object_travel is None
    np.testing.assert_array_equal(moved.object_travel[:, 2], 0)
    np.testing.assert_allclose(moved.root_location, still.root_location)
    orientation = rig.rotations[rig.index[hips.root_bone]]
    travel = moved.object_travel @ orientation
    np.testing.assert_allclose(moved.root_location + travel, hips.root_location, atol=1e-9)
    assert np.ptp(moved.object_travel, axis=0)[:2].max() > 1
    bends = np.abs(np.diff(moved.object_travel, 2, axis=0)).max()
    assert bends < np.abs(np.diff(hips.root_location, 2, axis=0)).max()


def test_no_root_bone_no_root_policy(dance: Floats, rig: RestPose) -> None:
    with pytest.raises(RetakeError, match="no root bone above its hips"):
        solved(dance, rig, root=RootPolicy("root"))


def test_the_ways_scale_leaves_heights_alone(
    dance: Floats, rig: RestPose, posed_joints: PosedJoints
) -> None:
    free = np.zeros((len(dance), 4), bool)
    once, twice = (
        posed_joints(rig, solved(dance, rig, contacts=free, root=RootPolicy(scale=s)))
        for s in (1.0, 2.0)
    )
    ways = [hips[-1, :2] - hips[0, :2] for hips in (once[:, 0], twice[:, 0])]
    np.testing.assert_allclose(2 * ways[0], ways[1], atol=1e-6)
    np.testing.assert_allclose(once[:, 0, 2], twice[:, 0, 2], atol=1e-6)


def test_own_proportions_go_the_same_way_by_legs_and_by_body(
    dance: Floats, rig: RestPose, posed_joints: PosedJoints
) -> None:
    free = np.zeros((len(dance), 4), bool)
    own = posed_joints(rig, solved(dance, rig, contacts=free))
    legs, whole = (
        posed_joints(rig, solved(own, rig, contacts=free, root=RootPolicy(way=way)))
        for way in ("legs", "body")
    )
    np.testing.assert_allclose(whole[:, 0], legs[:, 0], atol=1e-3)


@pytest.mark.parametrize("changed", [(7, 8, 9, 10), (2, 3, 5, 6)])
def test_a_body_of_other_proportions_covers_the_picture(
    dance: Floats, rig: RestPose, posed_joints: PosedJoints, changed: tuple[int, ...]
) -> None:
    """As the rig, but for a trunk or legs half as long again; seen by one camera."""
    own = posed_joints(rig, solved(dance, rig))
    lengths, ways = decompose(own, HUMAN36M)
    lengths[:, changed] *= 1.5
    other = recompose(lengths, ways, HUMAN36M) + own[:, :1]
    scale, way = covering(other, own)
    by_legs = leg_length(own) / leg_length(other)
    camera, away = Camera.with_default_focal(1280, 720), np.array([0.0, 1.0, 6.0])

    def off(size: float, hips: Floats) -> float:
        shown = (own - own[:, :1] + hips[:, None]) / size
        pixels = [
            camera.project(joints[..., (0, 2, 1)] * (1, -1, 1) + away) for joints in (shown, other)
        ]
        return float(np.linalg.norm(pixels[0] - pixels[1], axis=-1).mean())

    assert off(scale, way) < 0.9 * off(by_legs, other[:, 0] * by_legs)


def test_locked_locations_stay_and_are_told(dance: Floats, rig: RestPose) -> None:
    bone_map = find_bone_map(rig)
    free = np.full(3, np.inf)
    locked = Limits("XYZ", -free, free, np.array([0.25, np.nan, np.nan]))
    motion = solve_motion(dance, rig, bone_map, limits={bone_map.hips: locked})
    unlocked = solve_motion(dance, rig, bone_map)
    np.testing.assert_array_equal(motion.root_location[:, 0], 0.25)
    np.testing.assert_array_equal(motion.root_location[:, 1:], unlocked.root_location[:, 1:])
    assert any(f"hold back, in this part of the frames: {bone_map.hips}" in n for n in motion.notes)
    assert not any("hold back" in note for note in unlocked.notes)


def test_where_a_lock_and_a_limit_hold_one_bone_both_count(dance: Floats, rig: RestPose) -> None:
    bone_map = find_bone_map(rig)
    least = np.radians([-np.inf, -np.inf, -120.0])  # binds in some frames; the lock in all
    both = Limits("XYZ", least, -least, np.array([100.0, np.nan, np.nan]))
    motion = solve_motion(dance, rig, bone_map, limits={bone_map.hips: both})
    assert any(f"{bone_map.hips} (100 %)" in note for note in motion.notes)


def test_size_of_the_body_is_kept(dance: Floats, rig: RestPose) -> None:
    leg = Body.of(rig, find_bone_map(rig)).leg_length
    path = solved(dance, rig, contacts=np.zeros((90, 4), bool)).root_location
    source = np.linalg.norm(dance[-1, 0, :2] - dance[0, 0, :2])
    hips = np.linalg.norm(path[-1] - path[0])
    assert hips == pytest.approx(source * leg / 0.82, rel=0.1)


def test_camera_frame_becomes_the_world_whatever_the_cameras_scale() -> None:
    camera = np.eye(4)
    camera[:3, :3] = 3 * np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])  # looks along +y, z is up
    camera[:3, 3] = (1, 2, 3)
    seen = np.array([[[0.5, -0.2, 4.0]]])  # right, up, in front
    np.testing.assert_allclose(through_camera(seen, camera[None]), [[[1.5, 6.0, 3.2]]])
    with pytest.raises(RetakeError, match="one matrix per frame"):
        through_camera(seen, np.tile(camera, (2, 1, 1)))
    with pytest.raises(RetakeError, match="camera has no size"):
        through_camera(seen, np.zeros((1, 4, 4)))


def test_wishes_are_checked_when_they_are_made() -> None:
    for wrong in (
        {"controls": "both"},
        {"root": "nose"},
        {"way": "arms"},
        {"scale": 0.0},
        {"floor": np.nan},
    ):
        with pytest.raises(RetakeError):
            Wishes(**wrong)  # pyright: ignore
    for wrong in ((-1.0,), (np.nan,), (0.1, ("nose",)), (0.1, (), 2.0, 1.0)):
        with pytest.raises(RetakeError):
            Smoothing(*wrong)  # pyright: ignore
