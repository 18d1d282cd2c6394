# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The panel of the step Takes, with the list of takes."""

import bpy

from .. import session
from ..sidebar import RetakePanel
from .rows import BEST


class RETAKE_UL_takes(bpy.types.UIList):
    def draw_item(self, context, layout, data, item, icon, active_data, active_property):
        row = layout.row()
        row.label(text=item.name, icon="SOLO_ON" if item.hypothesis == BEST else "ARMATURE_DATA")
        if item.hypothesis != BEST:
            row.progress(factor=item.share, text=f"{item.share:.0%}")


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


CLASSES = (RETAKE_UL_takes, RETAKE_PT_takes)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
