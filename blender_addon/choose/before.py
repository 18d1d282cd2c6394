# pyright: basic, reportAttributeAccessIssue=false
"""How a rig was before something was shown on it, to be put back bit by bit."""

from __future__ import annotations

from dataclasses import dataclass, field

from .origin import note_of


@dataclass
class Before:
    """How a rig was before a preview. Rig and action by session_uid: names may change meanwhile."""

    rig: int
    action: int
    slot: int
    had_animation: bool
    fake_user: bool
    pose: dict[str, dict[str, object]] = field(default_factory=dict)


def look_at(rig) -> Before:
    animation = rig.animation_data
    action = animation.action if animation else None
    slot = animation.action_slot if action else None
    return Before(
        rig.session_uid,
        action.session_uid if action else 0,
        slot.handle if slot else 0,
        animation is not None,
        bool(action and action.use_fake_user),
        {bone.name: _pose_of(bone) for bone in rig.pose.bones},
    )


CHANNELS = ("location", "rotation_quaternion", "rotation_axis_angle", "rotation_euler", "scale")


def _pose_of(bone) -> dict[str, object]:
    values: dict[str, object] = {name: tuple(getattr(bone, name)) for name in CHANNELS}
    own = {key: value for key, value in bone.items() if isinstance(value, int | float)}
    return {**values, "": own}


def pose_again(rig, pose: dict[str, dict[str, object]]) -> None:
    for name, values in pose.items():
        bone = rig.pose.bones.get(name)
        if bone is None:
            continue
        for channel in CHANNELS:
            if tuple(getattr(bone, channel)) != values[channel]:
                setattr(bone, channel, values[channel])
        for key, value in values[""].items():
            if bone.get(key) != value:
                bone[key] = value


def put_back_action(rig, before: Before, former) -> None:
    """`former`: the action it had then, or None."""
    if not before.had_animation:
        rig.animation_data_clear()
        return
    rig.animation_data.action = former
    if former is not None:
        slot = next((s for s in former.slots if s.handle == before.slot), None)
        rig.animation_data.action_slot = slot
        former.use_fake_user = before.fake_user


def sweep_all(data) -> None:
    """Take all previews out of `bpy.data`."""
    for action in list(data.actions):
        if (kept := preview_in(action)) is not None:
            _sweep(data, action, kept)


def preview_in(action) -> dict | None:
    """What a preview says about itself; None for other actions, whatever they are called."""
    note = note_of(action)
    return note if "preview_of" in note else None


def _sweep(data, action, kept: dict) -> None:
    """An undo step of somebody else may have caught a preview."""
    former = data.actions.get(kept.get("preview_of") or "")
    for rig in data.objects:
        if rig.animation_data and rig.animation_data.action == action:
            rig.animation_data.action = former
            if former is not None:
                slot = next((s for s in former.slots if s.handle == kept.get("slot")), None)
                rig.animation_data.action_slot = slot
    data.actions.remove(action)
