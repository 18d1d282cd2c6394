# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The status line at the top of the tab: server, running job, last message."""

import bpy

from .. import timer
from ..sidebar import RetakePanel, draw_sentence
from .client import ServerState

STATE_ICONS = {
    ServerState.OFF: "RADIOBUT_OFF",
    ServerState.STARTING: "TIME",
    ServerState.READY: "RADIOBUT_ON",
    ServerState.BUSY: "PLAY",
    ServerState.UPDATE: "FILE_REFRESH",
    ServerState.FAILED: "ERROR",
}


class RETAKE_PT_status(RetakePanel, bpy.types.Panel):
    bl_label = "Retake"

    def draw(self, context):
        client = timer.client
        draw_sentence(self.layout, client.status, STATE_ICONS[client.state])
        if client.job:
            row = self.layout.row(align=True)
            row.progress(factor=client.job.fraction, text=client.job.stage.capitalize())
            row.operator("retake.cancel_job", text="", icon="X")
        elif client.message:
            draw_sentence(self.layout, client.message, "ERROR")


CLASSES = (RETAKE_PT_status,)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
