# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators that get takes: from the server or from a file."""

from dataclasses import replace

import bpy

from .. import session, timer
from ..client.client import TakesReady
from ..preferences import server_python
from ..reporting import AsksForFile, reported
from ..sidebar import told
from ..waiting import WaitsForJob
from . import overlay
from .messages import lift_request


class RETAKE_OT_sample_takes(WaitsForJob, bpy.types.Operator):
    """Sample several 3D motions that explain the track. Blender stays usable meanwhile"""

    bl_idname = "retake.sample_takes"
    bl_label = "Sample Takes"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        if not session.of(context.scene).track_path:
            cls.poll_message_set("Load a track first")
            return False
        if timer.client.job:
            cls.poll_message_set("The last job is still running")
            return False
        return True

    @reported
    def execute(self, context):
        scene, job_id = context.scene, self.job_id
        request = lift_request(job_id, session.track_of(scene), session.settings_of(scene))
        request = replace(request, partial=not self.wait)
        path = session.new_takes_path(scene, job_id)
        timer.connect(server_python(context))
        timer.client.lift(request, path)
        session.remember_job(scene, job_id)
        if self.wait:
            takes = self.outcome(TakesReady, "were no takes").takes
            self.report({"INFO"}, told("{count} takes are ready", count=takes.hypothesis_count))
        else:
            timer.watch(overlay.look)
        return {"FINISHED"}


class RETAKE_OT_load_takes(AsksForFile, bpy.types.Operator):
    """Load takes from a file, as `retake lift` and this add-on write it"""

    bl_idname = "retake.load_takes"
    bl_label = "Load Takes"
    bl_options = {"REGISTER", "UNDO"}

    @reported
    def execute(self, context):
        takes = session.set_takes(context.scene, self.filepath)
        text = told("{count} takes of {frames} frames", **_sizes(takes))
        self.report({"INFO"}, text)
        return {"FINISHED"}


def _sizes(takes) -> dict[str, int]:
    return {"count": takes.hypothesis_count, "frames": takes.frame_count}


CLASSES = (RETAKE_OT_sample_takes, RETAKE_OT_load_takes)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
