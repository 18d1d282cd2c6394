# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The panel of the step Rig."""

import bpy

from .. import session
from ..sidebar import RetakePanel


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


CLASSES = (RETAKE_PT_rig,)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
