# pyright: basic, reportAttributeAccessIssue=false
"""The mannequin on Rigify's meta-rig in real Blender: bound to its bones, it follows a pose."""

from __future__ import annotations

import bpy
import numpy as np
import pytest
from mathutils import Quaternion  # pyright: ignore[reportMissingImports]
from retake.blender_addon.mannequin import add_mannequin
from retake.shared.errors import RetakeError


@pytest.fixture
def rig():
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    bpy.context.object.location = (1, 2, 0)
    bpy.context.view_layer.update()
    return bpy.context.object


def vertices(body) -> np.ndarray:
    """(V, 3) in the world, as Blender evaluates them."""
    evaluated = body.evaluated_get(bpy.context.evaluated_depsgraph_get())
    points = np.array([vertex.co for vertex in evaluated.data.vertices])
    return points @ np.array(evaluated.matrix_world)[:3, :3].T + evaluated.matrix_world.translation


def test_one_valid_mesh_around_the_rig(rig) -> None:
    body = add_mannequin(rig, (0.8, 0.4, 0.1))
    assert body.parent == rig
    assert not body.data.validate(verbose=True), "Blender had to mend the mesh"
    points = vertices(body)
    assert points[:, 2].min() == pytest.approx(0, abs=0.01)
    assert points[:, 2].max() == pytest.approx(1.98, abs=0.06)
    assert points[:, 0].mean() == pytest.approx(1, abs=1e-3)
    assert {len(v.groups) > 0 for v in body.data.vertices} == {True}


def test_it_follows_the_bones_and_only_theirs(rig) -> None:
    body = add_mannequin(rig, (0.8, 0.4, 0.1))
    before = vertices(body)
    bone = rig.pose.bones["upper_arm.L"]
    bone.rotation_mode = "QUATERNION"
    bone.rotation_quaternion = Quaternion((1, 0, 0), 1.0)
    bpy.context.view_layer.update()
    moved = np.linalg.norm(vertices(body) - before, axis=1)
    arm = np.zeros(len(moved), bool)
    numbers = {body.vertex_groups[f"{name}.L"].index for name in ("upper_arm", "forearm", "hand")}
    for vertex in body.data.vertices:
        arm[vertex.index] = any(group.group in numbers for group in vertex.groups)
    assert moved[arm].max() > 0.3
    assert moved[~arm].max() < 1e-5


def test_no_rig_is_a_sentence_and_nothing_is_added() -> None:
    bpy.ops.object.armature_add()
    with pytest.raises(RetakeError, match="bone names"):
        add_mannequin(bpy.context.object, (1.0, 1.0, 1.0))
    assert not bpy.data.meshes
    assert not bpy.data.materials
