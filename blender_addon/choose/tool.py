# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false, reportMissingImports=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""The Choose tool: hover names, click previews, wheel cycles, Enter applies, Esc restores.

And the view it needs: takes of one camera differ in depth, which that camera cannot see.
"""

from __future__ import annotations

import blf
import bpy
import numpy as np
from bpy.app.translations import pgettext_iface as iface_  # pyright: ignore[reportMissingImports]
from mathutils import Matrix, Vector

from ...shared.errors import RetakeError
from ..durations import timed
from ..reporting import reported
from ..takes.wording import name_in
from . import overlay, reading, ready
from .ghosts import nearest
from .stage import depth_view

VIEW_DEGREES = 60.0
"""How far the Depth View turns off the line to the video's camera."""

_left = {}
"""Area -> the view before the Depth View, to go back to."""


class RETAKE_OT_depth_view(bpy.types.Operator):
    """Turn the view off the video camera's line, about the person: there the takes differ. Again:
    back"""

    bl_idname = "retake.depth_view"
    bl_label = "Depth View"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        if view_of(context) is None:
            cls.poll_message_set("There is no 3D View")
            return False
        return True

    @reported
    def execute(self, context):
        area, view = view_of(context) or (None, None)
        if area is None or view is None:
            raise RetakeError("There is no 3D View to turn.")
        key = area.as_pointer()
        if key in _left:
            _go_back(view, _left.pop(key))
        else:
            kept = _kept(view)
            turn_view(context.scene, view)
            _left[key] = kept
        area.tag_redraw()
        return {"FINISHED"}


def view_of(context):
    """The 3D View that is meant, and its camera: the one under the mouse, else the largest."""
    area = context.area
    if area is None or area.type != "VIEW_3D":
        screen = context.screen
        areas = [a for a in screen.areas if a.type == "VIEW_3D"] if screen else []
        area = max(areas, key=lambda a: a.width * a.height, default=None)
    return (area, area.spaces.active.region_3d) if area else None


def turn_view(scene, view) -> None:
    """RetakeError if there are no ghosts to look at."""
    found = ready.ghosts(scene)
    if found is None:
        ready.want(scene, wait=True)
        found = ready.ghosts(scene)
    takes = reading.takes_or_none(scene)
    if found is None or takes is None:
        raise RetakeError("Nothing is open to look at. Go to a doubtful stretch first.")
    _, hip = found.at(reading.clip_frame(scene, takes))
    person = reading.hip_now(scene, hip)
    look, right = depth_view(person, reading.camera_place(scene, found.stage), VIEW_DEGREES)
    up = np.cross(right, look)
    view.view_perspective = "PERSP"
    view.view_rotation = Matrix(np.column_stack([right, up, -look]).tolist()).to_quaternion()
    view.view_location = Vector(person.tolist())
    view.view_distance = 3.2 * found.stage.scale


def _kept(view):
    return (
        view.view_perspective,
        view.view_rotation.copy(),
        view.view_location.copy(),
        view.view_distance,
    )


def _go_back(view, kept) -> None:
    view.view_perspective, view.view_rotation, view.view_location, view.view_distance = kept


@timed
def hover(context, tool, mouse) -> None:
    """The ghost under the mouse is drawn brighter, and its name stands beside the cursor."""
    region = context.region
    found = overlay.pixels(context) if region and region.type == "WINDOW" else None
    place = (mouse[0] - region.x, mouse[1] - region.y) if region else (0, 0)
    index = nearest(found[1], place) if found else None
    if index != overlay.hovered:
        overlay.hovered = index
        context.area.tag_redraw()
    if index is None or index >= len(reading.of(context.scene).alternatives):
        return
    row = reading.of(context.scene).alternatives[index]
    scale = context.preferences.system.ui_scale
    blf.size(0, 13 * scale)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 5, 0, 0, 0, 1)
    blf.color(0, 1, 1, 1, 1)  # ghosts and character are behind it: their colours are not read
    text = f"{name_in(iface_, row.name)}  {row.share:.0%}"
    x = label_x(mouse[0], blf.dimensions(0, text)[0], right_edge(context.area), 16 * scale)
    blf.position(0, x, mouse[1] + 10 * scale, 0)
    blf.draw(0, text)
    blf.disable(0, blf.SHADOW)


def label_x(mouse: float, width: float, edge: float, gap: float) -> float:
    """Where a label begins: right of the mouse, or left of it where it would be cut off."""
    return mouse + gap if mouse + gap + width <= edge else mouse - gap - width


def right_edge(area) -> float:
    """Where the sidebar covers the view, in pixels of the window."""
    lefts = [r.x for r in area.regions if r.type == "UI" and r.width > 1 and r.alignment == "RIGHT"]
    return min([area.x + area.width, *lefts])


def _keys():
    """Enter, Esc and Tab act only while a take is previewed (their poll), so that they stay
    Blender's own otherwise; a click or a wheel that meets no ghost passes through too."""
    press = {"value": "PRESS"}
    yield "retake.pick_take", {"type": "LEFTMOUSE", **press}, None
    yield (
        "retake.pick_take",
        {"type": "LEFTMOUSE", "shift": True, **press},
        {"properties": [("limb", True)]},
    )
    yield (
        "retake.pick_take",
        {"type": "LEFTMOUSE", "value": "DOUBLE_CLICK"},
        {"properties": [("apply", True)]},
    )
    yield "retake.wheel_take", {"type": "WHEELUPMOUSE", **press}, {"properties": [("step", -1)]}
    yield "retake.wheel_take", {"type": "WHEELDOWNMOUSE", **press}, {"properties": [("step", 1)]}
    yield "retake.apply_preview", {"type": "RET", **press}, None
    yield "retake.apply_preview", {"type": "NUMPAD_ENTER", **press}, None
    yield "retake.cancel_preview", {"type": "ESC", **press}, None
    yield "retake.flip_take", {"type": "TAB", **press}, None
    numbers = ("ONE", "TWO", "THREE", "FOUR", "FIVE")
    for index, key in enumerate(numbers):
        yield "retake.pick_number", {"type": key, **press}, {"properties": [("index", index)]}


class RETAKE_TOOL_choose(bpy.types.WorkSpaceTool):
    bl_space_type = "VIEW_3D"
    bl_context_mode = "OBJECT"
    bl_idname = "retake.choose"
    bl_label = "Choose Take"
    bl_description = (
        "Choose among takes where they disagree.\n"
        "Hover: name. Click: preview. Shift: one limb. Wheel: next. Tab: flip. "
        "Enter: apply. Esc: back"
    )
    bl_icon = "ops.paint.eyedropper_add"
    bl_keymap = tuple(_keys())

    def draw_settings(context, layout, tool):
        state = reading.of(context.scene)
        layout.operator("retake.open_doubt", text="", icon="TRIA_LEFT").step = -1
        layout.operator("retake.open_doubt", text="", icon="TRIA_RIGHT").step = 1
        layout.prop(state, "group", text="")
        layout.prop(state, "from_here")
        layout.operator("retake.depth_view", icon="ORIENTATION_VIEW")

    def draw_cursor(context, tool, xy):
        hover(context, tool, xy)


class RETAKE_TOOL_choose_pose(RETAKE_TOOL_choose):
    bl_context_mode = "POSE"


CLASSES = (RETAKE_OT_depth_view,)

TOOLS = (RETAKE_TOOL_choose, RETAKE_TOOL_choose_pose)


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    for tool in TOOLS:
        # At the end: `after` splits the group of Move and Rotate (Blender 4.5 to 5.2).
        bpy.utils.register_tool(tool, separator=True)


def unregister() -> None:
    for tool in reversed(TOOLS):
        bpy.utils.unregister_tool(tool)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
    _left.clear()
    overlay.hovered = None
