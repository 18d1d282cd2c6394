# pyright: basic, reportAttributeAccessIssue=false, reportInvalidTypeForm=false
# ruff: noqa: RUF012  (bl_options is a set that Blender only reads)
"""Operators that decide: go to a doubtful stretch, preview a take, apply it, clear, tick off."""

import json

import bpy
from bpy.app.translations import pgettext_rpt as rpt_  # pyright: ignore[reportMissingImports]

from ...shared.errors import RetakeError
from .. import session
from ..reporting import carried_out, reported
from . import character, reading, review, wearing
from . import scene as choosing
from .choice_track import ChoiceTrack, Decision
from .here import group_words
from .seams import departures, snapped


class NeedsTakes:
    @classmethod
    def poll(cls, context):
        if not session.of(context.scene).takes_path:
            cls.poll_message_set("Sample or load takes first")
            return False
        return True


class RETAKE_OT_find_doubts(NeedsTakes, bpy.types.Operator):
    """List the stretches in which the takes disagree, the worst first"""

    bl_idname = "retake.find_doubts"
    bl_label = "Find Doubtful Stretches"
    bl_options = {"REGISTER", "UNDO"}

    @reported
    def execute(self, context):
        session.takes_of(context.scene)
        choosing.list_stretches(context.scene)
        found = reading.stretches_in(context.scene)
        seconds = review.total_seconds(found)
        text = rpt_("{:d} doubtful stretches, {:.1f} s in all").format(len(found), seconds)
        self.report({"INFO"}, text)
        return {"FINISHED"}


class RETAKE_OT_open_doubt(NeedsTakes, bpy.types.Operator):
    """Go to a doubtful stretch and show what there is to choose from"""

    bl_idname = "retake.open_doubt"
    bl_label = "Go to Doubtful Stretch"
    bl_options = {"REGISTER", "UNDO"}

    step: bpy.props.IntProperty(
        name="Step",
        description="1 for the next in time, -1 for the previous, 0 for the one with that number",
        default=1,
        min=-1,
        max=1,
    )
    index: bpy.props.IntProperty(name="Number", description="In the list, from 0", default=0, min=0)

    @reported
    def execute(self, context):
        scene = context.scene
        character.end_preview()
        session.takes_of(scene)  # says what is wrong with them
        state = reading.of(scene)
        if not len(state.stretches):
            choosing.list_stretches(scene)
        rows = reading.stretches_in(scene)
        if not rows:
            text = rpt_("The takes agree everywhere: there is nothing to settle")
            self.report({"INFO"}, text)
            return {"CANCELLED"}
        choosing.open_stretch(scene, self._wanted(scene, rows))
        if state.turn_view and not bpy.app.background:
            state.turn_view = False
            carried_out(bpy.ops.retake.depth_view)
        return {"FINISHED"}

    def _wanted(self, scene, rows) -> int:
        if self.step == 0:
            return min(self.index, len(rows) - 1)
        state = reading.of(scene)
        opened = [r for r in rows if abs(r.first - state.first) + abs(r.last - state.last) < 1e-3]
        open_rows = [
            r for r, own in zip(rows, reading.of(scene).stretches, strict=True) if not own.done
        ]
        if not opened:  # the worst that is left comes first
            return rows.index((open_rows or rows)[0])
        wanted = review.neighbour(open_rows or rows, state.first, self.step)
        return rows.index(wanted)


class RETAKE_OT_tick_doubt(NeedsTakes, bpy.types.Operator):
    """Mark the stretch as settled, or as open again"""

    bl_idname = "retake.tick_doubt"
    bl_label = "Tick Off"
    bl_options = {"REGISTER", "UNDO"}

    index: bpy.props.IntProperty(
        name="Number", description="In the list, from 0; -1 for the active one", default=-1, min=-1
    )

    @reported
    def execute(self, context):
        state = reading.of(context.scene)
        index = state.active_stretch if self.index < 0 else self.index
        if index >= len(state.stretches):
            raise RetakeError("There is no doubtful stretch to tick off. Find some first.")
        stretch, done = (
            reading.stretches_in(context.scene)[index],
            reading.reviewed(context.scene),
        )
        row = state.stretches[index]
        row.done = not row.done
        rest = review.without_done(stretch, done)
        state.reviewed = json.dumps([*rest, stretch.key] if row.done else rest)
        reading.redraw()
        return {"FINISHED"}


class RETAKE_OT_apply_choice(NeedsTakes, bpy.types.Operator):
    """Decide for a take in the range and limb that are open, and put it on the character"""

    bl_idname = "retake.apply_choice"
    bl_label = "Apply"
    bl_options = {"REGISTER", "UNDO"}

    hypothesis: bpy.props.IntProperty(
        name="Take",
        description="Number of the take, from 0; -1 for the active alternative",
        default=-1,
        min=-1,
    )

    @reported
    def execute(self, context):
        scene, state = context.scene, reading.of(context.scene)
        hypothesis = self.hypothesis if self.hypothesis >= 0 else active_hypothesis(state)
        character.end_preview()
        takes, track = session.takes_of(scene), reading.choice_track(scene)
        decision = wished(scene, hypothesis)
        if state.snap:
            decision = snapped(decision, track, takes)
        chosen = track.with_decision(decision)
        chosen.check(takes)
        notes = decide(context, chosen)
        for departure in departures(chosen, takes)[:1]:
            text = rpt_(
                "The blend at {:.2f} s passes postures that no take shows ({:.0f}° away): "
                "move the seam, or blend over fewer frames"
            )
            self.report({"WARNING"}, text.format(departure.seconds, departure.degrees))
        self.report({"INFO"}, _told(scene, decision, notes))
        return {"FINISHED"}


class RETAKE_OT_clear_choice(NeedsTakes, bpy.types.Operator):
    """Decide nothing in the range and limb that are open: the best take holds again"""

    bl_idname = "retake.clear_choice"
    bl_label = "Clear"
    bl_options = {"REGISTER", "UNDO"}

    everything: bpy.props.BoolProperty(
        name="Everything", description="In the whole clip, for the whole body"
    )

    @reported
    def execute(self, context):
        character.end_preview()
        decide(context, ChoiceTrack() if self.everything else self._cleared(context.scene))
        return {"FINISHED"}

    def _cleared(self, scene) -> ChoiceTrack:
        open_now = reading.seconds_open(scene)
        return reading.choice_track(scene).without(*open_now, reading.of(scene).group)


class RETAKE_OT_open_decision(NeedsTakes, bpy.types.Operator):
    """Open the range and limb of a decision again"""

    bl_idname = "retake.open_decision"
    bl_label = "Open Decision"
    bl_options = {"REGISTER", "UNDO"}

    index: bpy.props.IntProperty(name="Number", description="In the order made, from 0", min=0)

    @reported
    def execute(self, context):
        decision = decision_at(context.scene, self.index)
        choosing.set_range(context.scene, decision.first, decision.last, decision.group)
        context.scene.frame_set(reading.frame_of(context.scene, decision.first))
        return {"FINISHED"}


class RETAKE_OT_remove_decision(NeedsTakes, bpy.types.Operator):
    """Take a decision back. What is under it shows again"""

    bl_idname = "retake.remove_decision"
    bl_label = "Remove Decision"
    bl_options = {"REGISTER", "UNDO"}

    index: bpy.props.IntProperty(name="Number", description="In the order made, from 0", min=0)

    @reported
    def execute(self, context):
        scene = context.scene
        decision_at(scene, self.index)  # says so if there is none
        kept = [d for i, d in enumerate(reading.choice_track(scene).decisions) if i != self.index]
        character.end_preview()
        decide(context, ChoiceTrack(tuple(kept)))
        return {"FINISHED"}


def active_hypothesis(state) -> int:
    """RetakeError if nothing is open."""
    if not len(state.alternatives):
        raise RetakeError("Nothing is open to choose from. Go to a doubtful stretch first.")
    return state.alternatives[min(state.active_alternative, len(state.alternatives) - 1)].hypothesis


def wished(scene, hypothesis: int) -> Decision:
    """The decision that the panel describes."""
    state = reading.of(scene)
    first, last = reading.seconds_open(scene)
    blend = 2 * state.blend_frames / session.fps_of(scene)
    rows = [row.hypothesis for row in state.alternatives]
    colour = rows.index(hypothesis) if hypothesis in rows else -1
    return Decision(first, last, hypothesis, state.group, blend, blend, colour)


def decision_at(scene, index: int) -> Decision:
    rows = reading.choice_track(scene).decisions
    if index >= len(rows):
        raise RetakeError(f"There is no decision {index}; there are {len(rows)}.")
    return rows[index]


def decide(context, track: ChoiceTrack) -> tuple[str, ...]:
    """Make these the scene's decisions, and put them onto the character. -> notes about it.

    RetakeError if it cannot wear them; then the decisions are those of before.
    """
    scene, had = context.scene, reading.of(context.scene).decisions
    choosing.set_choice_track(scene, track)
    try:
        return wear(context)
    except RetakeError:
        choosing.set_decisions(scene, had)
        raise


def wear(context) -> tuple[str, ...]:
    """The choices onto the character, if there is one; without one they are only remembered."""
    rig = session.character_of(context)
    if rig is None:
        return ()
    return wearing.write_choice(context.scene, rig)[1]


def _told(scene, decision: Decision, notes: tuple[str, ...]) -> str:
    frames = [reading.frame_of(scene, s) for s in (decision.first, decision.last)]
    text = rpt_("Take {:d} for the {:s} in frames {:d} to {:d}")
    told = text.format(decision.hypothesis + 1, group_words(decision.group), *frames)
    return ". ".join([told, *notes])


CLASSES = (
    RETAKE_OT_find_doubts,
    RETAKE_OT_open_doubt,
    RETAKE_OT_tick_doubt,
    RETAKE_OT_apply_choice,
    RETAKE_OT_clear_choice,
    RETAKE_OT_open_decision,
    RETAKE_OT_remove_decision,
)

register, unregister = bpy.utils.register_classes_factory(CLASSES)
