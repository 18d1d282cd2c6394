# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""The panel of the step Choose: doubtful stretches, what there is to choose from, decisions."""

import bpy
from bpy.app.translations import pgettext_iface as iface_  # pyright: ignore[reportMissingImports]

from ...shared.errors import RetakeError
from .. import session
from ..sidebar import RetakePanel, draw_sentence
from ..takes.rows import without_moments
from ..takes.wording import name_in
from . import character, reading, ready, review
from .here import group_words


class RETAKE_UL_stretches(bpy.types.UIList):
    def draw_item(self, context, layout, data, item, icon, active_data, active_property, index):
        row = layout.row(align=True)
        row.active = not item.done
        tick = row.operator(
            "retake.tick_doubt",
            text="",
            icon="CHECKBOX_HLT" if item.done else "CHECKBOX_DEHLT",
            emboss=False,
        )
        tick.index = index
        first, last = (ready.frame_shown(context.scene, s) for s in (item.first, item.last))
        limbs = ", ".join(group_words(group) for group in item.groups.split(","))
        go = row.operator("retake.open_doubt", text=f"{first}-{last}  {limbs}", emboss=False)
        go.step, go.index = 0, index
        end = row.row()
        end.alignment = "RIGHT"
        end.label(text=f"{item.degrees:.0f}°  {item.millimetres / 10:.0f} cm")


class RETAKE_UL_alternatives(bpy.types.UIList):
    def draw_item(self, context, layout, data, item, icon, active_data, active_property, index):
        split = layout.split(factor=0.78)
        row = split.row(align=True)
        swatch = row.row()
        swatch.ui_units_x = 0.8
        swatch.prop(item, "colour", text="")
        name = without_moments(tuple(each.name for each in data.alternatives))[index]
        row.label(text=name_in(iface_, name), translate=False)
        split.progress(factor=item.share, text=f"{item.share:.0%}")


class RETAKE_PT_choose(RetakePanel, bpy.types.Panel):
    bl_label = "Choose"

    def draw(self, context):
        layout, state = self.layout, reading.of(context.scene)
        if not session.of(context.scene).takes_path:
            draw_sentence(layout, "Takes come first: sample or load some.", "INFO")
        row = layout.row(align=True)
        row.operator("retake.open_doubt", text="", icon="TRIA_LEFT").step = -1
        row.label(text=_summary(context.scene))
        row.operator("retake.open_doubt", text="", icon="TRIA_RIGHT").step = 1
        row.operator("retake.find_doubts", text="", icon="FILE_REFRESH")
        layout.template_list(
            "RETAKE_UL_stretches", "", state, "stretches", state, "active_stretch", rows=3
        )
        _draw_range(layout, state)
        _draw_alternatives(layout, state)


class RETAKE_PT_seams(RetakePanel, bpy.types.Panel):
    bl_label = "Seams"
    bl_parent_id = "RETAKE_PT_choose"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        state = reading.of(context.scene)
        column = self.layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        column.prop(state, "blend_frames")
        column.prop(state, "snap")
        column.prop(state, "doubt_degrees")


class RETAKE_PT_decisions(RetakePanel, bpy.types.Panel):
    bl_label = "Decisions"
    bl_parent_id = "RETAKE_PT_choose"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        try:
            rows = reading.choice_track(context.scene).decisions
        except RetakeError as error:
            draw_sentence(self.layout, str(error), "ERROR")
            _draw_clear_all(self.layout)
            return
        if not rows:
            draw_sentence(self.layout, "None: the best take of every limb is shown.", "INFO")
        column = self.layout.column(align=True)
        for index, decision in enumerate(rows):
            row = column.row(align=True)
            first, last = (
                ready.frame_shown(context.scene, s) for s in (decision.first, decision.last)
            )
            text = iface_("{:d}-{:d}  {:s}: take {:d}").format(
                first, last, group_words(decision.group), decision.hypothesis + 1
            )
            row.operator("retake.open_decision", text=text).index = index
            row.operator("retake.remove_decision", text="", icon="X").index = index
        if rows:
            _draw_clear_all(self.layout)


class RETAKE_PT_again(RetakePanel, bpy.types.Panel):
    bl_label = "Sample Again Here"
    bl_parent_id = "RETAKE_PT_choose"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        state = reading.of(context.scene)
        column = self.layout.column()
        column.use_property_split, column.use_property_decorate = True, False
        column.prop(state, "strength")
        row = self.layout.row(align=True)
        row.prop(state, "pin_joint", text="")
        row.operator("retake.add_pin", icon="PINNED")
        for pin in reading.pins_in(context.scene):
            row = self.layout.row(align=True)
            row.prop(pin, "hide_viewport", text="", emboss=False)
            row.label(text=pin.name)
            row.operator("retake.remove_pin", text="", icon="X").name = pin.name
        self.layout.operator("retake.sample_again", icon="FILE_REFRESH")


def _draw_clear_all(layout) -> None:
    layout.operator("retake.clear_choice", text="Clear All", icon="TRASH").everything = True


def _draw_range(layout, state) -> None:
    column = layout.column()
    column.use_property_split, column.use_property_decorate = True, False
    column.prop(state, "group")
    ends = column.column(align=True)
    ends.prop(state, "first_frame")
    last = ends.column(align=True)
    last.active = not state.from_here
    last.prop(state, "last_frame")
    column.prop(state, "from_here")


def _draw_alternatives(layout, state) -> None:
    layout.template_list(
        "RETAKE_UL_alternatives", "", state, "alternatives", state, "active_alternative", rows=3
    )
    active = state.active_alternative
    if not len(state.alternatives):
        draw_sentence(layout, "Go to a doubtful stretch, or set a range.", "INFO")
    if active < len(state.alternatives):
        draw_sentence(layout, name_in(iface_, state.alternatives[active].name), "BLANK1")
    row = layout.row(align=True)
    shown = character.is_previewing()
    row.operator(
        "retake.flip_take",
        text=iface_("Back") if shown else iface_("Preview"),
        icon="LOOP_BACK" if shown else "HIDE_OFF",
        depress=shown,
    )
    row.operator("retake.apply_choice", icon="CHECKMARK")
    row.operator("retake.clear_choice", icon="X")
    row = layout.row(align=True)
    row.operator("retake.depth_view", icon="ORIENTATION_VIEW")
    row.prop(state, "show_ghosts", icon="GHOST_ENABLED", text="")
    row.prop(state, "show_doubt", icon="DRIVER_DISTANCE", text="")
    row.prop(state, "show_strip", icon="TIME", text="")


def _summary(scene) -> str:
    rows = reading.stretches_in(scene)
    left = [r for r, own in zip(rows, reading.of(scene).stretches, strict=True) if not own.done]
    if not rows:
        return iface_("No doubtful stretch")
    seconds = review.total_seconds(left)
    return iface_("{:d} of {:d} to settle, {:.1f} s").format(len(left), len(rows), seconds)


CLASSES = (
    RETAKE_UL_stretches,
    RETAKE_UL_alternatives,
    RETAKE_PT_choose,
    RETAKE_PT_seams,
    RETAKE_PT_decisions,
    RETAKE_PT_again,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
