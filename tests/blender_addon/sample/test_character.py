"""The sample's character is a rig that Retake knows, of human size, standing on the floor."""

from __future__ import annotations

import numpy as np
from retake.blender_addon.packaging.make_sample import ROUNDED, SAMPLE, SAMPLES, rounded
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.sample.character import BONES
from retake.shared.keypoints import KeypointTrack
from retake.shared.rotations import normalise
from retake.shared.takes import Takes


def rest_pose() -> RestPose:
    names = [row.name for row in BONES]
    matrices = np.tile(np.eye(4), (len(BONES), 1, 1))
    for matrix, row in zip(matrices, BONES, strict=True):
        along = normalise(np.subtract(row.tail, row.head))
        across = normalise(np.cross(along, [0.3, 0.5, 0.7]))
        matrix[:3, :3] = np.stack([across, along, np.cross(across, along)], axis=-1)
        matrix[:3, 3] = row.head
    parents = tuple(names.index(row.parent) if row.parent else -1 for row in BONES)
    tails = np.array([row.tail for row in BONES])
    return RestPose("Sample", tuple(names), parents, matrices, tails, np.eye(4))


def test_every_limb_is_found_by_its_name() -> None:
    bone_map = find_bone_map(rest_pose())
    assert (bone_map.left.thigh, bone_map.right.forearm) == ("thigh.L", "forearm.R")
    assert (bone_map.hips, bone_map.head) == ("hips", "head")


def test_it_stands_on_the_floor_and_is_the_same_on_both_sides() -> None:
    points = np.array([[row.head, row.tail] for row in BONES]).reshape(-1, 3)
    assert (points[:, 2].min(), points[:, 2].max()) == (0.0, 1.7)
    mirrored = {tuple(p) for p in (points * (-1, 1, 1) + 0.0).round(6).tolist()}
    assert mirrored == {tuple(p) for p in (points + 0.0).round(6).tolist()}


def test_the_takes_belong_to_the_track_and_are_several() -> None:
    track = KeypointTrack.load(SAMPLES / f"{SAMPLE}.npz")
    takes = Takes.load(SAMPLES / f"{SAMPLE}.takes.npz")
    np.testing.assert_array_equal(takes.times, track.times)
    assert takes.hypothesis_count >= 8
    assert max(len(rows) for rows in takes.groups.values()) >= 3  # something to choose from
    assert takes.provenance["track_source"] == track.source
    joints = takes.poses[takes.best["torso_head"]] + takes.root[takes.best["torso_head"]][:, None]
    off = np.linalg.norm(takes.camera.project(joints) - track.points, axis=-1)
    assert np.nanmedian(off) < 0.02 * max(track.image_size)


def test_rounding_changes_less_than_anybody_sees() -> None:
    takes = Takes.load(SAMPLES / f"{SAMPLE}.takes.npz")
    again = rounded(takes)
    for name in ROUNDED:
        np.testing.assert_allclose(getattr(again, name), getattr(takes, name), atol=5.1e-5)
