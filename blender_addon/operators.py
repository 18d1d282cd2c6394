# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""What the animator can do, as operators: each calls a function or two and reports the outcome.

A `RetakeError` becomes a report and CANCELLED. Every operator works in scripts and in background
mode.
"""

import functools
import uuid
from pathlib import Path

import bpy

from ..shared.errors import RetakeError
from . import session, timer
from .client.client import TakesReady
from .preferences import server_python
from .rig.apply_take import apply_take
from .takes.messages import lift_request
from .takes.rows import BEST

SAMPLES = Path(__file__).parent / "samples"


def reported(execute):
    """Decorates `execute`: what the animator can understand and mend is reported, not raised."""

    @functools.wraps(execute)
    def wrapped(self, context):
        try:
            return execute(self, context)
        except RetakeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}

    return wrapped


class AsksForFile:
    """An operator that opens Blender's file browser first."""

    filepath: bpy.props.StringProperty(
        subtype="FILE_PATH", options={"SKIP_SAVE", "PATH_SUPPORTS_BLEND_RELATIVE"}
    )
    filter_glob: bpy.props.StringProperty(default="*.npz", options={"HIDDEN"})

    def invoke(self, context, event):
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}


class RETAKE_OT_load_track(AsksForFile, bpy.types.Operator):
    """Load the 2D keypoints of one person from a file"""

    bl_idname = "retake.load_track"
    bl_label = "Load Track"
    bl_options = {"REGISTER", "UNDO"}

    @reported
    def execute(self, context):
        track = session.set_track(context.scene, self.filepath)
        self.report({"INFO"}, f"Track with {track.frame_count} frames: {track.source}")
        return {"FINISHED"}


class RETAKE_OT_load_sample(bpy.types.Operator):
    """Load a track that comes with the add-on, to try things out"""

    bl_idname = "retake.load_sample"
    bl_label = "Load Sample"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(
        name="Sample", description="Name of the sample; empty: the first one"
    )

    @reported
    def execute(self, context):
        track = session.set_track(context.scene, str(find_sample(self.name)))
        self.report({"INFO"}, f"Sample with {track.frame_count} frames: {track.source}")
        return {"FINISHED"}


class RETAKE_OT_sample_takes(bpy.types.Operator):
    """Sample several 3D motions that explain the track. Blender stays usable meanwhile"""

    bl_idname = "retake.sample_takes"
    bl_label = "Sample Takes"
    bl_options = {"REGISTER"}

    wait: bpy.props.BoolProperty(
        name="Wait",
        description="Return only when the takes are there. For scripts and background mode",
        options={"SKIP_SAVE"},
    )
    timeout: bpy.props.FloatProperty(
        name="Timeout", description="Seconds to wait at most", default=600, min=1, subtype="TIME"
    )

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
        scene, job_id = context.scene, uuid.uuid4().hex
        request = lift_request(job_id, session.track_of(scene), session.settings_of(scene))
        path = session.new_takes_path(scene, job_id)
        timer.connect(server_python(context))
        timer.client.lift(request, path)
        session.remember_job(scene, job_id)
        if self.wait:
            self._wait()
        return {"FINISHED"}

    def _wait(self) -> None:
        outcome = timer.pump(self.timeout)
        if outcome is None:
            timer.client.cancel()
            raise RetakeError(f"There were no takes within {self.timeout:.0f} seconds.")
        if not isinstance(outcome, TakesReady):
            raise RetakeError(outcome.text)
        self.report({"INFO"}, f"{outcome.takes.hypothesis_count} takes are ready")


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


class RETAKE_OT_load_takes(AsksForFile, bpy.types.Operator):
    """Load takes from a file, as `retake lift` and this add-on write it"""

    bl_idname = "retake.load_takes"
    bl_label = "Load Takes"
    bl_options = {"REGISTER", "UNDO"}

    @reported
    def execute(self, context):
        takes = session.set_takes(context.scene, self.filepath)
        self.report({"INFO"}, f"{takes.hypothesis_count} takes of {takes.frame_count} frames")
        return {"FINISHED"}


class RETAKE_OT_apply_take(bpy.types.Operator):
    """Write the take to the active armature as a new action; nothing else of the rig changes"""

    bl_idname = "retake.apply_take"
    bl_label = "Apply Take"
    bl_options = {"REGISTER", "UNDO"}

    hypothesis: bpy.props.IntProperty(
        name="Take",
        description="Number of the take, from 0; -1 for the likeliest of every limb",
        default=BEST,
        min=BEST,
    )
    start_frame: bpy.props.IntProperty(
        name="Start Frame", description="Frame of the scene where the motion begins", default=1
    )

    @classmethod
    def poll(cls, context):
        if context.object is None or context.object.type != "ARMATURE":
            cls.poll_message_set("Make an armature the active object")
            return False
        if not session.of(context.scene).takes_path:
            cls.poll_message_set("Sample or load takes first")
            return False
        return True

    @reported
    def execute(self, context):
        scene = context.scene
        action, notes = apply_take(
            context.object,
            session.takes_of(scene),
            None if self.hypothesis == BEST else self.hypothesis,
            scene.render.fps / scene.render.fps_base,
            self.start_frame,
            action_name(scene, self.hypothesis),
        )
        self.report({"INFO"}, " ".join([f"New action: {action.name}.", *notes]))
        return {"FINISHED"}


def action_name(scene, hypothesis: int) -> str:
    name = session.of(scene).takes_name
    return f"{name} best" if hypothesis == BEST else f"{name} take {hypothesis + 1}"


def find_sample(name: str) -> Path:
    """The bundled track called `name`, or the first. RetakeError if there is none."""
    names = sorted(path.stem for path in SAMPLES.glob("*.npz"))
    if not names or (name and name not in names):
        raise RetakeError(f"There is no sample '{name}'. Samples: {', '.join(names) or 'none'}.")
    return SAMPLES / f"{name or names[0]}.npz"


CLASSES = (
    RETAKE_OT_load_track,
    RETAKE_OT_load_sample,
    RETAKE_OT_sample_takes,
    RETAKE_OT_cancel_job,
    RETAKE_OT_load_takes,
    RETAKE_OT_apply_take,
)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
