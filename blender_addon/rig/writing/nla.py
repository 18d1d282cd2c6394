# pyright: basic, reportAttributeAccessIssue=false
"""Takes as NLA strips: a track for each, of which only the first is heard."""

from __future__ import annotations

from ..armature.object_place import put_back

TRACK = "Retake: {:s}"


def push_down(rig) -> str:
    """The active action becomes a muted strip on a track of its own, so that it hides no strip and
    is not lost. -> its name; empty if there was none."""
    animation = rig.animation_data
    action = animation.action if animation else None
    if action is None:
        return ""
    slot, kept = animation.action_slot, action.use_fake_user
    add_strip(rig, action, slot, action.name, int(action.frame_range[0]), mute=True)
    put_back(rig)
    animation.action = None
    action.use_fake_user = kept
    return action.name


def add_strip(rig, action, slot, name: str, start: int, mute: bool):
    """The action as a strip on a new track on top, in the frames of its keys."""
    animation = rig.animation_data or rig.animation_data_create()
    track = animation.nla_tracks.new()
    track.name, track.mute = name, mute
    strip = track.strips.new(action.name, start, action)
    strip.action_slot = slot
    track.select = strip.select = False
    return strip
