# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
"""The panel of the step Takes, with the list of takes."""

import bpy
from bpy.app.translations import pgettext_iface as iface_  # pyright: ignore[reportMissingImports]

from .. import session, timer
from ..sidebar import RetakePanel, draw_sentence, told
from .rows import BEST, without_moments
from .wording import name_in

SLIDES_CM_S = 25.0
"""From this speed of standing feet on a row is marked."""

KNEES = 0.02
"""From this part of frames with a wrong knee on likewise."""

THROUGH = 0.05
"""From this part of frames with a limb in the body on likewise."""

TOO_FAR = 0.02
"""From this part of frames with a joint beyond a person's range on likewise."""

HELD = 0.05
"""From this part of frames that the rig's limits change on likewise."""


class RETAKE_UL_takes(bpy.types.UIList):
    """Colour, star, name, what speaks against it, share, reject."""

    def draw_item(self, context, layout, data, item, icon, active_data, active_property, index):
        row = layout.row(align=True)
        row.active = not item.rejected
        self._draw_mark(row, item)
        name = without_moments(tuple(each.name for each in data.takes))[index]
        row.label(text=name_in(iface_, name), translate=False)
        if is_impossible(item):
            row.label(text="", icon="ERROR")
        elif item.held > HELD:  # names need the room
            row.label(text="", icon="CON_ROTLIMIT")
        if item.slide_cm_s > SLIDES_CM_S:
            row.label(text="", icon="MOD_DYNAMICPAINT")
        if item.hypothesis == BEST:
            return
        end = row.row()
        end.ui_units_x = 2.0
        end.progress(factor=item.share, text=f"{item.share:.0%}")
        row.prop(
            item,
            "rejected",
            text="",
            icon="LOOP_BACK" if item.rejected else "X",
            emboss=False,
        )

    def _draw_mark(self, row, item) -> None:
        if item.hypothesis == BEST:
            row.label(text="", icon="CHECKMARK")
            return
        swatch = row.row()
        swatch.ui_units_x = 0.7
        swatch.prop(item, "colour", text="")
        row.prop(item, "star", text="", icon="SOLO_ON" if item.star else "SOLO_OFF", emboss=False)

    def filter_items(self, context, data, property_name):
        state, rows = session.of(context.scene), getattr(data, property_name)
        names = bpy.types.UI_UL_list.filter_items_by_name(
            self.filter_name, self.bitflag_filter_item, rows, "name"
        ) or [self.bitflag_filter_item] * len(rows)
        shown = [
            flag if is_shown(row, state.show) else 0 for flag, row in zip(names, rows, strict=True)
        ]
        return shown, []


def is_impossible(row) -> bool:
    """Whether no person moves so."""
    return row.wrong_knees > KNEES or row.through > THROUGH or row.too_far > TOO_FAR


def is_shown(row, show: str) -> bool:
    if row.hypothesis == BEST:
        return show != "REJECTED"
    match show:
        case "REJECTED":
            return row.rejected
        case "STARRED":
            return row.star and not row.rejected
        case "NAMED":
            return (row.named or row.star) and not row.rejected
    return not row.rejected


class RETAKE_PT_takes(RetakePanel, bpy.types.Panel):
    bl_label = "Takes"

    def draw(self, context):
        state = session.of(context.scene)
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(state, "hypotheses")
        column.prop(state, "iterations")
        column.prop(state, "seed")
        column.prop(state, "model", placeholder=iface_("Automatic"))
        if context.scene.retake_clip.clip is None:  # else the step Clip knows it
            column.prop(state, "focal_px", text="Focal (px)")  # its whole name is too wide
        column.prop(context.scene.retake_choose, "apply_best")
        row = self.layout.row(align=True)
        row.operator("retake.sample_takes", icon="PLAY")
        row.operator("retake.load_takes", text="Load...", icon="FILE_FOLDER")
        _draw_arriving(self.layout)
        if len(state.takes):
            self.layout.row(align=True).prop(state, "show", expand=True)
        self.layout.template_list(
            "RETAKE_UL_takes", "", state, "takes", state, "active_index", rows=4
        )
        _draw_active(self.layout, state)


def _draw_arriving(layout) -> None:
    """Frames that are finished while the rest is computed."""
    preview = getattr(timer.client, "preview", None)
    if preview is None or timer.client.job is None:
        return
    takes, frames = preview.poses.shape[:2]
    text = iface_("{:d} takes, {:.1f} s so far").format(takes, frames / 50)
    layout.label(text=text, icon="SORTTIME")


def _draw_active(layout, state) -> None:
    if state.active_index >= len(state.takes):
        return
    row = state.takes[state.active_index]
    draw_sentence(layout, name_in(iface_, row.name), "BLANK1")
    column = layout.column(align=True)
    column.active = False
    for text, icon in _said_of(row):
        draw_sentence(column, text, icon)


def _said_of(row):
    """What speaks against a take, as sentences with icons."""
    yield told("Standing feet slide {speed:.0f} cm/s", speed=row.slide_cm_s), "MOD_DYNAMICPAINT"
    if row.wrong_knees > KNEES:
        form = "Knees bend the wrong way in {part:.0%} of the frames"
        yield told(form, part=row.wrong_knees), "ERROR"
    if row.through > THROUGH:
        form = "A limb is inside the body in {part:.0%} of the frames"
        yield told(form, part=row.through), "ERROR"
    if row.too_far > TOO_FAR:
        form = "Joints turn further than a person's in {part:.0%} of the frames, most: {joint}"
        yield told(form, part=row.too_far, joint=told(row.joint)), "ERROR"
    if row.held:
        form = (
            "The rig's limits hold it back in {part:.0%} of the frames, most: "
            "{bone} ({degrees:.0f}°)"
        )
        values = {"part": row.held, "bone": row.held_bone, "degrees": row.held_degrees}
        yield told(form, **values), "CON_ROTLIMIT"


CLASSES = (RETAKE_UL_takes, RETAKE_PT_takes)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
