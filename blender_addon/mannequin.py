# pyright: basic, reportAttributeAccessIssue=false
"""Puts the mannequin on an armature in Blender: one mesh object that follows its bones.

It does not know its shape; `mannequin_shape` does.
"""

from __future__ import annotations

import bpy
import numpy as np

from .mannequin_shape import Shape, build_shape
from .rig.armature.read_rest_pose import read_rest_pose
from .rig.mapping.bone_map import find_bone_map

Colour = tuple[float, float, float]

JOINT_SHADE = 0.55
"""The balls of the joints are darker than the wood by this factor."""


def add_mannequin(armature_object, colour: Colour):
    """A new mesh object around the armature, in its collections, bound to its bones.

    `colour` is linear RGB. Nothing of the armature is changed. RetakeError if it is no rig that
    Retake knows.
    """
    rest = read_rest_pose(armature_object)
    shape = build_shape(rest, find_bone_map(rest))
    name = f"{armature_object.name} mannequin"
    mesh = _mesh(shape, name)
    for label, shade in (("wood", 1.0), ("joint", JOINT_SHADE)):
        mesh.materials.append(_material(f"{name} {label}", colour, shade))
    body = bpy.data.objects.new(name, mesh)
    _bind(body, shape, armature_object)
    for collection in armature_object.users_collection:
        collection.objects.link(body)
    return body


def _mesh(shape: Shape, name: str):
    mesh = bpy.data.meshes.new(name)
    faces = [face[:3] if face[2] == face[3] else face for face in shape.faces.tolist()]
    mesh.from_pydata(shape.vertices.tolist(), [], faces)
    mesh.polygons.foreach_set("material_index", shape.material.astype(np.int32))
    mesh.shade_smooth()
    return mesh


def _material(name: str, colour: Colour, shade: float):
    material = bpy.data.materials.new(name)
    material.diffuse_color = (*(shade * channel for channel in colour), 1.0)
    material.roughness = 0.6
    return material


def _bind(body, shape: Shape, armature_object) -> None:
    for bone, weights in shape.weights.items():
        group = body.vertex_groups.new(name=bone)
        for weight in np.unique(weights[weights > 0]):
            group.add(np.flatnonzero(weights == weight).tolist(), float(weight), "REPLACE")
    modifier = body.modifiers.new("Armature", "ARMATURE")
    modifier.object = armature_object
    body.parent = armature_object
