# pyright: basic, reportAttributeAccessIssue=false
"""Rigs that animators work with: Rigify's controls, limits, locks, constraints, planted feet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import bpy
import numpy as np
import pytest
from retake.blender_addon.rig.apply_take import apply_take
from retake.blender_addon.rig.armature.read_rest_pose import read_rig
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.shared.ground import find_ground
from retake.shared.takes import Takes

FPS, FRAMES = 24.0, 30
LIMBS = {  # deforming bones -> joints of the source
    ("DEF-upper_arm.L", "DEF-forearm.L"): (11, 12),
    ("DEF-forearm.R", "DEF-hand.R"): (15, 16),
    ("DEF-thigh.R", "DEF-shin.R"): (1, 2),
    ("DEF-shin.L", "DEF-foot.L"): (5, 6),
}


@pytest.fixture
def generated():
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    return bpy.data.objects["rig"]


@pytest.fixture
def takes(turning_takes: Callable[[], Takes]) -> Takes:
    return turning_takes()


def test_controls_are_mapped_and_hang_together(generated) -> None:
    rest = read_rig(generated).rest
    found = find_bone_map(rest)
    assert (found.hips, found.head, found.neck) == ("torso", "head", ("neck",))
    assert found.left.upper_arm == "upper_arm_fk.L"
    assert found.right.foot == "foot_fk.R"
    for name in ("thigh_fk.L", "thigh_fk.R"):
        assert rest.bones[rest.parents[rest.index[name]]] == "torso"


def test_looking_at_the_rig_leaves_it_as_it_was(generated) -> None:
    bone = generated.pose.bones["upper_arm_fk.L"]
    bone.rotation_quaternion = (0.5, 0.5, 0.5, 0.5)
    before = [np.array(b.matrix_basis) for b in generated.pose.bones]
    switch = generated.pose.bones["upper_arm_parent.L"]["IK_FK"]
    read_rig(generated)
    after = [np.array(b.matrix_basis) for b in generated.pose.bones]
    np.testing.assert_allclose(after, before, atol=1e-6)
    assert generated.pose.bones["upper_arm_parent.L"]["IK_FK"] == switch


def test_deforming_bones_point_where_the_source_points(generated, takes: Takes) -> None:
    apply_take(generated, takes, None, FPS, 1, "Take")
    positions = (takes.poses[0] + takes.root[0][:, None]).astype(float)
    source = find_ground(positions, takes.fps).to_world(positions)
    for frame in (0, 14, FRAMES - 1):
        bpy.context.scene.frame_set(1 + frame)
        bones = generated.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
        for (start, end), (a, b) in LIMBS.items():
            shown = np.array(bones[end].head - bones[start].head)
            wanted = source[frame, b] - source[frame, a]
            cosine = shown @ wanted / np.linalg.norm(shown) / np.linalg.norm(wanted)
            assert np.degrees(np.arccos(min(cosine, 1.0))) < 1.5, (start, frame)


@pytest.fixture
def metarig():
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    return bpy.context.object


def test_limits_and_locks_hold_and_are_reported(metarig, takes: Takes) -> None:
    arm, shin = metarig.pose.bones["upper_arm.L"], metarig.pose.bones["shin.L"]
    limit = arm.constraints.new("LIMIT_ROTATION")
    limit.owner_space, limit.use_limit_x, limit.min_x, limit.max_x = "LOCAL", True, -0.1, 0.1
    shin.rotation_mode = "XYZ"
    shin.lock_rotation = (False, True, True)
    hips = metarig.pose.bones["spine"]
    hips.lock_location[0], hips.location[0] = True, 0.25
    metarig.pose.bones["spine.006"].constraints.new("IK")
    _, notes = apply_take(metarig, takes, None, FPS, 1, "Take")
    assert any("hold back" in note and "upper_arm.L" in note for note in notes)
    assert any("Constraints may overrule the action on: spine.006" in note for note in notes)
    for frame in (1, 15, FRAMES):
        bpy.context.scene.frame_set(frame)
        assert hips.location[0] == pytest.approx(0.25)
        assert abs(arm.rotation_quaternion.to_euler("XYZ").x) < 0.1 + 1e-4
        assert tuple(shin.rotation_euler)[1:] == pytest.approx((0, 0), abs=1e-6)


def test_planted_foot_stays_where_blender_evaluates_it(metarig, takes: Takes) -> None:
    contacts = np.zeros((FRAMES, 4), np.float32)
    contacts[5:14, 2:] = 1.0
    planted = replace(takes, contacts=contacts)
    apply_take(metarig, planted, None, FPS, 1, "Take")
    places = []
    for frame in range(6, 15):
        bpy.context.scene.frame_set(frame)
        bones = metarig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones
        places.append([*bones["foot.R"].head, *bones["foot.R"].tail])
    assert np.ptp(np.array(places), axis=0).max() < 0.001
