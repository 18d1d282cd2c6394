# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# pyright: reportOptionalMemberAccess=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators on what is wished of a motion: when feet stand, where hands are, what is smoothed."""

import json

import bpy

from ...shared.errors import RetakeError
from .. import session
from ..choose import reading
from ..reporting import reported
from . import scene as rigging
from .ground import contact_edits
from .mapping.map_slots import words
from .mapping.operators import NeedsCharacter


class RETAKE_OT_set_contact(bpy.types.Operator):
    """Plant or lift a foot in a range of frames. Apply the take again to see it"""

    bl_idname = "retake.set_contact"
    bl_label = "Set Contact"
    bl_options = {"REGISTER", "UNDO"}

    foot: bpy.props.EnumProperty(
        name="Foot",
        description="Which foot, or which part of it",
        items=(
            ("left", "Left", "The whole left foot"),
            ("right", "Right", "The whole right foot"),
            *(
                (part, words(part).title(), f"Only the {words(part)}")
                for part in contact_edits.PARTS
            ),
        ),
    )
    stands: bpy.props.BoolProperty(
        name="Stands", description="Plant the foot; otherwise it is lifted", default=True
    )
    first_frame: bpy.props.IntProperty(name="From", description="First frame of the scene")
    last_frame: bpy.props.IntProperty(name="To", description="Last frame of the scene")

    @classmethod
    def poll(cls, context):
        if not session.of(context.scene).takes_path:
            cls.poll_message_set("Sample or load takes first")
            return False
        return True

    @reported
    def execute(self, context):
        scene = context.scene
        if self.last_frame < self.first_frame:
            raise RetakeError(
                f"The range goes from frame {self.first_frame} back to {self.last_frame}."
            )
        edit = contact_edits.planted if self.stands else contact_edits.lifted
        first, last = (reading.seconds_of(scene, f) for f in (self.first_frame, self.last_frame))
        rigging.of(scene).contacts = edit(
            rigging.contacts_of(scene), self.foot, first, last
        ).to_json()
        return {"FINISHED"}


class RETAKE_OT_clear_contacts(bpy.types.Operator):
    """Feet stand as the takes say again"""

    bl_idname = "retake.clear_contacts"
    bl_label = "As the Takes Say"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        if not rigging.of(context.scene).contacts:
            cls.poll_message_set("Nothing was changed by hand")
            return False
        return True

    def execute(self, context):
        rigging.of(context.scene).contacts = ""
        return {"FINISHED"}


class RETAKE_OT_add_hand_target(NeedsCharacter, bpy.types.Operator):
    """Add an empty that says where a wrist shall be in a range of frames. Move it, also with keys
    or a parent; apply the take again to see it"""

    bl_idname = "retake.add_hand_target"
    bl_label = "Add Hand Target"
    bl_options = {"REGISTER", "UNDO"}

    hand: bpy.props.EnumProperty(
        name="Hand",
        description="Whose wrist it is",
        items=(("left", "Left", "The left hand"), ("right", "Right", "The right hand")),
    )
    first_frame: bpy.props.IntProperty(name="From", description="First frame of the scene")
    last_frame: bpy.props.IntProperty(name="To", description="Last frame of the scene")

    @reported
    def execute(self, context):
        scene, rig = context.scene, session.character_of(context)
        session.takes_of(scene)  # says so if there are none
        if self.last_frame < self.first_frame:
            raise RetakeError(
                f"The range goes from frame {self.first_frame} back to {self.last_frame}."
            )
        bone = rig.pose.bones.get(rigging.shown_map(rig).slots.bones.get(f"{self.hand}_hand", ""))
        if bone is None:
            raise RetakeError(f"The {self.hand} hand of '{rig.name}' is missing in its bone map.")
        target = bpy.data.objects.new(f"{self.hand.title()} Hand Target", None)
        scene.collection.objects.link(target)
        target.empty_display_type, target.empty_display_size = "SPHERE", 0.04
        target.show_in_front = True
        target.location = rig.matrix_world @ bone.head
        first, last = (reading.seconds_of(scene, f) for f in (self.first_frame, self.last_frame))
        content = {"hand": self.hand, "first": first, "last": last}
        target[rigging.TARGET] = json.dumps(content)
        return {"FINISHED"}


class RETAKE_OT_remove_hand_target(bpy.types.Operator):
    """Remove this target. Apply the take again to see it"""

    bl_idname = "retake.remove_hand_target"
    bl_label = "Remove Hand Target"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(
        name="Target", description="Name of the target's object", options={"SKIP_SAVE"}
    )

    @reported
    def execute(self, context):
        target = context.scene.objects.get(self.name)
        if target is None or rigging.TARGET not in target:
            raise RetakeError(f"The scene has no hand target '{self.name}'.")
        bpy.data.objects.remove(target)
        return {"FINISHED"}


class RETAKE_OT_add_smoothing(bpy.types.Operator):
    """Smooth a limb more, or less, than the rest: in the range that is open in the step Choose, or
    everywhere if that is the whole clip. The lower of two in the list holds"""

    bl_idname = "retake.add_smoothing"
    bl_label = "Add Smoothing"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        if not session.of(context.scene).takes_path:
            cls.poll_message_set("Sample or load takes first")
            return False
        return True

    @reported
    def execute(self, context):
        scene = context.scene
        takes, state = session.takes_of(scene), rigging.of(scene)
        first, last = reading.range_of(scene, takes)
        row = state.smoothings.add()
        row.first, row.last = float(takes.times[first]), float(takes.times[last])
        row.use_range = last - first < takes.frame_count - 1
        state.active_smoothing = len(state.smoothings) - 1
        return {"FINISHED"}


class RETAKE_OT_remove_smoothing(bpy.types.Operator):
    """Take the active line away"""

    bl_idname = "retake.remove_smoothing"
    bl_label = "Remove Smoothing"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        if rigging.active_smoothing(context.scene) is None:
            cls.poll_message_set("The list is empty")
            return False
        return True

    def execute(self, context):
        state = rigging.of(context.scene)
        state.smoothings.remove(state.active_smoothing)
        state.active_smoothing = min(state.active_smoothing, len(state.smoothings) - 1)
        return {"FINISHED"}


CLASSES = (
    RETAKE_OT_set_contact,
    RETAKE_OT_clear_contacts,
    RETAKE_OT_add_hand_target,
    RETAKE_OT_remove_hand_target,
    RETAKE_OT_add_smoothing,
    RETAKE_OT_remove_smoothing,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
