from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from retake.blender_addon.choose.combine import choice_of, combine
from retake.blender_addon.rig.apply_take import Wishes, scene_times, solve_take
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.camera_path import camera_path
from retake.blender_addon.rig.path_smoothness import with_path
from retake.blender_addon.rig.take_in_world import contacts_shown, standing_feet
from retake.shared.arrays import Floats
from retake.shared.camera import Camera
from retake.shared.contact_spans import ContactSpans
from retake.shared.errors import RetakeError
from retake.shared.root import SMOOTHNESS_S, solve_root
from retake.shared.takes import LIMB_GROUPS, Takes

MakeRig = Callable[..., RestPose]


@pytest.fixture
def takes(dance: Floats, make_takes: Callable[..., Takes]) -> Takes:
    """The dance and a version of it with 5 cm of error, seen from 5 m in front, at 30 fps."""
    seen = np.stack([dance[..., 0], 1.0 - dance[..., 2], dance[..., 1] + 5], axis=-1)
    poses = seen - seen[:, :1]
    worse = poses + np.random.default_rng(0).normal(scale=0.05, size=(1, 17, 3))
    worse[:, 0] = 0
    return make_takes(
        np.stack([poses, worse]),
        fps=30.0,
        root=np.stack([seen[:, 0], seen[:, 0] + 1]).astype(np.float32),
        times=10 + np.arange(len(dance)) / 30,
        camera=Camera.with_default_focal(1280, 720),
        best=dict.fromkeys(LIMB_GROUPS, 0) | {"left_arm": 1},
    )


def test_one_hypothesis_is_combined_into_itself(takes: Takes) -> None:
    for hypothesis in (0, 1):
        joints = combine(takes, choice_of(takes, hypothesis))
        expected = takes.poses[hypothesis] + takes.root[hypothesis][:, None]
        np.testing.assert_allclose(joints, expected, atol=1e-5)


def test_limb_of_another_hypothesis_is_attached_at_the_torso(takes: Takes) -> None:
    joints = combine(takes, choice_of(takes, None))
    torso = takes.poses[0] + takes.root[0][:, None]
    others = [j for j in range(17) if j not in LIMB_GROUPS["left_arm"]]
    np.testing.assert_allclose(joints[:, others], torso[:, others], atol=1e-5)
    arm = takes.poses[1][:, (11, 12, 13)] - takes.poses[1][:, 8:9]
    np.testing.assert_allclose(joints[:, (11, 12, 13)] - joints[:, 8:9], arm, atol=1e-5)


@pytest.mark.parametrize("hypothesis", [-1, 2])
def test_unknown_hypothesis_is_refused(takes: Takes, hypothesis: int) -> None:
    with pytest.raises(RetakeError, match="the takes hold 0 to 1"):
        choice_of(takes, hypothesis)


@pytest.mark.parametrize(("scene_fps", "count"), [(24.0, 72), (30.0, 90), (60.0, 179)])
def test_scene_frames_cover_the_clip(takes: Takes, scene_fps: float, count: int) -> None:
    times = scene_times(takes, scene_fps)
    assert len(times) == count
    assert times[0] == takes.times[0]
    assert times[-1] <= takes.times[-1] + 1e-9


def test_motion_starts_where_the_rig_stands(takes: Takes, make_rig: MakeRig) -> None:
    rig = make_rig("rigify")
    world = np.eye(4)
    world[:3, 3] = 5, 6, 7
    here, there = (solve_take(takes, 0, r, 24.0) for r in (rig, replace(rig, world=world)))
    np.testing.assert_allclose(here.root_location, there.root_location, atol=1e-6)
    assert np.linalg.norm(here.root_location[0]) < 0.25


@pytest.mark.parametrize("joints", [(9, 10), (7, 8), (12, 13), (1, 4)])
def test_bones_without_length_leave_everything_finite(
    takes: Takes, make_rig: MakeRig, joints: tuple[int, int]
) -> None:
    poses = takes.poses.copy()
    poses[:, 5:, joints[1]] = poses[:, 5:, joints[0]]
    motion = solve_take(replace(takes, poses=poses), 0, make_rig("mixamo"), 24.0)
    assert all(np.isfinite(q).all() for q in motion.rotations.values())


def test_take_without_any_length_is_refused(takes: Takes, make_rig: MakeRig) -> None:
    with pytest.raises(RetakeError, match="legs of this take have no length"):
        solve_take(replace(takes, poses=0 * takes.poses), 0, make_rig("mixamo"), 24.0)


@pytest.mark.parametrize("joints", [(1, 2), (5, 6)])
def test_legs_without_length_in_a_single_frame_are_refused(
    takes: Takes, make_rig: MakeRig, joints: tuple[int, int]
) -> None:
    poses = takes.poses.copy()
    poses[:, 5, joints[1]] = poses[:, 5, joints[0]]
    with pytest.raises(RetakeError, match="legs of this take have no length"):
        solve_take(replace(takes, poses=poses), 0, make_rig("mixamo"), 24.0)


def test_a_take_without_a_trunk_is_refused(takes: Takes, make_rig: MakeRig) -> None:
    poses = takes.poses.copy()
    poses[:, 5, 7:11] = 0.0
    with pytest.raises(RetakeError, match="trunk of this take has no length"):
        solve_take(replace(takes, poses=poses), 0, make_rig("mixamo"), 24.0)


def test_contacts_to_edit_are_those_that_are_applied(takes: Takes) -> None:
    """Where the camera moves they are found in the motion, else they are the takes'."""
    cameras = np.tile(np.eye(4), (len(takes.times), 1, 1))
    cameras[:, :3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]  # looks along +y, z is up
    own = ContactSpans.of(takes.contacts, takes.times)
    assert contacts_shown(takes, 0, Wishes()) == own
    assert contacts_shown(takes, 0, Wishes(camera=cameras)) == own
    cameras[:, 0, 3] = np.linspace(0, 20, len(cameras))
    far = contacts_shown(takes, 0, Wishes(camera=cameras))
    assert far == ContactSpans(), "nothing stands on a lorry"
    asked = ContactSpans(left_toe=((10.0, 10.5),))
    assert contacts_shown(takes, 0, Wishes(camera=cameras, contacts=asked)) == asked


def test_feet_far_from_the_floor_are_told(takes: Takes, make_rig: MakeRig) -> None:
    cameras = np.tile(np.eye(4), (len(takes.times), 1, 1))
    cameras[:, :3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]
    cameras[:, 2, 3] = 30.0
    rig = make_rig("mixamo")
    told = [
        solve_take(takes, 0, rig, 24.0, Wishes(camera=cameras, floor=floor)).notes[-1]
        for floor in (None, 60.0)
    ]
    assert "above the floor" in told[0]
    assert "below the floor" in told[1]
    assert "the floor" not in solve_take(takes, 0, rig, 24.0).notes[-1].replace("on the floor", "")


def test_feet_stand_where_heel_or_toe_of_the_takes_do(takes: Takes) -> None:
    contacts = np.zeros((len(takes.times), 4), np.float32)
    contacts[10:20, 1] = contacts[30:, 2] = 0.9
    feet = standing_feet(replace(takes, contacts=contacts), takes.times)
    assert feet[:, 1].nonzero()[0].tolist() == list(range(10, 20))
    assert feet[:, 2].nonzero()[0].tolist() == list(range(30, len(takes.times)))


def test_the_way_is_smoothed_anew_from_the_keypoints() -> None:
    generator = np.random.default_rng(0)
    camera = Camera.with_default_focal(1280, 720)
    poses = generator.normal(0, 0.3, (100, 17, 3))
    poses -= poses[:, :1]
    root = np.stack([np.zeros(100), 0.3 * np.sin(np.arange(100) / 4), np.full(100, 5.0)], axis=-1)
    pixels = camera.project(poses + root[:, None]) + generator.normal(0, 5, (100, 17, 2))
    track: Any = SimpleNamespace(points=pixels, confidence=np.ones((100, 17)), frame_count=100)
    clip: Any = SimpleNamespace(camera=camera, fps=50.0, frame_count=100)
    joints = poses + root[:, None]

    def shake(moved: Floats) -> float:
        return float(np.abs(np.diff(moved[:, 0], 2, axis=0)).max())

    calm, lively = (with_path(joints, clip, track, seconds) for seconds in (0.4, 0.03))
    assert shake(calm) < 0.5 * shake(lively)
    np.testing.assert_allclose(with_path(joints, clip, track, SMOOTHNESS_S), joints, atol=1e-9)
    still = camera_path(np.repeat(np.eye(4)[None], 100, axis=0), 100)
    np.testing.assert_allclose(with_path(joints, clip, track, camera=still), joints, atol=1e-6)
    np.testing.assert_allclose(calm - calm[:, :1], poses, atol=1e-9)
    with pytest.raises(RetakeError, match="keypoints are needed"):
        with_path(joints, clip, None, 0.2)


def test_a_moving_camera_leaves_the_way_as_a_still_one(
    dance: Floats, make_takes: Callable[..., Takes], make_rig: MakeRig, posed_joints: Any
) -> None:
    """It swings round by 20 degrees twice a second; the takes know nothing of it."""
    rig, frames = make_rig("mixamo"), len(dance)
    view = Camera.with_default_focal(1280, 720)
    matrices = np.zeros((frames, 4, 4))
    matrices[:, :3, :3] = [[1, 0, 0], [0, 0, -1], [0, 1, 0]]  # looks along +y, z is up
    matrices[:, 1:, 3] = (-5.0, 1.0, 1.0)

    def shown(cameras: Floats) -> Floats:
        path = camera_path(cameras, frames)
        seen = path.to_camera(np.swapaxes(dance, 0, 1)).swapaxes(0, 1)
        poses, pixels = seen - seen[:, :1], view.project(seen)
        root = solve_root(poses, pixels, np.ones((frames, 17)), view, 30.0)
        clip = make_takes(
            poses[None],
            fps=30.0,
            root=root[None].astype(np.float32),
            times=np.arange(frames) / 30,
            camera=view,
            best=dict.fromkeys(LIMB_GROUPS, 0),
        )
        track: Any = SimpleNamespace(
            points=pixels, confidence=np.ones((frames, 17)), frame_count=frames, times=clip.times
        )
        motion = solve_take(clip, None, rig, 30.0, Wishes(camera=cameras), track=track)
        return posed_joints(rig, motion)

    swing = np.radians(20) * np.sin(4 * np.pi * np.arange(frames) / 30)
    turn = np.stack([np.cos(swing), -np.sin(swing), np.sin(swing), np.cos(swing)], axis=-1)
    swung = matrices.copy()
    swung[:, :2, :3] = turn.reshape(-1, 2, 2) @ matrices[:, :2, :3]
    still, moving = shown(matrices), shown(swung)
    hips = np.linalg.norm(moving[:, 0] - still[:, 0], axis=-1)
    assert np.median(hips) < 0.03


def test_contacts_in_another_time_than_the_clip_are_refused(
    takes: Takes, make_rig: MakeRig
) -> None:
    contacts = ContactSpans(left_toe=((1.0, 2.0),))
    with pytest.raises(RetakeError, match="None of the contacts is in the clip"):
        solve_take(takes, 0, make_rig("mixamo"), 24.0, Wishes(contacts=contacts))


def test_neutral_moment_outside_the_clip_is_refused(takes: Takes, make_rig: MakeRig) -> None:
    solve_take(takes, 0, make_rig("mixamo"), 24.0, Wishes(neutral=10.5, smoothing=0.1))
    with pytest.raises(RetakeError, match="9 s is not in the clip"):
        solve_take(takes, 0, make_rig("mixamo"), 24.0, Wishes(neutral=9.0))


def test_single_frame_gives_a_pose(takes: Takes, make_rig: MakeRig) -> None:
    names = ("spread", "contacts", "times")
    first: dict[str, Any] = {name: getattr(takes, name)[:1] for name in names}
    one = replace(takes, poses=takes.poses[:, :1], root=takes.root[:, :1], **first)
    motion = solve_take(one, None, make_rig("mixamo"), 24.0)
    assert motion.root_location.shape == (1, 3)
    assert all(np.isfinite(q).all() for q in motion.rotations.values())
