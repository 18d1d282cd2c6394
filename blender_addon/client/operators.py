# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators about the server's jobs: stop one, ask again, look at what went wrong."""

import bpy

from .. import session, timer
from ..reporting import reported
from ..track import scene as track_scene


class RETAKE_OT_cancel_job(bpy.types.Operator):
    """Stop the running job; what of it is finished is kept"""

    bl_idname = "retake.cancel_job"
    bl_label = "Cancel"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context):
        return timer.client.job is not None

    def execute(self, context):
        timer.client.cancel()
        return {"FINISHED"}


class _AfterFailure:
    @classmethod
    def poll(cls, context):
        if timer.client.job or timer.client.failure is None:
            cls.poll_message_set("No job has failed")
            return False
        return True


class RETAKE_OT_retry_job(_AfterFailure, bpy.types.Operator):
    """Ask for the same again; what was finished is not computed twice"""

    bl_idname = "retake.retry_job"
    bl_label = "Try Again"
    bl_options = {"REGISTER"}

    @reported
    def execute(self, context):
        failure = timer.client.failure
        if failure and track_scene.asked_for(failure.job_id):
            place = context.scene.retake_track.place
            return bpy.ops.retake.detect_keypoints(place=place)
        return bpy.ops.retake.sample_takes()


class RETAKE_OT_retry_smaller(_AfterFailure, bpy.types.Operator):
    """Ask again for half as many takes, which needs less memory"""

    bl_idname = "retake.retry_smaller"
    bl_label = "Try with Fewer Takes"
    bl_options = {"REGISTER", "UNDO"}

    @reported
    def execute(self, context):
        state = session.of(context.scene)
        state.hypotheses = max(1, state.hypotheses // 2)
        return bpy.ops.retake.sample_takes()


class RETAKE_OT_copy_details(bpy.types.Operator):
    """Copy what was said about the failure"""

    bl_idname = "retake.copy_details"
    bl_label = "Copy Details"
    bl_options = {"INTERNAL"}

    text: bpy.props.StringProperty(name="Text", description="What is copied")

    def execute(self, context):
        context.window_manager.clipboard = self.text
        return {"FINISHED"}


CLASSES = (
    RETAKE_OT_cancel_job,
    RETAKE_OT_retry_job,
    RETAKE_OT_retry_smaller,
    RETAKE_OT_copy_details,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.WindowManager.retake_details = bpy.props.BoolProperty(
        name="Details", description="Show what the server said about the failure"
    )


def unregister() -> None:
    del bpy.types.WindowManager.retake_details
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
