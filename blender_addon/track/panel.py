# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The panel of the step Track, in the 3D view and in the Movie Clip Editor."""

import re

import bpy

from .. import session
from ..sidebar import RetakePanel, boxed_length, draw_sentence, told
from . import scene as stage

SHOWN_RANGES = 3


class _Track(RetakePanel):
    """The panel of the step, wherever it stands."""

    bl_label = "Track"

    def draw(self, context):
        layout, state = self.layout, session.of(context.scene)
        row = layout.row(align=True)
        row.operator("retake.detect_keypoints", icon="TRACKER")
        row.operator("retake.pick_person", text="", icon="EYEDROPPER")
        row.operator("retake.load_track", text="", icon="FILE_FOLDER")
        if not state.track_path:
            draw_sentence(
                layout, "No keypoints yet. Detect them in the clip, or load some.", "INFO"
            )
            return
        layout.label(text=track_name(state.track_path), icon="TRACKING", translate=False)
        layout.label(text=state.track_text, icon="BLANK1")
        if stage.shown(context.scene) is None:
            draw_sentence(layout, "The keypoints or their corrections cannot be read.", "ERROR")
            return
        layout.prop(context.scene.retake_track, "show", text="Show over the Clip")
        draw_report(layout, context.scene)


def track_name(path: str) -> str:
    """Of its file, without what keeps it apart from others of the same clip."""
    return re.sub(r"-[0-9a-f]{8}$", "", bpy.path.display_name_from_filepath(path))


def draw_report(layout, scene) -> None:
    """What makes the clip hard, each with buttons that lead to the frames."""
    found = stage.findings_of(scene)
    if not found:
        draw_sentence(layout, "Nothing in the keypoints looks hard.", "CHECKMARK")
    for finding in found:
        box = layout.box().column(align=True)
        draw_sentence(box, told(finding.form, **finding.values), "ERROR", boxed_length())
        for first, last in finding.ranges[:SHOWN_RANGES]:
            form = "Frame {first}" if first == last else "Frames {first} to {last}"
            text = told(form, first=first + 1, last=last + 1)
            button = box.operator("retake.show_clip_frame", text=text, icon="VIEWZOOM")
            button.first, button.last = first + 1, last + 1
        if len(finding.ranges) > SHOWN_RANGES:
            more = len(finding.ranges) - SHOWN_RANGES
            box.label(text=told("and {count} more stretches", count=more))


class _Corrections(RetakePanel):
    bl_label = "Corrections"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context):
        layout, state = self.layout, context.scene.retake_track
        layout.operator("retake.correct_keypoints", text="Drag Keypoints", icon="HAND")
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(state, "reach")
        sub = column.column(align=True)
        sub.prop(state, "first")
        sub.prop(state, "last")
        column.prop(state, "joint")
        row = layout.row(align=True)
        row.operator("retake.hide_keypoint", icon="HIDE_ON", text="Hide")
        row.operator("retake.swap_sides", icon="UV_SYNC_SELECT", text="Swap Sides")
        row = layout.row(align=True)
        count = stage.edit_count(context.scene)
        button = row.operator(
            "retake.revert_keypoints",
            text=told("Undo Last of {count}", count=count),
            icon="LOOP_BACK",
        )
        button.all = False
        row.operator("retake.revert_keypoints", text="All", icon="TRASH").all = True


class RETAKE_PT_track(_Track, bpy.types.Panel):
    pass


class RETAKE_PT_corrections(_Corrections, bpy.types.Panel):
    bl_parent_id = "RETAKE_PT_track"


class RETAKE_PT_track_editor(_Track, bpy.types.Panel):
    """The same beside the video."""

    bl_space_type = "CLIP_EDITOR"


class RETAKE_PT_corrections_editor(_Corrections, bpy.types.Panel):
    bl_space_type = "CLIP_EDITOR"
    bl_parent_id = "RETAKE_PT_track_editor"


CLASSES = (
    RETAKE_PT_track,
    RETAKE_PT_corrections,
    RETAKE_PT_track_editor,
    RETAKE_PT_corrections_editor,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
