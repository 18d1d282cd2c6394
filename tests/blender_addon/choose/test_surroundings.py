"""A decision shown by solving only what is around it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retake.blender_addon.choose.choice_track import ChoiceTrack, Decision
from retake.blender_addon.choose.surroundings import (
    Piece,
    laid_over,
    piece_for,
    takes_in,
    track_in,
    wishes_in,
)
from retake.blender_addon.rig.apply_take import scene_times, solve_take
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.wishes import Reach, Wishes
from retake.blender_addon.sample.character import BONES
from retake.shared.arrays import Floats
from retake.shared.contact_spans import ContactSpans
from retake.shared.keypoints import KeypointTrack
from retake.shared.rotations import normalise
from retake.shared.takes import Takes

SAMPLES = Path(__file__).resolve().parents[3] / "blender_addon" / "samples"

FRAMES = 500
LEGS = ("thigh", "shin", "foot", "toe")
ARM = Decision(6.6, 7.2, 5, "left_arm")


@pytest.fixture(scope="module")
def takes() -> Takes:
    """The sample forth and back, from second 3 on."""
    own = Takes.load(SAMPLES / "pose2sim_cam01.takes.npz")
    count = own.frame_count
    forth = np.arange(FRAMES) % (2 * count)
    index = np.where(forth < count, forth, 2 * count - 1 - forth)
    return replace(
        own,
        poses=own.poses[:, index],
        root=own.root[:, index],
        spread=own.spread[index],
        contacts=own.contacts[index],
        times=3 + np.arange(FRAMES) / own.fps,
    )


@pytest.fixture(scope="module")
def track(takes: Takes) -> KeypointTrack:
    """What the camera sees of the first take."""
    points = takes.camera.project(takes.poses[0] + takes.root[0][:, None]).astype(np.float32)
    sure = np.ones(points.shape[:2], np.float32)
    return KeypointTrack(points, sure, takes.times, (1920, 1080), takes.fps, "a test")


@pytest.fixture(scope="module")
def rest() -> RestPose:
    """The sample's character."""
    names = tuple(bone.name for bone in BONES)
    matrices = np.tile(np.eye(4), (len(BONES), 1, 1))
    for matrix, bone in zip(matrices, BONES, strict=True):
        along = normalise(np.subtract(bone.tail, bone.head))
        across = normalise(np.cross(along, (0.3, 1.0, 0.2)))
        matrix[:3, :3] = np.stack([across, along, np.cross(across, along)], axis=-1)
        matrix[:3, 3] = bone.head
    parents = tuple(names.index(bone.parent) if bone.parent else -1 for bone in BONES)
    tails = np.array([bone.tail for bone in BONES])
    return RestPose("Sample", names, parents, matrices, tails, np.eye(4))


@pytest.mark.parametrize("scene_fps", [25.0, 24.0])
def test_a_piece_shows_what_the_whole_solve_shows(
    takes: Takes, track: KeypointTrack, rest: RestPose, scene_fps: float
) -> None:
    none, decided = ChoiceTrack(), ChoiceTrack((ARM,))
    worn, exact = (
        solve_take(takes, choice, rest, scene_fps, track=track) for choice in (none, decided)
    )
    piece = piece_for(ARM, takes, scene_fps)
    assert piece is not None
    part = takes_in(takes, piece, scene_fps)
    seen = track_in(track, piece, part.times)
    one, other = (
        solve_take(part, choice, rest, scene_fps, track=seen) for choice in (none, decided)
    )
    rows = slice(piece.key, piece.key + len(piece.share))
    for bone, keys in exact.rotations.items():
        had = worn.rotations[bone][rows]
        shown = laid_over(had, one.rotations[bone], other.rotations[bone], piece.share)
        # Where feet are planted is found from the whole clip: an arm's preview leaves legs alone.
        if not bone.startswith(LEGS):
            assert _degrees(shown, keys[rows]).max() < 0.5, bone
    arm = _degrees(worn.rotations["upper_arm.L"], exact.rotations["upper_arm.L"])
    assert arm.max() > 10.0, "there was something to show"
    arm[rows] = 0
    assert arm.max() < 0.5, "what changes is in the piece"
    place = laid_over(worn.root_location[rows], one.root_location, other.root_location, piece.share)
    np.testing.assert_allclose(place, exact.root_location[rows], atol=0.02)


def _degrees(one: Floats, other: Floats) -> Floats:
    cosine = np.abs(np.sum(normalise(one) * normalise(other), axis=1)).clip(0, 1)
    return np.degrees(2 * np.arccos(cosine))


@pytest.mark.parametrize("scene_fps", [25.0, 23.976, 60.0])
def test_a_piece_has_the_frames_of_the_scene(takes: Takes, scene_fps: float) -> None:
    piece = piece_for(ARM, takes, scene_fps)
    assert piece is not None
    part = takes_in(takes, piece, scene_fps)
    of_scene = scene_times(takes, scene_fps)[piece.key : piece.key + len(piece.share)]
    np.testing.assert_allclose(scene_times(part, scene_fps), of_scene, atol=1e-9)
    assert piece.share[0] == piece.share[-1] == 0
    inside = (of_scene >= ARM.first) & (of_scene <= ARM.last)
    assert np.all(piece.share[inside] == 1)


def test_long_ranges_are_solved_as_a_whole(takes: Takes) -> None:
    ends = float(takes.times[0]), float(takes.times[-1])
    assert piece_for(Decision(*ends, 1), takes, 25.0) is None
    assert piece_for(Decision(ends[0], ends[0] + 1, 1), takes, 25.0) is not None


def test_what_is_asked_of_other_frames_is_left_out(takes: Takes) -> None:
    piece = Piece(slice(100, 200), 100, np.ones(100))
    times = takes.times[piece.frames]
    wishes = Wishes(
        neutral=float(takes.times[0]),
        contacts=ContactSpans(left_toe=((3.0, 3.5),)),
        reaches=(Reach("left", 3, 9, np.arange(FRAMES * 3.0).reshape(FRAMES, 3)),),
        camera=np.tile(np.eye(4), (FRAMES, 1, 1)),
    )
    left = wishes_in(wishes, piece, times)
    assert left.neutral is None
    assert left.contacts == ContactSpans()
    assert left.reaches[0].place[0, 0] == 300
    assert left.camera is not None
    assert len(left.camera) == 100


def test_a_rotation_is_the_same_with_either_sign() -> None:
    worn = np.tile([0.6, 0.8, 0.0, 0.0], (3, 1))
    after = np.tile([0.0, 1.0, 0.0, 0.0], (3, 1))
    share = np.array([0.0, 0.5, 1.0])
    for sign in (1.0, -1.0):
        shown = laid_over(worn, sign * worn, sign * after, share)
        np.testing.assert_allclose(shown[[0, 2]], [worn[0], after[0]], atol=1e-12)
