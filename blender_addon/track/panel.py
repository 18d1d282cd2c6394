# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The panel of the step Track."""

import bpy

from .. import session
from ..sidebar import RetakePanel


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


CLASSES = (RETAKE_PT_track,)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
