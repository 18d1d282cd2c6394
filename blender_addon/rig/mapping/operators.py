# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# pyright: reportOptionalMemberAccess=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators on the rig's bone map: filled, chosen by hand, in files and as presets."""

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt_  # pyright: ignore[reportMissingImports]

from ....shared.errors import RetakeError
from ... import session
from ...reporting import AsksForFile, reported
from .. import scene as rigging
from ..armature.read_rest_pose import read_rig
from . import map_file, presets, saved_map
from .map_slots import named_slots, problems, shaped_slots, words


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
        description="What the bones are told by",
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
        wrong = problems(slots, rest, rig.data.bones.keys())
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

    slot: bpy.props.StringProperty(
        name="Part", description="The place of the map", options={"SKIP_SAVE"}
    )

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


class RETAKE_OT_preset_bones(NeedsCharacter, bpy.types.Operator):
    """Keep the bone map as a preset for other rigs of this kind, or remove a preset"""

    bl_idname = "retake.preset_bones"
    bl_label = "Bone Map Preset"
    bl_options = {"REGISTER"}

    name: bpy.props.StringProperty(name="Name", description="Of the preset", options={"SKIP_SAVE"})
    remove_name: bpy.props.BoolProperty(
        name="Remove", description="Remove the preset of this name", options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, context, properties):
        if properties.remove_name:
            return rpt_("Remove this preset")
        return rpt_("Keep the bone map as a preset for other rigs of this kind")

    @reported
    def execute(self, context):
        path = presets.path_of(self.name, own_presets())
        if self.remove_name:
            presets.remove(path)
        else:
            rig = session.character_of(context)
            map_file.save(rigging.exact_slots(rig), rig.name, path)
        return {"FINISHED"}


def own_presets() -> Path:
    """The folder of the user's own."""
    return Path(bpy.utils.user_resource("SCRIPTS", path=f"presets/{presets.FOLDER}", create=True))


CLASSES = (
    RETAKE_OT_match_bones,
    RETAKE_OT_clear_bones,
    RETAKE_OT_pick_bone,
    RETAKE_OT_import_bones,
    RETAKE_OT_export_bones,
    RETAKE_OT_preset_bones,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
