# pyright: basic, reportAttributeAccessIssue=false
"""Known rotations in real Blender -> 17 joints -> solver -> action -> the same joints."""

from __future__ import annotations

from collections.abc import Iterator

import bpy
import numpy as np
import pytest
from mathutils import Quaternion  # pyright: ignore[reportMissingImports]
from retake.blender_addon.rig.armature.read_rest_pose import read_rest_pose
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.rig.solving.landmarks import Body
from retake.blender_addon.rig.solving.solve import Asked, solve_motion
from retake.blender_addon.rig.writing.write_action import write_action

FRAMES, FPS = 30, 24.0


@pytest.fixture
def rig():
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    return bpy.context.object


@pytest.fixture
def body(rig) -> Body:
    rest = read_rest_pose(rig)
    return Body.of(rest, find_bone_map(rest))


def evaluated_joints(rig, body: Body) -> np.ndarray:
    """(17, 3) world: the joints of the bones that Blender has evaluated."""
    evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    bones = [evaluated.pose.bones[name] for name in body.rest.bones]
    heads = np.array([evaluated.matrix_world @ bone.head for bone in bones])
    head = evaluated.pose.bones[body.bone_map.head]
    turn = (evaluated.matrix_world @ head.matrix @ head.bone.matrix_local.inverted()).to_3x3()
    return body.joints(heads, np.array(turn))


def dance(rig, body: Body) -> Iterator[np.ndarray]:
    """Hips and limbs turn about random axes further and further, high above the floor."""
    generator = np.random.default_rng(3)
    names = [body.bone_map.hips, *(name for limb in body.limb_bones for name in limb[:2])]
    axes = {name: (generator.normal(size=3), generator.uniform(0.2, 1.0)) for name in names}
    for share in np.linspace(0, 1, FRAMES):
        for name, (axis, angle) in axes.items():
            bone = rig.pose.bones[name]
            bone.rotation_mode = "QUATERNION"
            bone.rotation_quaternion = Quaternion(axis, angle * share)
        bpy.context.view_layer.update()
        joints = evaluated_joints(rig, body)
        yield joints + np.array([0, 0, 2.0])


def test_known_rotations_come_back_as_the_same_joints_within_a_millimetre(rig, body: Body) -> None:
    source = np.array(list(dance(rig, body)))
    assert np.linalg.norm(source[-1] - source[0], axis=-1).max() > 0.3, "nothing moved"
    for bone in rig.pose.bones:
        bone.rotation_quaternion = Quaternion()
    free = np.zeros((FRAMES, 2), bool)
    motion = solve_motion(
        source, read_rest_pose(rig), body.bone_map, fps=FPS, asked=Asked(contacts=free)
    )
    write_action(rig, motion, np.arange(1, FRAMES + 1), "Round trip")
    for frame, expected in enumerate(source, start=1):
        bpy.context.scene.frame_set(frame)
        found = evaluated_joints(rig, body)
        apart = (found - found[0]) - (expected - expected[0])
        assert np.linalg.norm(apart, axis=-1).max() < 0.001
