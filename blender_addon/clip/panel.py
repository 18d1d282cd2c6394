# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The panel of the step Clip, in the 3D view and in the Movie Clip Editor."""

import bpy

from .. import session
from ..sidebar import RetakePanel, draw_sentence, told
from . import scene as stage


class _Clip(RetakePanel):
    """The panel of the step, wherever it stands."""

    bl_label = "Clip"

    def draw(self, context):
        layout, state = self.layout, context.scene.retake_clip
        row = layout.row(align=True)
        row.template_ID(state, "clip")
        row.operator("retake.load_clip", text="", icon="FILE_FOLDER")
        if state.clip is None:
            draw_sentence(layout, "Drop a video here, or try the sample.", "INFO")
            layout.operator("retake.try_sample", icon="PLAY")
            return
        for text, icon in facts_of(state):
            draw_sentence(layout, text, icon)
        layout.row().prop(state, "rate", expand=True)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        _draw_range(column, state)
        _draw_camera(column, state, context)


def facts_of(state) -> list[tuple[str, str]]:
    """Sentences about the clip, with icons."""
    clip = state.clip
    width, height = clip.size
    size = told("{w} x {h}, {count} frames", w=width, h=height, count=clip.frame_duration)
    own = stage.rate_of(state.id_data)
    form = "{fps:.4g} fps" if abs(own - state.fps) < 1e-2 else "{fps:.4g} fps, scene {own:.4g}"
    facts = [(size, "FILE_MOVIE"), (told(form, fps=state.fps, own=own), "TIME")]
    if state.rotation:
        text = told("Filmed turned by {degrees}°, shown upright", degrees=state.rotation)
        facts.append((text, "ORIENTATION_VIEW"))
    if state.is_variable:
        facts.append(("The frame rate varies; the true times are used.", "INFO"))
    return facts


def _draw_range(column, state) -> None:
    sub = column.column(align=True)
    for name, edge in (("first", "IN"), ("last", "OUT")):
        row = sub.row(align=True)
        row.prop(state, name)
        row.operator("retake.set_clip_range", text="", icon="EYEDROPPER").edge = edge


def _draw_camera(column, state, context) -> None:
    column.prop(state, "focal_from")
    if state.focal_from == "PIXELS":
        column.prop(session.of(context.scene), "focal_px")
    if state.focal_text:
        draw_sentence(column, state.focal_text, "CAMERA_DATA")
    column.prop(state, "camera")
    row = column.row(align=True)
    row.operator("retake.add_shot_camera", text="Add" if not state.camera else "Renew")
    row.operator("retake.align_shot_camera", text="Align")


class RETAKE_PT_clip(_Clip, bpy.types.Panel):
    pass


class RETAKE_PT_clip_editor(_Clip, bpy.types.Panel):
    """The same beside the video."""

    bl_space_type = "CLIP_EDITOR"


CLASSES = (RETAKE_PT_clip, RETAKE_PT_clip_editor)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
