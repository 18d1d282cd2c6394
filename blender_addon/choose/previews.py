# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators that show a take on the character without deciding; what keys and mouse do."""

import bpy

from ...shared.errors import RetakeError
from .. import session
from ..reporting import carried_out, reported
from . import character, overlay, reading
from .choice_track import WHOLE
from .ghosts import nearest, nearest_group
from .operators import NeedsTakes, active_hypothesis, wished
from .scene import news


class _NeedsPreview:
    @classmethod
    def poll(cls, context):
        if not character.is_previewing():
            cls.poll_message_set("No take is previewed")
            return False
        return True


class RETAKE_OT_preview_take(NeedsTakes, bpy.types.Operator):
    """Show an alternative on the character without deciding. Again: back"""

    bl_idname = "retake.preview_take"
    bl_label = "Preview"
    bl_options = {"INTERNAL"}

    index: bpy.props.IntProperty(
        name="Alternative", description="In the list, from 0; -1 for the active one", default=-1
    )

    @reported
    def execute(self, context):
        show_alternative(context, self.index)
        return {"FINISHED"}


class RETAKE_OT_cancel_preview(_NeedsPreview, bpy.types.Operator):
    """Leave everything as it was before the preview"""

    bl_idname = "retake.cancel_preview"
    bl_label = "Cancel Preview"
    bl_options = {"INTERNAL"}

    def execute(self, context):
        character.end_preview()
        reading.redraw()
        return {"FINISHED"}


class RETAKE_OT_cycle_take(NeedsTakes, bpy.types.Operator):
    """Preview the next or the previous alternative"""

    bl_idname = "retake.cycle_take"
    bl_label = "Next Alternative"
    bl_options = {"INTERNAL"}

    step: bpy.props.IntProperty(name="Step", description="1 or -1", default=1, min=-1, max=1)

    @reported
    def execute(self, context):
        state = reading.of(context.scene)
        if len(state.alternatives) < 2:
            raise RetakeError("There is only one take here. Sample again, or open another stretch.")
        if character.is_previewing():
            row = (state.active_alternative + self.step) % len(state.alternatives)
        else:
            row = news(context.scene)
        show_alternative(context, row)
        return {"FINISHED"}


class RETAKE_OT_flip_take(NeedsTakes, bpy.types.Operator):
    """Flip between the alternative and what the character wears: A, B, A"""

    bl_idname = "retake.flip_take"
    bl_label = "Flip A/B"
    bl_options = {"INTERNAL"}

    @reported
    def execute(self, context):
        if character.is_previewing():
            character.end_preview()
            reading.redraw()
        else:
            show_alternative(context, news(context.scene))
        return {"FINISHED"}


class RETAKE_OT_pick_take(bpy.types.Operator):
    """Preview the ghost under the mouse on the character. Shift: only the limb. Double: apply"""

    bl_idname = "retake.pick_take"
    bl_label = "Pick Take"
    bl_options = {"INTERNAL"}

    limb: bpy.props.BoolProperty(name="Limb", description="Only the limb under the mouse")
    apply: bpy.props.BoolProperty(name="Apply", description="Decide for it at once")

    mouse: bpy.props.IntVectorProperty(
        name="Mouse", description="Where in the 3D View, in pixels", size=2, options={"SKIP_SAVE"}
    )

    def invoke(self, context, event):
        self.mouse = event.mouse_region_x, event.mouse_region_y
        return self.execute(context)

    @reported
    def execute(self, context):
        mouse = tuple(self.mouse)
        found = overlay.pixels(context)
        index = nearest(found[1], mouse) if found else None
        if found is None or index is None:
            return {"PASS_THROUGH"}
        if self.apply:
            reading.of(context.scene).active_alternative = index
            return carried_out(bpy.ops.retake.apply_choice, "EXEC_DEFAULT", True)
        if self.limb and found[0].group == WHOLE:
            index = self._narrow(context, found, index, mouse)
        show_alternative(context, index)
        return {"FINISHED"}

    def _narrow(self, context, found, index: int, mouse) -> int:
        """Open the limb alone; the take of it that is nearest to the ghost that was meant."""
        hypothesis = found[0].alternatives[index].hypothesis
        state = reading.of(context.scene)
        state.group = nearest_group(found[1][index], mouse, WHOLE)
        rows = [row.hypothesis for row in state.alternatives]
        return rows.index(hypothesis) if hypothesis in rows else 0


class RETAKE_OT_pick_number(bpy.types.Operator):
    """Preview the alternative with this number"""

    bl_idname = "retake.pick_number"
    bl_label = "Pick Take by Number"
    bl_options = {"INTERNAL"}

    index: bpy.props.IntProperty(name="Number", description="In the list, from 0", min=0)

    @reported
    def execute(self, context):
        if self.index >= len(reading.of(context.scene).alternatives):
            return {"PASS_THROUGH"}
        show_alternative(context, self.index)
        return {"FINISHED"}


class RETAKE_OT_wheel_take(bpy.types.Operator):
    """Preview the next or the previous alternative, while one is previewed or under the mouse"""

    bl_idname = "retake.wheel_take"
    bl_label = "Cycle Takes"
    bl_options = {"INTERNAL"}

    step: bpy.props.IntProperty(name="Step", description="1 or -1", default=1, min=-1, max=1)

    @reported
    def execute(self, context):
        if not character.is_previewing() and overlay.hovered is None:
            return {"PASS_THROUGH"}
        return carried_out(bpy.ops.retake.cycle_take, "EXEC_DEFAULT", step=self.step)


class RETAKE_OT_apply_preview(bpy.types.Operator):
    """Decide for the take that is previewed"""

    bl_idname = "retake.apply_preview"
    bl_label = "Apply Preview"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context):
        return character.is_previewing()

    @reported
    def execute(self, context):
        return carried_out(bpy.ops.retake.apply_choice, "EXEC_DEFAULT", True)


def show_alternative(context, index: int) -> None:
    """Preview one on the character; the one that is previewed already is taken back."""
    scene, state = context.scene, reading.of(context.scene)
    rig = _character_of(context)
    index = state.active_alternative if index < 0 else index
    if index >= len(state.alternatives):
        raise RetakeError("Nothing is open to choose from. Go to a doubtful stretch first.")
    again = character.is_previewing() and state.active_alternative == index
    state.active_alternative = index
    if again:
        character.end_preview()
    else:
        decision = wished(scene, active_hypothesis(state))
        character.preview(scene, rig, decision)
    reading.redraw()


def _character_of(context):
    """The armature that wears the takes. RetakeError that says how to name one."""
    rig = session.character_of(context)
    if rig is None:
        raise RetakeError("There is no character. Choose one in the step Rig, or make it active.")
    return rig


CLASSES = (
    RETAKE_OT_preview_take,
    RETAKE_OT_cancel_preview,
    RETAKE_OT_cycle_take,
    RETAKE_OT_flip_take,
    RETAKE_OT_pick_take,
    RETAKE_OT_pick_number,
    RETAKE_OT_wheel_take,
    RETAKE_OT_apply_preview,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
