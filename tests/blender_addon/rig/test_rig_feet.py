"""Heels, toes and asked-for contacts: spans are honoured exactly, feet roll on their balls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.ground.plants import Contacts, find_plants, given_plants
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.rig.solving.landmarks import Body
from retake.blender_addon.rig.solving.solve import Asked, RigMotion, solve_motion
from retake.shared.arrays import Floats
from retake.shared.rotations import matrix_from_quaternion

MakeRig = Callable[..., RestPose]
PosedJoints = Callable[[RestPose, RigMotion], Floats]

LEFT, FRAMES = 6, 80


@pytest.fixture(params=["mixamo", "rigify"])
def rig(request: pytest.FixtureRequest, make_rig: MakeRig) -> RestPose:
    return make_rig(request.param)


@pytest.fixture
def body(rig: RestPose) -> Body:
    return Body.of(rig, find_bone_map(rig))


def rising(body: Body) -> Floats:
    """The rest pose glides by 8 cm; the left ankle rises by 7 cm and comes down again."""
    joints = np.repeat(body.rest_joints[None], FRAMES, axis=0)
    joints[..., 0] += np.linspace(0, 0.08, FRAMES)[:, None]
    bend = np.radians(24) * np.sin(np.linspace(0, np.pi, 40)) ** 2
    hip, knee, ankle = (joints[20:60, LEFT - i].copy() for i in (2, 1, 0))
    thigh, shin = (np.linalg.norm(a - b, axis=-1) for a, b in ((knee, hip), (ankle, knee)))
    forward = np.stack([0 * bend, -np.sin(bend), -np.cos(bend)], axis=-1)
    joints[20:60, LEFT - 1] = hip + thigh[:, None] * forward
    joints[20:60, LEFT] = joints[20:60, LEFT - 1] + shin[:, None] * forward * (1, -1, 1)
    return joints


def solved(body: Body, rig: RestPose, spans: Floats, exact: bool = True) -> RigMotion:
    asked = Asked(contacts=Contacts.of(spans, exact))
    return solve_motion(rising(body), rig, body.bone_map, fps=50, asked=asked)


def foot_turn(body: Body, rig: RestPose, motion: RigMotion) -> Floats:
    """(F, 3, 3) from rest to pose of the left foot, by Blender's rule."""
    chain = [*reversed(rig.ancestors(rig.index[body.bone_map.left.foot]))]
    chain.append(rig.index[body.bone_map.left.foot])
    turn = np.repeat(np.eye(3)[None], FRAMES, axis=0)
    for bone in chain:
        rest, name = rig.rotations[bone], rig.bones[bone]
        if name in motion.rotations:
            turn = turn @ rest @ matrix_from_quaternion(motion.rotations[name]) @ rest.T
    return turn


def test_on_its_toes_a_foot_rolls_about_its_ball(
    rig: RestPose, body: Body, posed_joints: PosedJoints
) -> None:
    spans = np.zeros((FRAMES, 4), int)
    spans[10:70, :2] = 1
    spans[22:58, 0] = 0
    motion = solved(body, rig, spans)
    ankle = posed_joints(rig, motion)[:, LEFT]
    ball = ankle + foot_turn(body, rig, motion) @ body.feet[0].ball
    np.testing.assert_allclose(ball[10:70], np.repeat(ball[10:11], 60, axis=0), atol=1e-6)
    assert 0.04 < ankle[40, 2] - ankle[15, 2] < 0.09, "the heel rises as high as the source's"
    np.testing.assert_allclose(ankle[10:22, 2], ankle[10, 2], atol=1e-6)


def test_a_ball_that_stands_stays_under_a_leaning_shin(
    rig: RestPose, body: Body, posed_joints: PosedJoints
) -> None:
    joints = np.repeat(body.rest_joints[None], FRAMES, axis=0)
    lean = np.radians(58 + 10 * np.sin(np.linspace(0, 9, FRAMES)))
    shin = np.linalg.norm(joints[0, LEFT] - joints[0, LEFT - 1])
    down = np.stack([0 * lean, np.sin(lean), -np.cos(lean)], axis=-1)
    joints[:, LEFT] = joints[:, LEFT - 1] + shin * down
    spans = np.zeros((FRAMES, 4), int)
    spans[20:60, 1] = 1
    asked = Asked(contacts=Contacts.of(spans, exact=True))
    motion = solve_motion(joints, rig, body.bone_map, fps=50, asked=asked)
    ankle = posed_joints(rig, motion)[:, LEFT]
    ball = ankle + foot_turn(body, rig, motion) @ body.feet[0].ball
    np.testing.assert_allclose(ball[20:60], np.repeat(ball[20:21], 40, axis=0), atol=1e-6)


def test_a_foot_that_was_held_while_the_body_turned_about_stays_level(
    rig: RestPose, body: Body
) -> None:
    heading = np.pi * np.clip((np.arange(FRAMES) - 35) / 10, 0, 1)
    sine, cosine, zero = np.sin(heading), np.cos(heading), 0 * heading
    about = np.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, zero + 1], axis=-1)
    joints = body.rest_joints @ about.reshape(-1, 3, 3).swapaxes(1, 2)
    spans = np.zeros((FRAMES, 4), int)
    spans[:48, :2] = 1
    spans[60:, :2] = 2
    asked = Asked(contacts=Contacts.of(spans, exact=True))
    motion = solve_motion(joints, rig, body.bone_map, fps=50, asked=asked)
    turns = foot_turn(body, rig, motion)
    np.testing.assert_allclose(turns @ body.up, np.tile([0, 0, 1.0], (FRAMES, 1)), atol=0.02)
    steps = np.einsum("fij,fij->f", turns[1:], turns[:-1])
    assert np.degrees(np.arccos(np.clip((steps.min() - 1) / 2, -1, 1))) < 45
    np.testing.assert_allclose(turns[5], np.eye(3), atol=0.6)
    np.testing.assert_allclose(turns[75] @ turns[5].T, about[-1].reshape(3, 3), atol=0.6)


def test_toes_that_bend_stay_on_the_floor(rig: RestPose, body: Body) -> None:
    spans = np.zeros((FRAMES, 4), int)
    spans[10:70, 1] = 1
    motion = solved(body, rig, spans)
    toe = body.bone_map.left.toe
    angles = 2 * np.arccos(np.clip(np.abs(motion.rotations[toe][:, 0]), 0, 1))
    assert np.degrees(angles[40]) > 10
    assert np.degrees(angles[0]) < 1


def test_asked_contacts_hold_however_short_or_long(
    rig: RestPose, body: Body, posed_joints: PosedJoints
) -> None:
    """Found contacts are parted where a foot steps, and dropped when short; asked ones are not."""
    spans = np.zeros((FRAMES, 4), int)
    spans[5:8, :2] = 1
    spans[8:70, :2] = 2
    ankle = posed_joints(rig, solved(body, rig, spans))[:, LEFT]
    for frames in (slice(5, 8), slice(8, 70)):
        held = ankle[frames]
        np.testing.assert_allclose(held, np.repeat(held[:1], len(held), axis=0), atol=1e-6)
    assert np.linalg.norm(ankle[7, :2] - ankle[8, :2]) > 0.005, "two spans are two places"


def test_spans_that_touch_are_places_of_their_own() -> None:
    track = np.repeat(np.arange(10.0)[:, None], 2, axis=1)
    heel = np.array([0, 1, 1, 1, 0, 0, 0, 0, 0, 0])
    toe = np.array([0, 0, 1, 1, 1, 2, 2, 0, 3, 0])
    plants = given_plants(track, heel, toe)
    assert [(p.start, p.stop) for p in plants] == [(1, 5), (5, 7), (8, 9)]
    assert plants[0].place.tolist() == [2.5, 2.5]
    assert given_plants(track, 0 * heel, 0 * toe) == []


def test_found_plants_are_parted_where_the_foot_steps() -> None:
    track = np.zeros((100, 2))
    track[50:, 0] = 0.2
    plants = find_plants(track, np.ones(100, bool), track, 0.8, 50.0)
    assert len(plants) == 2
    assert plants[0].stop <= 48
    assert plants[1].start >= 52
