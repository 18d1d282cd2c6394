# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators that get a track, from the server or from a file, and correct it."""

import uuid
from pathlib import Path

import bpy

from ...shared.errors import RetakeError
from ...shared.skeleton import HUMAN36M
from .. import jobs, session, timer
from ..client.outcomes import TrackReady
from ..preferences import server_python
from ..reporting import AsksForFile, reported
from ..sidebar import told
from ..waiting import WaitsForJob
from . import scene as stage
from .edits import Hide, Move, Swap, from_json, to_json
from .messages import detect_request
from .other_trackers import read_track

TRACKS = (".npz", ".json", ".csv", ".txt")


class RETAKE_OT_load_track(AsksForFile, bpy.types.Operator):
    """Load the 2D keypoints of one person from a file of Retake or of another tracker"""

    bl_idname = "retake.load_track"
    bl_label = "Load Track"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(
        default=";".join(f"*{ending}" for ending in TRACKS), options={"HIDDEN"}
    )
    person: bpy.props.IntProperty(
        name="Person",
        description="Number of the person in another tracker's file; 0: the largest",
        default=0,
        min=0,
    )

    @reported
    def execute(self, context):
        scene, path = context.scene, Path(bpy.path.abspath(self.filepath))
        if path.suffix.lower() != ".npz":
            path = self._converted(scene, path)
        track = stage.set_track(scene, path)
        self.report(
            {"INFO"},
            told(
                "Track with {count} frames: {source}", count=track.frame_count, source=track.source
            ),
        )
        return {"FINISHED"}

    def _converted(self, scene, path: Path) -> Path:
        clip = scene.retake_clip
        if clip.clip is None:
            raise RetakeError(
                "Load the clip first: another tracker's file does not say how large and how fast "
                "its video is."
            )
        track = read_track(path, tuple(clip.clip.size), clip.fps, self.person)
        out = stage.new_track_path(scene, uuid.uuid4().hex)
        track.save(out)
        return out


class RETAKE_FH_track(bpy.types.FileHandler):
    """A keypoint file that is dropped onto Blender becomes the track."""

    bl_idname = "RETAKE_FH_track"
    bl_label = "Retake Track"
    bl_import_operator = "retake.load_track"
    bl_file_extensions = ".npz;.json;.csv"

    @classmethod
    def poll_drop(cls, context):
        return context.area is not None and context.area.type in ("VIEW_3D", "CLIP_EDITOR")


class RETAKE_OT_detect_keypoints(WaitsForJob, bpy.types.Operator):
    """Find the person's keypoints in the clip. Blender stays usable meanwhile"""

    bl_idname = "retake.detect_keypoints"
    bl_label = "Detect Keypoints"
    bl_options = {"REGISTER"}

    place: bpy.props.FloatVectorProperty(
        name="Person",
        description="Pixels across and down, and frame from 0, of who is meant; -1: the largest",
        default=(-1, -1, -1),
    )

    @classmethod
    def poll(cls, context):
        if context.scene.retake_clip.clip is None:
            cls.poll_message_set("Choose or load a clip first")
            return False
        if timer.client.job:
            cls.poll_message_set("The last job is still running")
            return False
        return True

    @reported
    def execute(self, context):
        scene, job_id = context.scene, self.job_id
        video = bpy.path.abspath(scene.retake_clip.clip.filepath)
        place = tuple(self.place) if self.place[0] >= 0 else None
        scene.retake_track.place = self.place
        timer.connect(server_python(context))
        timer.client.detect(
            detect_request(job_id, video, place), stage.new_track_path(scene, job_id)
        )
        jobs.remember(scene, job_id, kind=jobs.TRACK)
        if self.wait:
            track = self.outcome(TrackReady, "was no track").track
            self.report({"INFO"}, told("Keypoints in {count} frames", count=track.frame_count))
        return {"FINISHED"}


class _Corrects:
    """An operator about the keypoints there are."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        if not session.of(context.scene).track_path:
            cls.poll_message_set("Detect or load keypoints first")
            return False
        return True


class _CorrectsRange(_Corrects):
    """It asks the panel for the range when a button starts it. Frames of the clip, from 1."""

    first: bpy.props.IntProperty(name="From", description="First frame of the clip", min=1)
    last: bpy.props.IntProperty(name="To", description="Last frame of the clip", min=1)

    def invoke(self, context, event):
        state = context.scene.retake_track
        self.first, self.last = sorted((state.first, state.last))
        return self.execute(context)


class RETAKE_OT_move_keypoint(_Corrects, bpy.types.Operator):
    """Put a keypoint where it belongs in one frame; its neighbours in time follow"""

    bl_idname = "retake.move_keypoint"
    bl_label = "Move Keypoint"

    joint: bpy.props.IntProperty(
        name="Keypoint", description="Its number", min=0, max=HUMAN36M.joint_count - 1
    )
    frame: bpy.props.IntProperty(name="Frame", description="Frame of the clip, from 1", min=1)
    x: bpy.props.FloatProperty(name="X", description="Pixels from the left of the clip")
    y: bpy.props.FloatProperty(name="Y", description="Pixels from the top of the clip")
    reach: bpy.props.IntProperty(
        name="Reach", description="So many frames before and after follow", min=0
    )

    @reported
    def execute(self, context):
        edit = Move(self.joint, self.frame - 1, self.x, self.y, self.reach)
        stage.add_edit(context.scene, edit)
        return {"FINISHED"}


class RETAKE_OT_hide_keypoint(_CorrectsRange, bpy.types.Operator):
    """Say that a keypoint is not seen in the range: the model fills it in"""

    bl_idname = "retake.hide_keypoint"
    bl_label = "Hide Keypoint"

    joint: bpy.props.IntProperty(
        name="Keypoint", description="Its number", min=0, max=HUMAN36M.joint_count - 1
    )

    def invoke(self, context, event):
        names = [name.upper() for name in HUMAN36M.joints]
        self.joint = names.index(context.scene.retake_track.joint)
        return super().invoke(context, event)

    @reported
    def execute(self, context):
        stage.add_edit(context.scene, Hide(self.joint, self.first - 1, self.last - 1))
        return {"FINISHED"}


class RETAKE_OT_swap_sides(_CorrectsRange, bpy.types.Operator):
    """Exchange left and right in the range, where the detector took one for the other"""

    bl_idname = "retake.swap_sides"
    bl_label = "Swap Left and Right"

    @reported
    def execute(self, context):
        stage.add_edit(context.scene, Swap(self.first - 1, self.last - 1))
        return {"FINISHED"}


class RETAKE_OT_revert_keypoints(_Corrects, bpy.types.Operator):
    """Take back the last correction of the keypoints, or all of them"""

    bl_idname = "retake.revert_keypoints"
    bl_label = "Revert Keypoints"

    all: bpy.props.BoolProperty(name="All", description="All corrections, not only the last")

    @classmethod
    def poll(cls, context):
        if not context.scene.retake_track.edits:
            cls.poll_message_set("There are no corrections")
            return False
        return True

    @reported
    def execute(self, context):
        state = context.scene.retake_track
        state.edits = "" if self.all else to_json(from_json(state.edits)[:-1])
        return {"FINISHED"}


class RETAKE_OT_show_clip_frame(bpy.types.Operator):
    """Go to the frame of the clip that this is about, and take the range for corrections"""

    bl_idname = "retake.show_clip_frame"
    bl_label = "Show"
    bl_options = {"REGISTER", "UNDO"}

    first: bpy.props.IntProperty(name="From", description="Frame of the clip, from 1", min=1)
    last: bpy.props.IntProperty(name="To", description="Frame of the clip, from 1", min=1)

    @reported
    def execute(self, context):
        stage.go_to(context.scene, self.first - 1)
        state = context.scene.retake_track
        state.first, state.last = self.first, max(self.first, self.last)
        return {"FINISHED"}


CLASSES = (
    RETAKE_OT_load_track,
    RETAKE_FH_track,
    RETAKE_OT_detect_keypoints,
    RETAKE_OT_move_keypoint,
    RETAKE_OT_hide_keypoint,
    RETAKE_OT_swap_sides,
    RETAKE_OT_revert_keypoints,
    RETAKE_OT_show_clip_frame,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
