# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# pyright: reportOptionalMemberAccess=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators on what a motion is bound to: the rig's bone map, when feet stand, where hands are."""

import json
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt_  # pyright: ignore[reportMissingImports]

from ...shared.errors import RetakeError
from .. import session
from ..choose import reading
from ..reporting import AsksForFile, reported
from . import scene as rigging
from .armature.read_rest_pose import read_rig
from .ground import contact_edits
from .mapping import map_file, saved_map
from .mapping.map_slots import named_slots, problems, shaped_slots, words


class NeedsCharacter:
    @classmethod
    def poll(cls, context):
        if session.character_of(context) is None:
            cls.poll_message_set("Choose a character, or make an armature the active object")
            return False
        return True


class NeedsOwnMap(NeedsCharacter):
    @classmethod
    def poll(cls, context):
        if not super().poll(context):
            return False
        if not saved_map.text_of(session.character_of(context)):
            cls.poll_message_set("The map is found automatically; the rig carries none of its own")
            return False
        return True


class RETAKE_OT_match_bones(NeedsCharacter, bpy.types.Operator):
    """Fill the bone map anew. The rig carries it from then on"""

    bl_idname = "retake.match_bones"
    bl_label = "Match Bones"
    bl_options = {"REGISTER", "UNDO"}

    by: bpy.props.EnumProperty(
        name="By",
        items=(
            ("NAME", "Name", "By what the bones are called"),
            ("SHAPE", "Shape", "By where the bones are, whatever they are called"),
        ),
        default="NAME",
    )

    @classmethod
    def description(cls, context, properties):
        if properties.by == "NAME":
            return rpt_("Fill the bone map by what the bones are called")
        return rpt_("Fill the bone map by where the bones are, whatever they are called")

    @reported
    def execute(self, context):
        rig = session.character_of(context)
        rest = read_rig(rig).rest
        slots = named_slots(rest) if self.by == "NAME" else shaped_slots(rest)
        rigging.keep(rig, slots)
        wrong = problems(slots, rest)
        text = rpt_("{:d} bones matched, {:d} missing").format(len(slots.bones), len(wrong))
        self.report({"WARNING"} if wrong else {"INFO"}, text)
        return {"FINISHED"}


class RETAKE_OT_clear_bones(NeedsOwnMap, bpy.types.Operator):
    """Take the rig's own bone map away. It is found automatically again"""

    bl_idname = "retake.clear_bones"
    bl_label = "Clear"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context):
        saved_map.forget(session.character_of(context))
        rigging.forget_shown()
        return {"FINISHED"}


class RETAKE_OT_pick_bone(NeedsCharacter, bpy.types.Operator):
    """Put the active bone into this place of the map"""

    bl_idname = "retake.pick_bone"
    bl_label = "Pick Active Bone"
    bl_options = {"REGISTER", "UNDO"}

    slot: bpy.props.StringProperty(name="Part", options={"SKIP_SAVE"})

    @reported
    def execute(self, context):
        rig, active = session.character_of(context), context.active_bone
        if self.slot not in rigging.SLOTS:
            raise RetakeError(f"There is no part '{self.slot}' in a bone map.")
        if active is None or active.name not in rig.data.bones:
            raise RetakeError(f"Make a bone of '{rig.name}' active first, in Pose Mode.")
        rigging.set_bone(rig, self.slot, active.name)
        text = rpt_("{:s}: {:s}").format(words(self.slot).capitalize(), active.name)
        self.report({"INFO"}, text)
        return {"FINISHED"}


class RETAKE_OT_import_bones(AsksForFile, NeedsCharacter, bpy.types.Operator):
    """Take a bone map from a file. The rig carries it from then on"""

    bl_idname = "retake.import_bones"
    bl_label = "Import Bone Map"
    bl_options = {"REGISTER", "UNDO"}

    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    @reported
    def execute(self, context):
        rig = session.character_of(context)
        slots = map_file.load(Path(bpy.path.abspath(self.filepath)))
        known = [bone for bone in slots.bones.values() if bone in rig.data.bones]
        if not known:
            raise RetakeError(f"'{rig.name}' has none of the bones that this map names.")
        rigging.keep(rig, slots)
        absent = len(slots.bones) - len(known)
        text = rpt_("{:d} bones matched, {:d} missing").format(len(known), absent)
        self.report({"WARNING"} if absent else {"INFO"}, text)
        return {"FINISHED"}


class RETAKE_OT_export_bones(AsksForFile, NeedsCharacter, bpy.types.Operator):
    """Write the bone map into a file, to be used on other rigs of this kind"""

    bl_idname = "retake.export_bones"
    bl_label = "Export Bone Map"
    bl_options = {"REGISTER"}

    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN"})

    def invoke(self, context, event):
        if not self.filepath:
            name = bpy.path.clean_name(session.character_of(context).name)
            self.filepath = f"{name} bones.json"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @reported
    def execute(self, context):
        rig = session.character_of(context)
        path = Path(bpy.path.ensure_ext(bpy.path.abspath(self.filepath), ".json"))
        map_file.save(rigging.exact_slots(rig), rig.name, path)
        self.report({"INFO"}, rpt_("Bone map written to {:s}").format(path.name))
        return {"FINISHED"}


class RETAKE_OT_set_contact(bpy.types.Operator):
    """Plant or lift a foot in a range of frames. Apply the take again to see it"""

    bl_idname = "retake.set_contact"
    bl_label = "Set Contact"
    bl_options = {"REGISTER", "UNDO"}

    foot: bpy.props.EnumProperty(
        name="Foot",
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
        name="Hand", items=(("left", "Left", "The left hand"), ("right", "Right", "The right hand"))
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

    name: bpy.props.StringProperty(name="Target", options={"SKIP_SAVE"})

    @reported
    def execute(self, context):
        target = context.scene.objects.get(self.name)
        if target is None or rigging.TARGET not in target:
            raise RetakeError(f"The scene has no hand target '{self.name}'.")
        bpy.data.objects.remove(target)
        return {"FINISHED"}


CLASSES = (
    RETAKE_OT_add_hand_target,
    RETAKE_OT_remove_hand_target,
    RETAKE_OT_match_bones,
    RETAKE_OT_clear_bones,
    RETAKE_OT_pick_bone,
    RETAKE_OT_import_bones,
    RETAKE_OT_export_bones,
    RETAKE_OT_set_contact,
    RETAKE_OT_clear_contacts,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
