# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Ends of decisions and of contacts dragged on the strip with the mouse, or moved by a script."""

import bpy

from ...shared.errors import RetakeError
from .. import session
from ..reporting import reported
from ..rig import scene as rigging
from ..sidebar import told
from . import character, reading, stage
from . import scene as choosing
from .handles import DECISION, WHAT, ends_of, handle_at, with_contact_end, with_end
from .here import group_words
from .operators import NeedsTakes, decision_at, wear
from .strip import frame_scale, standing
from .strips import placed

_keymaps = []


class RETAKE_OT_move_end(NeedsTakes, bpy.types.Operator):
    """Drag the end of a decision, or of the time that a foot stands. Ctrl: without Snap to
    Agreement, or with it. Esc: as it was"""

    bl_idname = "retake.move_end"
    bl_label = "Move End"
    bl_options = {"REGISTER", "UNDO", "BLOCKING"}

    what: bpy.props.EnumProperty(
        name="Of",
        description="What begins or ends elsewhere",
        items=[(name, group_words(name).title(), "") for name in WHAT],
    )
    number: bpy.props.IntProperty(
        name="Number", description="Of the decision or contact, from 0", min=0
    )
    last: bpy.props.BoolProperty(name="Last", description="The last frame, otherwise the first")
    frame: bpy.props.IntProperty(name="Frame", description="Frame of the scene it is moved to")

    @reported
    def execute(self, context):
        _require(context.scene, self.what, self.number)
        self._kept = _text_of(context.scene, self.what)
        try:
            _move(context.scene, self, self._kept, reading.of(context.scene).snap)
            return self._finish(context)
        except RetakeError:
            _keep(context.scene, self.what, self._kept)
            raise

    def invoke(self, context, event):
        found = _under(context, (event.mouse_region_x, event.mouse_region_y))
        if found is None:
            return {"PASS_THROUGH"}
        self.what, self.number, self.last = found
        self._kept = _text_of(context.scene, self.what)
        character.end_preview()
        context.window.cursor_modal_set("MOVE_X")
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        try:
            return self._follow(context, event)
        except RetakeError as error:
            self.report({"ERROR"}, told(str(error)))
            self.cancel(context)
            return {"CANCELLED"}

    def _follow(self, context, event):
        if event.type == "MOUSEMOVE":
            outside = -0.5 if self.last else 0.5
            self.frame = round(_frame_at(context.region, event.mouse_region_x) + outside)
            _move(context.scene, self, self._kept, reading.of(context.scene).snap != event.ctrl)
            reading.redraw()
        elif event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
            self.cancel(context)
            return {"CANCELLED"}
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            outcome = self._finish(context)
            self._leave(context)
            return outcome
        return {"RUNNING_MODAL"}

    def cancel(self, context):
        _keep(context.scene, self.what, self._kept)
        self._leave(context)

    def _leave(self, context):
        if context.window:
            context.window.cursor_modal_restore()
        reading.redraw()

    def _finish(self, context):
        scene = context.scene
        if _text_of(scene, self.what) == self._kept:
            return {"CANCELLED"}
        if self.what == DECISION:
            choosing.set_choice_track(scene, reading.choice_track(scene))  # ghosts follow
            wear(context)
        elif session.of(scene).character is not None:
            wear(context)
        return {"FINISHED"}


def _under(context, mouse):
    """The handle there, or None."""
    region, scene, area = context.region, context.scene, context.area
    if area is None or area.type != "DOPESHEET_EDITOR" or region is None or region.type != "WINDOW":
        return None
    takes = reading.takes_or_none(scene) if reading.of(scene).show_strip else None
    if takes is None:
        return None
    scale = context.preferences.system.ui_scale
    left, wide = frame_scale(region)
    ends = ends_of(reading.decided(scene), standing(scene), reading.exact_frame_of(scene, takes))
    return handle_at(
        ends,
        (mouse[0] / scale, mouse[1] / scale),
        placed(region.height / scale),
        lambda frame: (left + frame * wide) / scale,
    )


def _frame_at(region, x: float) -> float:
    left, wide = frame_scale(region)
    return (x - left) / wide


def _move(scene, wish, kept: str, snap: bool) -> None:
    """Where the drag began counts, not where it was a moment ago."""
    takes, second = session.takes_of(scene), reading.seconds_of(scene, wish.frame)
    _keep(scene, wish.what, kept)
    if wish.what == DECISION:
        second = float(takes.times[stage.nearest_frame(second, takes)])
        had = reading.choice_track(scene)
        new = with_end(had, wish.number, wish.last, second, takes, snap)
    else:
        had, end = rigging.contacts_of(scene), (wish.what, wish.number, wish.last)
        new = with_contact_end(had, *end, second, 1 / takes.fps)
    if new != had:
        _keep(scene, wish.what, new.to_json())


def _text_of(scene, what: str) -> str:
    return reading.of(scene).decisions if what == DECISION else rigging.of(scene).contacts


def _keep(scene, what: str, text: str) -> None:
    if what == DECISION:
        reading.of(scene).decisions = text
    else:
        rigging.of(scene).contacts = text


def _require(scene, what: str, number: int) -> None:
    """RetakeError if there is no such decision or contact."""
    if what == DECISION:
        decision_at(scene, number)
        return
    count = len(getattr(rigging.contacts_of(scene), what))
    if number >= count:
        raise RetakeError(
            f"The {group_words(what)} has {count} contacts; give a number below {count}, from 0."
        )


def register() -> None:
    bpy.utils.register_class(RETAKE_OT_move_end)
    if configuration := bpy.context.window_manager.keyconfigs.addon:  # background mode has none
        keymap = configuration.keymaps.new(name="Dopesheet", space_type="DOPESHEET_EDITOR")
        _keymaps.append((keymap, keymap.keymap_items.new("retake.move_end", "LEFTMOUSE", "PRESS")))


def unregister() -> None:
    for keymap, item in _keymaps:
        keymap.keymap_items.remove(item)
    _keymaps.clear()
    bpy.utils.unregister_class(RETAKE_OT_move_end)
