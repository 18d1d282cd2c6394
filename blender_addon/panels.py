# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The sidebar tab: one status line, then a panel per step.

It draws what others know and changes nothing.

Never hidden by mode or selection: what cannot be done is grey and says why.
"""

import textwrap

import bpy

from . import session, timer
from .client.client import ServerState
from .takes.rows import BEST

LINE_LENGTH = 44
"""Characters that fit into the sidebar at its usual width."""

STATE_ICONS = {
    ServerState.OFF: "RADIOBUT_OFF",
    ServerState.STARTING: "TIME",
    ServerState.READY: "RADIOBUT_ON",
    ServerState.BUSY: "PLAY",
    ServerState.UPDATE: "FILE_REFRESH",
    ServerState.FAILED: "ERROR",
}


class RETAKE_UL_takes(bpy.types.UIList):
    def draw_item(self, context, layout, data, item, icon, active_data, active_property):
        row = layout.row()
        row.label(text=item.name, icon="SOLO_ON" if item.hypothesis == BEST else "ARMATURE_DATA")
        if item.hypothesis != BEST:
            row.progress(factor=item.share, text=f"{item.share:.0%}")


class RetakePanel:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Retake"


class RETAKE_PT_status(RetakePanel, bpy.types.Panel):
    bl_label = "Retake"

    def draw(self, context):
        client = timer.client
        _draw_sentence(self.layout, client.status, STATE_ICONS[client.state])
        if client.job:
            row = self.layout.row(align=True)
            row.progress(factor=client.job.fraction, text=client.job.stage.capitalize())
            row.operator("retake.cancel_job", text="", icon="X")
        elif client.message:
            _draw_sentence(self.layout, client.message, "ERROR")


class RETAKE_PT_track(RetakePanel, bpy.types.Panel):
    bl_label = "Track"

    def draw(self, context):
        state = session.of(context.scene)
        row = self.layout.row(align=True)
        row.operator("retake.load_track", text="Load...", icon="FILE_FOLDER")
        row.operator("retake.load_sample", text="Sample", icon="ARMATURE_DATA")
        if state.track_path:
            self.layout.label(text=bpy.path.display_name_from_filepath(state.track_path))
            self.layout.label(text=state.track_text)
        else:
            column = self.layout.column(align=True)
            column.label(text="No track loaded. Make one of a video:", icon="INFO")
            column.label(text="retake detect VIDEO -o track.npz", icon="BLANK1")


class RETAKE_PT_takes(RetakePanel, bpy.types.Panel):
    bl_label = "Takes"

    def draw(self, context):
        state = session.of(context.scene)
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(state, "hypotheses")
        column.prop(state, "iterations")
        column.prop(state, "seed")
        column.prop(state, "focal_px", text="Focal (px)")  # its whole name is too wide
        row = self.layout.row(align=True)
        row.operator("retake.sample_takes", icon="PLAY")
        row.operator("retake.load_takes", text="Load...", icon="FILE_FOLDER")
        self.layout.template_list(
            "RETAKE_UL_takes", "", state, "takes", state, "active_index", rows=4
        )


class RETAKE_PT_rig(RetakePanel, bpy.types.Panel):
    bl_label = "Rig"

    def draw(self, context):
        rig = context.object
        if rig and rig.type == "ARMATURE":
            self.layout.label(text=rig.name, icon="OUTLINER_OB_ARMATURE")
        else:
            self.layout.label(text="No armature is active", icon="INFO")
        button = self.layout.operator("retake.apply_take", icon="ACTION")
        button.hypothesis = session.chosen_hypothesis(context.scene)
        button.start_frame = context.scene.frame_start


def _draw_sentence(layout, text: str, icon: str) -> None:
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, LINE_LENGTH)):
        column.label(text=line, icon=icon if number == 0 else "BLANK1")


CLASSES = (RETAKE_UL_takes, RETAKE_PT_status, RETAKE_PT_track, RETAKE_PT_takes, RETAKE_PT_rig)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
