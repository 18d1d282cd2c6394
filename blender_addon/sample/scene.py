# pyright: basic, reportAttributeAccessIssue=false
"""The sample's character as Blender objects: an armature and a mannequin that follows it."""

from __future__ import annotations

import bpy

from ..mannequin import add_mannequin
from .character import BONES, COLOUR

NAME = "Retake Sample"


def new_scene(context):
    """A scene of its own, made the window's: nothing of the animator's work is touched."""
    scene = bpy.data.scenes.new(NAME)
    context.window.scene = scene
    return scene


def add_character(context):
    """The character in the scene's collection, its armature active."""
    rig = bpy.data.objects.new(NAME, bpy.data.armatures.new(NAME))
    context.scene.collection.objects.link(rig)
    rig.data.display_type = "STICK"
    rig.show_in_front = True
    view_layer = context.view_layer
    view_layer.objects.active = rig
    rig.select_set(True)
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        _make_bones(rig.data.edit_bones)
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
    add_mannequin(rig, COLOUR)
    rig.select_set(False)  # it stays active; its bones shall not glow over the video
    return rig


def _make_bones(edit_bones) -> None:
    for row in BONES:
        bone = edit_bones.new(row.name)
        bone.head, bone.tail = row.head, row.tail
        if row.parent:
            bone.parent = edit_bones[row.parent]
            bone.use_connect = bone.parent.tail == bone.head


def look_through_camera(context) -> None:
    """The window's 3D views show what the video's camera saw, and the character on it."""
    for area in context.window.screen.areas:
        if area.type == "VIEW_3D":
            area.spaces.active.region_3d.view_perspective = "CAMERA"
