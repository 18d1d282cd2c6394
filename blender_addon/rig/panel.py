# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The panels of the step Rig: who wears the takes, its bone map, what is wished of the motion."""

import bpy
from bpy.app.translations import pgettext_iface as iface_  # pyright: ignore[reportMissingImports]

from ...shared.errors import RetakeError
from .. import session
from ..choose import reading
from ..sidebar import RetakePanel, draw_sentence
from ..takes.rows import BEST
from . import scene as rigging
from .ground import contact_edits
from .mapping import panel as mapping
from .mapping.map_slots import OPTIONAL, SIDES, SLOTS, words
from .operators import linked_character

LISTED = 4
"""Missing parts that are named; the table shows all."""


class RETAKE_PT_rig(RetakePanel, bpy.types.Panel):
    bl_label = "Rig"

    def draw(self, context):
        layout, rig = self.layout, session.character_of(context)
        layout.prop(session.of(context.scene), "character", text="", icon="OUTLINER_OB_ARMATURE")
        if linked_character(context) is not None:
            draw_linked(layout)
        if rig is None:
            draw_sentence(layout, "Choose who wears the takes, or make it active.", "INFO")
        else:
            draw_summary(layout, rig)
        draw_buttons(layout, context, rig)


def draw_linked(layout) -> None:
    draw_sentence(layout, "This character is linked. An override of it can be animated.", "LINKED")
    layout.operator("retake.make_override", icon="LIBRARY_DATA_OVERRIDE")


def draw_summary(layout, rig) -> None:
    """How the rig is understood, in a sentence, with what helps."""
    shown = rigging.shown_map(rig)
    text, icon = summary(shown)
    draw_sentence(layout, iface_(text), icon)
    if shown.wrong or shown.damaged:
        row = layout.row(align=True)
        row.operator("retake.match_bones", text="Match by Name").by = "NAME"
        row.operator("retake.match_bones", text="Match by Shape").by = "SHAPE"


def summary(shown: rigging.Shown) -> tuple[str, str]:
    """The sentence and its icon."""
    if shown.damaged:
        return shown.damaged, "ERROR"
    if shown.wrong:
        named = ", ".join(words(slot) for slot in list(shown.wrong)[:LISTED])
        more = ", ..." if len(shown.wrong) > LISTED else ""
        needed = len(SLOTS) - len(OPTIONAL)
        text = iface_("{:d} of {:d} needed bones are not matched: {:s}")
        return text.format(len(shown.wrong), needed, named + more), "ERROR"
    count = len(shown.slots.bones)
    if shown.is_own:
        return iface_("{:d} bones by the rig's own map").format(count), "CHECKMARK"
    if shown.slots.sure:
        least = min(shown.slots.sure.values())
        text = iface_("{:d} bones told from the rig's shape, {:.0%} sure at least: look at the map")
        return text.format(count, least), "QUESTION" if least < mapping.GUESS else "CHECKMARK"
    return iface_("{:d} bones found by name").format(count), "CHECKMARK"


def draw_buttons(layout, context, rig) -> None:
    column = layout.column(align=True)
    big = column.row(align=True)
    big.scale_y = 1.4
    text = iface_("Apply to {:s}").format(rig.name) if rig else iface_("Apply")
    best = big.operator("retake.apply_take", text=text, icon="ACTION")
    best.hypothesis = BEST
    number = session.chosen_hypothesis(context.scene)
    if number != BEST:
        text = iface_("Apply Only Take {:d}").format(number + 1)
        column.operator("retake.apply_take", text=text).hypothesis = number
    row = column.row(align=True)
    row.operator("retake.bake_takes", text="Bake to NLA", icon="NLA")
    row.operator("retake.simplify_take", icon="IPO_BEZIER").hypothesis = BEST
    action = rig.animation_data.action if rig and rig.animation_data else None
    if action is not None:
        row = layout.row(align=True)
        row.label(text=action.name, icon="ACTION")
        first, last = action.frame_range
        end = row.row()
        end.alignment = "RIGHT"
        end.label(text=f"{first:.0f}-{last:.0f}")


class _SubPanel(RetakePanel):
    bl_parent_id = "RETAKE_PT_rig"
    bl_options = {"DEFAULT_CLOSED"}  # noqa: RUF012


class RETAKE_PT_motion(_SubPanel, bpy.types.Panel):
    bl_label = "Motion"

    def draw(self, context):
        layout, state = self.layout, rigging.of(context.scene)
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(state, "root")
        layout.prop(state, "way")
        layout.prop(state, "in_place")
        layout.prop(state, "place")
        draw_ticked(layout, state, "scale", "Scale")
        draw_ticked(layout, state, "floor", "Floor")
        draw_ticked(layout, state, "neutral", "Neutral at")
        layout.prop(state, "controls")


class RETAKE_PT_smoothing(_SubPanel, bpy.types.Panel):
    bl_label = "Smoothing"

    def draw(self, context):
        layout, state = self.layout, rigging.of(context.scene)
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(state, "smoothing", text="Everywhere")
        draw_ticked(layout, state, "path", "Path")
        layout.label(text="Limbs and Ranges:")
        row = layout.row()
        row.template_list(
            "RETAKE_UL_smoothings", "", state, "smoothings", state, "active_smoothing", rows=2
        )
        buttons = row.column(align=True)
        buttons.operator("retake.add_smoothing", text="", icon="ADD")
        buttons.operator("retake.remove_smoothing", text="", icon="REMOVE")
        active = rigging.active_smoothing(context.scene)
        if active is not None:
            layout.prop(active, "group")
            layout.prop(active, "seconds")
            layout.prop(active, "use_range")
            if active.use_range:
                column = layout.column(align=True)
                column.prop(active, "first_frame")
                column.prop(active, "last_frame")


class RETAKE_UL_smoothings(bpy.types.UIList):
    """What is smoothed, how much, and in which frames."""

    def draw_item(self, context, layout, data, item, icon, active_data, active_property, index):
        group = layout.enum_item_name(item, "group", item.group)
        layout.label(text=group, translate=False)
        end = layout.row()
        end.alignment = "RIGHT"
        span = f"{item.first_frame}-{item.last_frame}  " if item.use_range else ""
        end.label(text=f"{span}{item.seconds:.2f} s", translate=False)


def draw_ticked(layout, state, name: str, heading: str) -> None:
    """A value behind a tick; without it something decides by itself."""
    row = layout.row(align=True, heading=heading)
    row.prop(state, f"use_{name}", text="")
    value = row.row(align=True)
    value.active = getattr(state, f"use_{name}")
    value.prop(state, name, text="")


class RETAKE_PT_feet(_SubPanel, bpy.types.Panel):
    bl_label = "Feet"

    def draw(self, context):
        layout, scene = self.layout, context.scene
        takes = reading.takes_or_none(scene)
        if takes is None:
            draw_sentence(layout, "Takes come first: sample or load some.", "INFO")
            return
        try:
            spans = rigging.contacts_of(scene)
        except RetakeError as error:
            draw_sentence(layout, str(error), "ERROR")
            layout.operator("retake.clear_contacts", icon="LOOP_BACK")
            return
        frames = open_frames(scene, takes)
        now = reading.seconds_of(scene, scene.frame_current)
        text = iface_("Frames {:d} to {:d}, as in Choose").format(*frames)
        layout.label(text=text, icon="PREVIEW_RANGE")
        for foot in SIDES:
            row = layout.row(align=True)
            state = "Stands" if contact_edits.stands(spans, foot, now) else "Lifted"
            row.label(text=f"{iface_(foot.title())}: {iface_(state)}")
            for stands, name in ((True, "Plant"), (False, "Lift")):
                button = row.operator("retake.set_contact", text=name)
                button.foot, button.stands = foot, stands
                button.first_frame, button.last_frame = frames
        layout.operator("retake.clear_contacts", icon="LOOP_BACK")


class RETAKE_PT_hands(_SubPanel, bpy.types.Panel):
    bl_label = "Hands"

    def draw(self, context):
        layout, scene = self.layout, context.scene
        takes = reading.takes_or_none(scene)
        if takes is None:
            draw_sentence(layout, "Takes come first: sample or load some.", "INFO")
            return
        frames = open_frames(scene, takes)
        text = iface_("Frames {:d} to {:d}, as in Choose").format(*frames)
        layout.label(text=text, icon="PREVIEW_RANGE")
        row = layout.row(align=True)
        for hand in SIDES:
            button = row.operator("retake.add_hand_target", text=hand.title(), icon="ADD")
            button.hand = hand
            button.first_frame, button.last_frame = frames
        try:
            targets = [(target, *rigging.span_of(target)) for target in rigging.targets_in(scene)]
        except RetakeError as error:
            draw_sentence(layout, str(error), "ERROR")
            return
        for target, _, *span in targets:
            row = layout.row(align=True)
            first, last = (reading.frame_of(scene, second) for second in span)
            row.label(text=f"{target.name}  {first}-{last}", icon="SPHERE")
            row.operator("retake.remove_hand_target", text="", icon="X").name = target.name


def open_frames(scene, takes) -> list[int]:
    """First and last frame of the scene that are open in the step Choose."""
    return [reading.frame_of(scene, float(takes.times[f])) for f in reading.range_of(scene, takes)]


CLASSES = (
    RETAKE_UL_smoothings,
    RETAKE_PT_rig,
    *mapping.CLASSES,
    RETAKE_PT_motion,
    RETAKE_PT_smoothing,
    RETAKE_PT_feet,
    RETAKE_PT_hands,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
