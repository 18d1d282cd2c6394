# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The bone map as a table: in the step Rig, and where the armature's own data are shown."""

from pathlib import Path

import bpy

from ... import session
from ...sidebar import RetakePanel, draw_sentence
from .. import scene as rigging
from . import presets
from .map_slots import LIMB_PARTS, SIDES, TRUNK_SLOTS, words
from .operators import own_presets

GUESS = 0.75
"""Guesses that are less sure are marked."""


class RETAKE_PT_bones(RetakePanel, bpy.types.Panel):
    bl_label = "Bone Map"
    bl_parent_id = "RETAKE_PT_rig"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    def draw(self, context):
        rig = session.character_of(context)
        if rig is None:
            draw_sentence(self.layout, "There is no character yet.", "INFO")
        else:
            draw_map(self.layout, context.scene, rig)


class RETAKE_PT_data_bones(bpy.types.Panel):
    """Among the properties of an armature. The table is that of who wears the takes, as its fields
    belong to the scene: an armature keeps nothing of ours but its map."""

    bl_label = "Retake Bone Map"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "data"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012

    @classmethod
    def poll(cls, context):
        return getattr(context, "armature", None) is not None

    def draw(self, context):
        layout, rig = self.layout, session.character_of(context)
        if rig is None or rig.data != getattr(context, "armature", None):
            draw_sentence(layout, "Somebody else wears the takes. Choose this character:", "INFO")
            state = session.of(context.scene)
            layout.prop(state, "character", text="", icon="OUTLINER_OB_ARMATURE")
        else:
            draw_map(layout, context.scene, rig)


class RETAKE_MT_map_presets(bpy.types.Menu):
    bl_label = "Bone Map Presets"

    def draw(self, context):
        folders = bpy.utils.preset_paths(presets.FOLDER) or [str(own_presets())]
        bpy.types.Menu.path_menu(
            self,
            folders,
            "retake.import_bones",
            filter_ext=lambda ending: ending.lower() == ".json",
            display_name=lambda path: Path(path).stem,
            add_operator="retake.preset_bones",
        )


def draw_map(layout, scene, rig) -> None:
    """Buttons and table of the map of `rig`, who wears the scene's takes."""
    shown = rigging.shown_map(rig)
    row = layout.row(align=True)
    row.menu("RETAKE_MT_map_presets", text="Presets")
    row.operator("retake.import_bones", icon="IMPORT", text="")
    row.operator("retake.export_bones", icon="EXPORT", text="")
    row = layout.row(align=True)
    row.operator("retake.match_bones", text="By Name").by = "NAME"
    row.operator("retake.match_bones", text="By Shape").by = "SHAPE"
    row.operator("retake.clear_bones", icon="X", text="")
    bones = rigging.of(scene).bones
    draw_table(layout, "", TRUNK_SLOTS, shown, bones, rig)
    for side in SIDES:
        slots = tuple(f"{side}_{part}" for part in LIMB_PARTS)
        draw_table(layout, side, slots, shown, bones, rig)


def draw_table(layout, side: str, slots, shown: rigging.Shown, bones, rig) -> None:
    """A line per slot: how sure, part, bone; under it what is wrong."""
    column = layout.column(align=True)
    column.label(text=side.title() if side else "Trunk")
    for slot in slots:
        split = column.split(factor=0.42, align=True)
        part = words(slot.removeprefix(f"{side}_")).title()
        split.label(text=part, icon=certainty(slot, shown))
        row = split.row(align=True)
        row.alert = slot in shown.wrong
        row.prop_search(bones, slot, rig.data, "bones", text="", icon="NONE")
        if rig.mode == "POSE":
            row.operator("retake.pick_bone", text="", icon="EYEDROPPER").slot = slot
        if slot in shown.slots.sure and slot not in shown.wrong:
            end = row.row(align=True)
            end.ui_units_x = 1.9
            end.label(text=f"{shown.slots.sure[slot]:.0%}")
        if slot in shown.wrong and slot in shown.slots.bones:
            text = f"{words(slot).capitalize()} {shown.wrong[slot]}"
            draw_sentence(column, text, "BLANK1")


def certainty(slot: str, shown: rigging.Shown) -> str:
    """The icon of a slot's line."""
    if slot in shown.wrong:
        return "ERROR"
    if slot not in shown.slots.bones:
        return "REMOVE"
    return "QUESTION" if shown.slots.sure.get(slot, 1.0) < GUESS else "CHECKMARK"


CLASSES = (RETAKE_MT_map_presets, RETAKE_PT_bones, RETAKE_PT_data_bones)
"""Registered with the step's own panels, whose order is theirs."""
