# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""*Try the Sample*: one click from a fresh install to a moving character."""

import shutil
import uuid
from pathlib import Path

import bpy

from ...shared.errors import RetakeError
from .. import session
from ..clip.scene import show_clip
from ..reporting import carried_out, reported
from ..sidebar import told
from ..takes.rows import BEST
from . import scene as stage

SAMPLES = Path(__file__).parents[1] / "samples"
SAMPLE = "pose2sim_cam01"


class RETAKE_OT_try_sample(bpy.types.Operator):
    """Open a new scene with a short clip, its takes and a character that moves. Needs no server"""

    bl_idname = "retake.try_sample"
    bl_label = "Try the Sample"
    bl_options = {"REGISTER", "UNDO"}

    play: bpy.props.BoolProperty(
        name="Play", description="Start the playback at once", default=True
    )

    @classmethod
    def poll(cls, context):
        if context.mode != "OBJECT":
            cls.poll_message_set("Go to Object Mode first")
            return False
        return True

    @reported
    def execute(self, context):
        own = uuid.uuid4().hex[:8]  # a second sample shall not meet the first one's files
        track = _own_copy(f"{SAMPLE}.npz", f"Sample keypoints-{own}.npz")
        takes = _own_copy(f"{SAMPLE}.takes.npz", f"Sample-{own}.npz")
        scene = stage.new_scene(context)
        session.set_track(scene, str(track))
        found = session.set_takes(scene, str(takes))
        session.of(scene).takes_name = "Sample"
        rig = stage.add_character(context)
        session.of(scene).character = rig
        show_clip(scene, SAMPLES / f"{SAMPLE}.mp4", match=True)
        carried_out(bpy.ops.retake.apply_take, hypothesis=BEST, start_frame=scene.frame_start)
        carried_out(bpy.ops.retake.align_shot_camera)
        stage.look_through_camera(context)
        if self.play and not bpy.app.background and not context.screen.is_animation_playing:
            bpy.ops.screen.animation_play()
        form = "{count} takes; '{name}' wears the best one"
        self.report({"INFO"}, told(form, count=found.hypothesis_count, name=rig.name))
        return {"FINISHED"}


def _own_copy(name: str, own_name: str) -> Path:
    """A copy outside the extension's folder, which an update replaces: takes may be added to it."""
    try:
        return Path(shutil.copyfile(SAMPLES / name, session.user_folder("takes") / own_name))
    except OSError as error:
        raise RetakeError(f"The sample {name} cannot be copied: {error.strerror}.") from None


CLASSES = (RETAKE_OT_try_sample,)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
