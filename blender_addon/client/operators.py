# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators about the server's jobs: stop one, ask again, look at what went wrong."""

import os
import signal

import bpy

from ...shared.errors import RetakeError
from .. import jobs, session, timer
from ..reporting import carried_out, reported
from ..waiting import WaitsForJob
from .server_process import find


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
        if failure and jobs.kind_of(failure.job_id) == jobs.TRACK:
            place = context.scene.retake_track.place
            return carried_out(bpy.ops.retake.detect_keypoints, place=place)
        return carried_out(bpy.ops.retake.sample_takes)


class RETAKE_OT_retry_smaller(_AfterFailure, bpy.types.Operator):
    """Ask again for half as many takes, which needs less memory"""

    bl_idname = "retake.retry_smaller"
    bl_label = "Try with Fewer Takes"
    bl_options = {"REGISTER", "UNDO"}

    @reported
    def execute(self, context):
        state = session.of(context.scene)
        state.hypotheses = max(1, state.hypotheses // 2)
        return carried_out(bpy.ops.retake.sample_takes)


class _Interrupted:
    @classmethod
    def poll(cls, context):
        if timer.client.job or jobs.interrupted(context.scene) is None:
            cls.poll_message_set("No run was interrupted")
            return False
        return True


class RETAKE_OT_continue_job(_Interrupted, WaitsForJob, bpy.types.Operator):
    """Go on with what ran when this file was saved; what was finished is not computed twice"""

    bl_idname = "retake.continue_job"
    bl_label = "Continue"
    bl_options = {"REGISTER"}

    @reported
    def execute(self, context):
        kind, job_id = jobs.interrupted(context.scene) or ("", "")  # `poll` has looked
        waiting = {"job": job_id, "wait": self.wait, "timeout": self.timeout}
        if kind == jobs.TRACK:
            place = context.scene.retake_track.place
            return carried_out(bpy.ops.retake.detect_keypoints, place=place, **waiting)
        return carried_out(bpy.ops.retake.sample_takes, **waiting)


class RETAKE_OT_forget_job(_Interrupted, bpy.types.Operator):
    """Do not go on with what ran when this file was saved"""

    bl_idname = "retake.forget_job"
    bl_label = "Forget"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        session.of(context.scene).job = ""
        return {"FINISHED"}


def _own_server():
    """Of this computer: one elsewhere has process number 0 here."""
    info = find()
    return info if info and info.pid > 0 else None


class RETAKE_OT_stop_server(bpy.types.Operator):
    """End the server, also one that does not answer; it gives its memory back. What a running job
    has finished is kept"""

    bl_idname = "retake.stop_server"
    bl_label = "Stop Server"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        if _own_server() is None:
            cls.poll_message_set("No server runs on this computer")
            return False
        return True

    @reported
    def execute(self, context):
        info = _own_server()
        timer.client.close()
        try:
            if info:
                os.kill(info.pid, signal.SIGTERM)
        except OSError as error:
            raise RetakeError(f"The server cannot be ended: {error.strerror}.") from None
        return {"FINISHED"}


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
    RETAKE_OT_continue_job,
    RETAKE_OT_forget_job,
    RETAKE_OT_stop_server,
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
