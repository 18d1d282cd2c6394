from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.ground.legs import LEGS, in_easy_reach
from retake.blender_addon.rig.ground.plants import eased, find_plants
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.rig.solving.landmarks import Body
from retake.blender_addon.rig.solving.smooth import most
from retake.blender_addon.rig.solving.solve import Asked, RigMotion, solve_motion
from retake.blender_addon.rig.solving.two_bone import STRETCH, reach
from retake.shared.arrays import Floats
from retake.shared.rotations import normalise

MakeRig = Callable[..., RestPose]
PosedJoints = Callable[[RestPose, RigMotion], Floats]

LEFT, RIGHT = 6, 3


def sliding(body: Body) -> Floats:
    """The rest pose glides sideways by 5 cm and wobbles, 60 frames."""
    joints = np.repeat(body.rest_joints[None], 60, axis=0)
    joints[..., 0] += np.linspace(0, 0.05, 60)[:, None]
    wobble = np.sin(np.linspace(0, 12, 60))[:, None] * 0.01
    joints[:, (3, 6), 1] += wobble
    joints[:, (3, 6), 2] += np.abs(wobble)
    return joints


@pytest.fixture(params=["mixamo", "rigify"])
def rig(request: pytest.FixtureRequest, make_rig: MakeRig) -> RestPose:
    return make_rig(request.param)


def test_planted_feet_hold_their_place_exactly(rig: RestPose, posed_joints: PosedJoints) -> None:
    bone_map = find_bone_map(rig)
    body = Body.of(rig, bone_map)
    contacts = np.zeros((60, 2), bool)
    contacts[10:30, 0] = contacts[25:50, 1] = True
    motion = solve_motion(sliding(body), rig, bone_map, fps=50, asked=Asked(contacts=contacts))
    joints = posed_joints(rig, motion)
    for joint, frames in ((LEFT, slice(10, 30)), (RIGHT, slice(25, 50))):
        held = joints[frames, joint]
        np.testing.assert_allclose(held, np.repeat(held[:1], len(held), axis=0), atol=1e-6)
    free = solve_motion(
        sliding(body), rig, bone_map, fps=50, asked=Asked(contacts=~np.ones((60, 2), bool))
    )
    moved = posed_joints(rig, free)
    assert np.ptp(moved[10:30, LEFT, 0]) > 0.01, "nothing to hold"


def test_plants_begin_and_end_without_a_jerk(rig: RestPose, posed_joints: PosedJoints) -> None:
    bone_map = find_bone_map(rig)
    body = Body.of(rig, bone_map)
    contacts = np.zeros((60, 2), bool)
    contacts[20:40, 0] = True
    motion = solve_motion(sliding(body), rig, bone_map, fps=50, asked=Asked(contacts=contacts))
    steps = np.linalg.norm(np.diff(posed_joints(rig, motion)[:, LEFT], axis=0), axis=-1)
    source = np.linalg.norm(np.diff(sliding(body)[:, LEFT], axis=0), axis=-1)
    assert steps.max() < 3 * source.max()


def test_no_foot_goes_through_the_floor(rig: RestPose, posed_joints: PosedJoints) -> None:
    """A source that sinks into the floor, knees bent and toes down."""
    bone_map = find_bone_map(rig)
    body = Body.of(rig, bone_map)
    joints = np.repeat(body.rest_joints[None], 60, axis=0)
    joints[:, LEFT, 2] -= np.linspace(0, 0.1, 60)
    motion = solve_motion(
        joints, rig, bone_map, fps=50, asked=Asked(contacts=np.zeros((60, 2), bool))
    )
    posed = posed_joints(rig, motion)
    assert posed[:, (LEFT, RIGHT), 2].min() > body.ankle_height - 0.005


def test_a_foot_that_steps_within_a_contact_is_planted_twice() -> None:
    track = np.zeros((100, 2))
    track[48:52, 0] = np.linspace(0, 0.3, 4)
    track[52:, 0] = 0.3
    first, second = find_plants(track, np.ones(100, bool), track, 0.8, 50.0)
    np.testing.assert_allclose([first.place[0], second.place[0]], [0.0, 0.3])
    assert first.stop <= 50 <= second.start
    for seen in (track * 0.1, track * 0):  # what the rig's lengths make of a foot that stands
        (whole,) = find_plants(track, np.ones(100, bool), seen, 0.8, 50.0)
        assert (whole.start, whole.stop) == (0, 100)


def test_a_free_leg_is_never_pulled_straight_but_a_planted_one_may_be() -> None:
    moved, frames = np.zeros((200, 17, 3)), np.arange(200)
    for hip, knee, ankle in LEGS:
        moved[:, hip], moved[:, knee], moved[:, ankle] = (0, 0, 1), (0, -0.3, 0.6), (0, 0, 0.2)
    targets = np.zeros((200, 2, 3))
    targets[..., 2] = 1 - np.linspace(0.9, 1.1, 200)[:, None]
    held = np.zeros((200, 2), bool)
    held[:, 1] = True
    nearer = in_easy_reach(moved, targets, held)
    np.testing.assert_array_equal(nearer[:, 1], targets[:, 1])
    reached = 1 - nearer[:, 0, 2]
    easy = frames < 80
    np.testing.assert_allclose(nearer[easy, 0], targets[easy, 0], atol=1e-12)
    assert np.all(np.diff(reached) > -1e-9)
    assert reached.max() < STRETCH
    assert np.abs(np.diff(reached, 2)).max() < 1e-4, "a leg comes to its end smoothly"


def test_eased_track_equals_its_values_where_held_and_fades() -> None:
    held = np.zeros(200, bool)
    held[90:110] = True
    values = np.sin(np.arange(200.0))[:, None]
    track = eased(values, held, 0.1, 50.0)
    np.testing.assert_array_equal(track[held], values[held])
    assert np.abs(track[[0, -1]]).max() < 1e-3
    assert np.abs(eased(values, ~np.ones(200, bool), 0.1, 50.0)).max() == 0


def test_most_is_nowhere_below_and_has_no_steps() -> None:
    values = np.zeros((60, 1))
    values[30] = 1.0
    track = most(values, 4)
    assert (track >= values - 1e-12).all()
    plain = np.convolve(track[:, 0] > 0.5, np.full(9, 1 / 9))
    for order in (1, 2, 3):
        assert np.abs(np.diff(track[:, 0], order)).max() < 0.21
    assert np.abs(np.diff(track[:, 0], 3)).max() < 0.8 * np.abs(np.diff(plain, 3)).max()
    assert track[0] == 0


def limb(seed: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Start, hinge, end (50, 3) and hinge axes of limbs that bend about that axis."""
    rng = np.random.default_rng(seed)
    start, upper = rng.normal(size=(50, 3)), normalise(rng.normal(size=(50, 3)))
    axis = normalise(np.cross(upper, rng.normal(size=(50, 3))))
    bend = rng.uniform(0.1, 2.5, (50, 1))
    lower = np.cos(bend) * upper + np.sin(bend) * np.cross(axis, upper)
    return start, start + 0.4 * upper, start + 0.4 * upper + 0.5 * lower, axis


def test_reach_ends_at_its_target_and_keeps_the_lengths() -> None:
    start, hinge, end, axis = limb(0)
    target = start + normalise(end - start + 0.2) * np.linspace(0.2, 0.85, 50)[:, None]
    upper, lower = reach(start, hinge, end, target, axis)
    knee = start + (upper @ (hinge - start)[..., None])[..., 0]
    found = knee + (lower @ (end - hinge)[..., None])[..., 0]
    np.testing.assert_allclose(found, target, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(knee - start, axis=1), 0.4)


def test_reach_for_where_it_is_leaves_the_limb() -> None:
    start, hinge, end, axis = limb(1)
    for swing in reach(start, hinge, end, end, axis):
        np.testing.assert_allclose(swing, np.repeat(np.eye(3)[None], 50, axis=0), atol=1e-6)


def test_reach_beyond_its_length_points_at_the_target() -> None:
    start, hinge, end, axis = limb(2)
    way = normalise(end - start)
    upper, lower = reach(start, hinge, end, start + 5 * way, axis)
    knee = start + (upper @ (hinge - start)[..., None])[..., 0]
    found = knee + (lower @ (end - hinge)[..., None])[..., 0]
    np.testing.assert_allclose(found, start + STRETCH * 0.9 * way, atol=1e-9)
