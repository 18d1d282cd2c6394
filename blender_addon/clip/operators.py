# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators about the clip: bring a video in, make and place the camera that shot it, cut it."""

from pathlib import Path

import bpy

from .. import session
from ..reporting import AsksForFile, reported
from ..sidebar import told
from . import scene as stage
from . import timing

VIDEOS = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mts")


class RETAKE_OT_load_clip(AsksForFile, bpy.types.Operator):
    """Load a video of one person. It can also be dropped onto a 3D view or the Movie Clip Editor"""

    bl_idname = "retake.load_clip"
    bl_label = "Load Clip"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{ending}" for ending in VIDEOS), options={"HIDDEN"}
    )
    match: bpy.props.BoolProperty(
        name="Match Scene",
        description="Give the scene the clip's frame rate and range",
        default=False,
    )

    @reported
    def execute(self, context):
        scene = context.scene
        stage.show_clip(scene, Path(bpy.path.abspath(self.filepath)), self.match)
        if context.area and context.area.type == "VIEW_3D":  # where it was dropped: shows it
            context.space_data.region_3d.view_perspective = "CAMERA"
        state = scene.retake_clip
        self.report({"INFO"}, told("{count} frames", count=state.clip.frame_duration))
        return {"FINISHED"}


class RETAKE_FH_clip(bpy.types.FileHandler):
    """A video that is dropped onto Blender becomes the clip."""

    bl_idname = "RETAKE_FH_clip"
    bl_label = "Retake Clip"
    bl_import_operator = "retake.load_clip"
    bl_file_extensions = ";".join(VIDEOS)

    @classmethod
    def poll_drop(cls, context):
        return context.area is not None and context.area.type in ("VIEW_3D", "CLIP_EDITOR")


class _NeedsClip:
    @classmethod
    def poll(cls, context):
        if context.scene.retake_clip.clip is None:
            cls.poll_message_set("Choose or load a clip first")
            return False
        return True


class RETAKE_OT_add_shot_camera(_NeedsClip, bpy.types.Operator):
    """Make a camera with the clip behind it and with its focal length, or renew the one there is"""

    bl_idname = "retake.add_shot_camera"
    bl_label = "Add Shot Camera"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        stage.add_shot_camera(context.scene)
        return {"FINISHED"}


class RETAKE_OT_align_shot_camera(bpy.types.Operator):
    """Put the shot camera where the clip was filmed from: the character covers the person"""

    bl_idname = "retake.align_shot_camera"
    bl_label = "Align to Character"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        rig = context.object
        if rig is None or rig.type != "ARMATURE" or rig.animation_data is None:
            cls.poll_message_set("Make an armature that wears a take the active object")
            return False
        if not session.of(context.scene).takes_path:
            cls.poll_message_set("Sample or load takes first")
            return False
        return True

    @reported
    def execute(self, context):
        stage.align_camera(context.scene, context.object)
        return {"FINISHED"}


class RETAKE_OT_set_clip_range(_NeedsClip, bpy.types.Operator):
    """Use the clip from this frame on, or up to it"""

    bl_idname = "retake.set_clip_range"
    bl_label = "Set In or Out"
    bl_options = {"REGISTER", "UNDO"}

    edge: bpy.props.EnumProperty(
        name="Edge",
        description="Which end of the range",
        items=(
            ("IN", "In", "The clip is used from the present frame on"),
            ("OUT", "Out", "The clip is used up to the present frame"),
            ("ALL", "All", "The whole clip is used"),
        ),
    )

    def execute(self, context):
        scene, state = context.scene, context.scene.retake_clip
        now = timing.clip_frame(
            scene.frame_current, stage.rate_of(scene), state.fps, state.clip.frame_start
        )
        now = min(max(now + 1, 1), state.clip.frame_duration)
        if self.edge == "ALL":
            state.first, state.last = 1, state.clip.frame_duration
        elif self.edge == "IN":
            state.first = now
        else:
            state.last = now
        return {"FINISHED"}


CLASSES = (
    RETAKE_OT_load_clip,
    RETAKE_FH_clip,
    RETAKE_OT_add_shot_camera,
    RETAKE_OT_align_shot_camera,
    RETAKE_OT_set_clip_range,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
