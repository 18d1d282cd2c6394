# pyright: basic, reportAttributeAccessIssue=false
"""Rest poses as Blender makes them: Rigify's own rigs, and rigs with the names of other tools.

The latter are built from the tests' bone tables with random rolls; their objects stand turned about
the vertical and moved, one is scaled.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

os.environ.setdefault("BLENDER_USER_RESOURCES", tempfile.mkdtemp(prefix="retake-bench-"))

import bpy
import numpy as np
from mathutils import Matrix  # pyright: ignore[reportMissingImports]
from retake.blender_addon.rig.armature.read_rest_pose import read_rest_pose, read_rig
from retake.blender_addon.rig.armature.rest_pose import RestPose

TABLES = Path(__file__).resolve().parents[2] / "tests" / "data" / "humanoid_rigs.json"
SCALED = {"unreal A": 0.01}
"""Rigs whose object has a scale; their bones are larger by its inverse."""


def rest_poses() -> dict[str, RestPose]:
    """Name -> rest pose of every rig of the benchmark."""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.preferences.addon_enable(module="rigify")
    tables = json.loads(TABLES.read_text(encoding="utf-8"))
    rigs = {name: read_rest_pose(_built(name, table)) for name, table in tables.items()}
    bpy.ops.object.armature_human_metarig_add()
    rigs["rigify human"] = read_rest_pose(bpy.context.object)
    bpy.ops.object.armature_basic_human_metarig_add()
    rigs["rigify basic"] = read_rest_pose(bpy.context.object)
    bpy.ops.pose.rigify_generate()
    generated = next(o for o in bpy.data.objects if o.pose and "torso" in o.pose.bones)
    rigs["rigify generated"] = read_rig(generated).rest
    return rigs


def _built(name: str, table: dict):
    """An armature object with the bones of a table {bone: [parent, head, tail]}."""
    generator = np.random.default_rng(len(table))
    size = 1 / SCALED.get(name, 1.0)
    data = bpy.data.armatures.new(name)
    armature = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for bone, (parent, head, tail) in table.items():
        edit = data.edit_bones.new(bone)
        edit.head, edit.tail = np.array(head) * size, np.array(tail) * size
        edit.roll = generator.uniform(-np.pi, np.pi)
        edit.parent = data.edit_bones.get(parent)
    bpy.ops.object.mode_set(mode="OBJECT")
    turn = Matrix.Rotation(generator.uniform(-3, 3), 4, "Z")
    place = Matrix.Translation((*generator.uniform(-2, 2, 2), 0))
    armature.matrix_world = place @ turn @ Matrix.Scale(1 / size, 4)
    bpy.context.view_layer.update()
    return armature
