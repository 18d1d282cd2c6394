# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators about the server and its jobs."""

import bpy

from .. import timer


class RETAKE_OT_cancel_job(bpy.types.Operator):
    """Stop sampling"""

    bl_idname = "retake.cancel_job"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context):
        return timer.client.job is not None

    def execute(self, context):
        timer.client.cancel()
        return {"FINISHED"}


CLASSES = (RETAKE_OT_cancel_job,)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
