# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# pyright: reportOptionalMemberAccess=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators that put a motion onto the rig: as an action, as NLA strips, as few key poses."""

import json

import bpy
from bpy.app.translations import pgettext_rpt as rpt_  # pyright: ignore[reportMissingImports]

from ...shared.errors import RetakeError
from .. import session
from ..choose import character, reading
from ..choose.origin import OURS, provenance
from ..reporting import reported
from ..sidebar import told
from ..takes.panel import is_shown
from ..takes.rows import BEST
from . import scene as rigging
from .apply_take import Solved, Wearer, read_wearer, solve_for
from .writing import nla
from .writing.channels import channels
from .writing.simplify import as_key_poses
from .writing.write_action import write_action, write_key_poses


class NeedsRig:
    """For operators that write onto the character."""

    @classmethod
    def poll(cls, context):
        rig = session.character_of(context)
        if rig is None:
            cls.poll_message_set("Choose a character, or make an armature the active object")
            return False
        if rig.data.is_editmode:
            cls.poll_message_set("Leave Edit Mode: the character's bones are being edited")
            return False
        if not session.of(context.scene).takes_path:
            cls.poll_message_set("Sample or load takes first")
            return False
        return True


class StartsAtFrame(NeedsRig):
    """From the panel they begin where the clip does."""

    start_frame: bpy.props.IntProperty(
        name="Start Frame", description="Frame of the scene where the motion begins", default=1
    )

    def invoke(self, context, event):
        takes = reading.takes_or_none(context.scene)  # without any, `execute` says so
        if takes is not None and not self.properties.is_property_set("start_frame"):
            self.start_frame = session.start_of(context.scene, takes)
        return self.execute(context)


class WritesTake(StartsAtFrame):
    """Which take."""

    hypothesis: bpy.props.IntProperty(
        name="Take",
        description="Number of the take, from 0; -1 for what is chosen: the decisions of the step "
        "Choose, and the likeliest of every limb where there is none",
        default=BEST,
        min=BEST,
    )


class RETAKE_OT_apply_take(WritesTake, bpy.types.Operator):
    """Write the take to the character as a new action; nothing else of the rig changes"""

    bl_idname = "retake.apply_take"
    bl_label = "Apply Take"
    bl_options = {"REGISTER", "UNDO"}

    mark_asset: bpy.props.BoolProperty(
        name="Mark as Asset", description="Show the action in the Asset Browser"
    )

    @reported
    def execute(self, context):
        character.end_preview()
        scene, rig = context.scene, session.character_of(context)
        solved = solve(scene, rig, read_wearer(rig), self.hypothesis, self.start_frame)
        name = action_name(scene, self.hypothesis)
        action = write_action(rig, solved.motion, solved.frames, name, solved.switches)
        sign(action, scene, self.hypothesis, self.start_frame)
        if self.mark_asset:
            action.asset_mark()
        made = told("New action: {name}.", name=action.name)
        self.report({"INFO"}, " ".join([made, *map(told, solved.notes)]))
        return {"FINISHED"}


class RETAKE_OT_bake_takes(StartsAtFrame, bpy.types.Operator):
    """Write each take as an NLA strip of its own. Only what is chosen is heard, the others are
    muted; the action that is active now is pushed down, muted too"""

    bl_idname = "retake.bake_takes"
    bl_label = "Bake Takes to NLA"
    bl_options = {"REGISTER", "UNDO"}

    which: bpy.props.EnumProperty(
        name="Takes",
        description="Which takes get a strip besides what is chosen",
        items=(
            ("NAMED", "Distinct", "The takes that differ, by name"),
            ("STARRED", "Starred", "Takes with a star"),
            ("ALL", "All", "Every take that is not rejected"),
        ),
        default="NAMED",
    )

    @reported
    def execute(self, context):
        character.end_preview()
        scene, rig = context.scene, session.character_of(context)
        wearer = read_wearer(rig)
        numbers = wanted(scene, self.which)
        solved = [solve(scene, rig, wearer, number, self.start_frame) for number in numbers]
        made = []
        for number, one in zip(numbers, solved, strict=True):
            action = write_action(
                rig,
                one.motion,
                one.frames,
                action_name(scene, number),
                one.switches,
                active=False,
            )
            sign(action, scene, number, self.start_frame)
            made.append(action)
        pushed = nla.push_down(rig)
        for action in reversed(made):
            nla.add_strip(
                rig, action, action.slots[0], action.name, self.start_frame, action != made[0]
            )
        text = rpt_("{:d} strips; '{:s}' is heard").format(len(made), made[0].name)
        if pushed:
            text += rpt_(". The action '{:s}' was pushed down").format(pushed)
        self.report({"INFO"}, text)
        return {"FINISHED"}


class RETAKE_OT_simplify_take(WritesTake, bpy.types.Operator):
    """Write the take as few key poses with smooth curves between them, for work by hand. The
    largest error is measured and told"""

    bl_idname = "retake.simplify_take"
    bl_label = "Simplify"
    bl_options = {"REGISTER", "UNDO"}

    degrees: bpy.props.FloatProperty(
        name="Degrees",
        description="Largest error of a bone's rotation",
        default=4.0,
        min=0.1,
        max=45.0,
        precision=1,
    )
    centimetres: bpy.props.FloatProperty(
        name="Centimetres",
        description="Largest error of where a bone begins or ends",
        default=3.0,
        min=0.1,
        max=50.0,
        precision=1,
    )

    @reported
    def execute(self, context):
        character.end_preview()
        scene, rig = context.scene, session.character_of(context)
        wearer = read_wearer(rig)
        solved = solve(scene, rig, wearer, self.hypothesis, self.start_frame)
        rows = channels(rig, solved.motion)
        unit_cm = 100 * wearer.rig.rest.scale * scene.unit_settings.scale_length
        found = as_key_poses(rig, wearer, rows, unit_cm, self.degrees, self.centimetres)
        name = f"{action_name(scene, self.hypothesis)} key poses"
        action = write_key_poses(rig, rows, found.keys, self.start_frame, name, solved.switches)
        sign(action, scene, self.hypothesis, self.start_frame)
        errors = found.measured(action, self.start_frame)
        text = rpt_(
            "{:d} key poses in place of {:d} frames; largest error {:.1f}° ({:s}) "
            "and {:.1f} cm ({:s})"
        )
        self.report(
            {"INFO"},
            text.format(
                len(found.keys.frames),
                len(solved.frames),
                errors.degrees.max(),
                errors.turned_bone or rpt_("object"),
                errors.centimetres.max(),
                errors.moved_bone or rpt_("object"),
            ),
        )
        return {"FINISHED"}


class RETAKE_OT_make_override(bpy.types.Operator):
    """Make a library override of the linked character, so that it can be animated here. The file it
    comes from stays as it is"""

    bl_idname = "retake.make_override"
    bl_label = "Make Override"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        if linked_character(context) is None:
            cls.poll_message_set("Make a linked character the active object")
            return False
        return True

    @reported
    def execute(self, context):
        linked = linked_character(context)
        root = linked.instance_collection if linked.type == "EMPTY" else linked
        made = root.override_hierarchy_create(
            context.scene, context.view_layer, reference=linked, do_fully_editable=True
        )
        rig = armature_in(made)
        if rig is None:
            raise RetakeError(f"No override of '{linked.name}' with an armature could be made.")
        session.of(context.scene).character = rig
        rigging.forget_shown()
        self.report({"INFO"}, rpt_("'{:s}' can be animated here now").format(rig.name))
        return {"FINISHED"}


def linked_character(context):
    """The active object if it is a linked armature, or an instance of one; or None."""
    active = context.object
    if active is None:
        return None
    if active.type == "ARMATURE" and active.library is not None:
        return active
    inside = active.instance_collection if active.type == "EMPTY" else None
    has_rig = inside and inside.library and any(o.type == "ARMATURE" for o in inside.all_objects)
    return active if has_rig else None


def armature_in(made):
    """Of an object or a collection, or None."""
    if made is None or isinstance(made, bpy.types.Object):
        return made if made and made.type == "ARMATURE" else None
    return next((o for o in made.all_objects if o.type == "ARMATURE" and not o.library), None)


def wanted(scene, which: str) -> list[int]:
    """What is chosen first, then the takes of the list."""
    rows = session.of(scene).takes
    return [BEST, *(r.hypothesis for r in rows if r.hypothesis != BEST and is_shown(r, which))]


def solve(scene, rig, wearer: Wearer, hypothesis: int, start_frame: int) -> Solved:
    """RetakeError if there are no takes, no such take, or the rig cannot wear it."""
    return solve_for(
        rig,
        wearer,
        session.takes_of(scene),
        reading.choice_track(scene) if hypothesis == BEST else hypothesis,
        session.fps_of(scene),
        start_frame,
        rigging.wishes_of(scene, rig),
        session.matching_track(scene),
    )


def action_name(scene, hypothesis: int) -> str:
    name = session.of(scene).takes_name
    if hypothesis != BEST:
        return f"{name} take {hypothesis + 1}"
    return f"{name} chosen" if reading.choice_track(scene).decisions else f"{name} best"


def sign(action, scene, hypothesis: int, start_frame: int) -> None:
    """Where it comes from: what is needed to make it again."""
    origin = {**provenance(scene), "start": start_frame}
    if hypothesis != BEST:
        origin = {**origin, "choices": [], "take": hypothesis}
    action[OURS] = json.dumps(origin)


CLASSES = (
    RETAKE_OT_apply_take,
    RETAKE_OT_bake_takes,
    RETAKE_OT_simplify_take,
    RETAKE_OT_make_override,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
