# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""The mouse on the clip: dragging keypoints, clicking the person who is meant.

Everything else goes on as usual meanwhile: other keys and buttons pass through.
"""

import bpy
import numpy as np

from ...shared.errors import RetakeError
from .. import session
from ..reporting import carried_out
from ..sidebar import told
from . import overlay
from . import scene as stage
from .edits import Hide, Move, nearest_joint
from .figure import off_quad, on_quad

GRAB_PX = 18
"""How near the mouse must be to a keypoint, at the interface's usual scale."""

HELP = "Drag: move keypoint    H: hide it in this frame    Enter, Esc: done"


class RETAKE_OT_correct_keypoints(bpy.types.Operator):
    """Drag keypoints over the clip with the mouse; H hides one; Enter or Esc ends it"""

    bl_idname = "retake.correct_keypoints"
    bl_label = "Correct Keypoints"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        return _window_region(context) is not None

    def invoke(self, context, event):
        self.area, self.region = context.area, _window_region(context)
        self.joint = None
        with context.temp_override(region=self.region):
            if stage.seen(context) is None:
                self.report({"WARNING"}, told("Load a track, and look through the shot camera"))
                return {"CANCELLED"}
        context.window_manager.modal_handler_add(self)
        context.workspace.status_text_set(told(HELP))
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        ends = event.type in ("ESC", "RET", "NUMPAD_ENTER", "RIGHTMOUSE")
        if (ends and event.value == "PRESS") or not is_open(context, self.area, self.region):
            self.cancel(context)
            return {"FINISHED"}
        with context.temp_override(area=self.area, region=self.region):
            used = self._handle(context, event)
        if used:
            overlay.redraw(context)
        return {"RUNNING_MODAL"} if used else {"PASS_THROUGH"}

    def cancel(self, context):
        """Also called by Blender when it closes."""
        overlay.pending = None
        context.workspace.status_text_set(None)
        overlay.redraw(context)

    def _handle(self, context, event) -> bool:
        """Whether the event was meant for the keypoints."""
        seen = stage.seen(context)
        if seen is None:
            return False
        mouse = mouse_in(self.region, event)
        if event.type == "MOUSEMOVE" and self.joint is not None:
            reach = context.scene.retake_track.reach
            overlay.pending = moved(seen, self.joint, mouse, reach)
            return True
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            self.joint = joint_under(context, seen, mouse)
            return self.joint is not None
        if event.type == "LEFTMOUSE" and event.value == "RELEASE" and self.joint is not None:
            self._commit(context, overlay.pending)
            return True
        if event.type == "H" and event.value == "PRESS":
            joint = joint_under(context, seen, mouse)
            self._commit(context, None if joint is None else Hide(joint, seen.frame, seen.frame))
            return joint is not None
        return False

    def _commit(self, context, edit) -> None:
        overlay.pending, self.joint = None, None
        if edit is None:
            return
        try:
            stage.add_edit(context.scene, edit)
        except RetakeError as error:
            self.report({"ERROR"}, told(str(error)))
            return
        session.push_undo("Correct Keypoints")


class RETAKE_OT_pick_person(bpy.types.Operator):
    """Click the person who is meant in the clip; the keypoints are detected again"""

    bl_idname = "retake.pick_person"
    bl_label = "Pick Person"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context):
        if context.scene.retake_clip.clip is None:
            cls.poll_message_set("Choose or load a clip first")
            return False
        return _window_region(context) is not None

    def invoke(self, context, event):
        self.area, self.region = context.area, _window_region(context)
        context.window_manager.modal_handler_add(self)
        context.window.cursor_modal_set("EYEDROPPER")
        context.workspace.status_text_set(told("Click the person who is meant    Esc: cancel"))
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if event.type in ("ESC", "RIGHTMOUSE") or not is_open(context, self.area, self.region):
            self.cancel(context)
            return {"CANCELLED"}
        if event.type != "LEFTMOUSE" or event.value != "PRESS":
            return {"PASS_THROUGH"}
        self.cancel(context)
        mouse = mouse_in(self.region, event)
        with context.temp_override(area=self.area, region=self.region):
            corners = stage.picture_corners(context)
            if corners is None:
                self.report({"WARNING"}, told("Look through the shot camera, or at the clip"))
                return {"CANCELLED"}
        return self._picked(
            context, off_quad(mouse, tuple(context.scene.retake_clip.clip.size), corners)
        )

    def _picked(self, context, pixel):
        scene = context.scene
        seconds = (scene.frame_current - stage.clip_start(scene)) / stage.rate_of(scene)
        frame = max(0, round(seconds * scene.retake_clip.fps))
        place = (float(pixel[0]), float(pixel[1]), frame)
        try:
            return carried_out(bpy.ops.retake.detect_keypoints, place=place)
        except RetakeError as error:
            self.report({"ERROR"}, told(str(error)))
            return {"CANCELLED"}

    def cancel(self, context):
        context.window.cursor_modal_restore()
        context.workspace.status_text_set(None)


def _window_region(context):
    """The region with the picture, in the area with the button."""
    regions = context.area.regions if context.area else ()
    return next((region for region in regions if region.type == "WINDOW"), None)


def is_open(context, area, region) -> bool:
    """Whether it can still be seen: an area that was closed meanwhile is memory of nobody, so that
    nothing of it may be read before this is known."""
    areas = [a for window in context.window_manager.windows for a in window.screen.areas]
    return area in areas and region in areas[areas.index(area)].regions.values()


def mouse_in(region, event) -> np.ndarray:
    return np.array((event.mouse_x - region.x, event.mouse_y - region.y), float)


def moved(seen, joint: int, mouse: np.ndarray, reach: int) -> Move:
    """The keypoint put under the mouse."""
    x, y = off_quad(mouse, seen.track.image_size, seen.corners)
    return Move(joint, seen.frame, float(x), float(y), reach)


def joint_under(context, seen, mouse: np.ndarray) -> int | None:
    """The keypoint of the present frame that the mouse points at."""
    places = on_quad(seen.track.points[seen.frame], seen.track.image_size, seen.corners)
    return nearest_joint(places, mouse, GRAB_PX * context.preferences.system.ui_scale)


CLASSES = (RETAKE_OT_correct_keypoints, RETAKE_OT_pick_person)


_keys = []


def register() -> None:
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    if configuration := bpy.context.window_manager.keyconfigs.addon:  # background mode has none
        keymap = configuration.keymaps.new(name="Clip Editor", space_type="CLIP_EDITOR")
        key = keymap.keymap_items.new(
            RETAKE_OT_correct_keypoints.bl_idname, "K", "PRESS", shift=True, alt=True
        )
        _keys.append((keymap, key))


def unregister() -> None:
    while _keys:
        keymap, key = _keys.pop()
        keymap.keymap_items.remove(key)
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
