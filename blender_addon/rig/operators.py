# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators that put a motion onto the rig."""

import bpy

from .. import session
from ..reporting import reported
from ..takes.rows import BEST
from .apply_take import apply_take


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


CLASSES = (RETAKE_OT_apply_take,)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)


def unregister() -> None:
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
