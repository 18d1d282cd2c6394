# pyright: basic, reportAttributeAccessIssue=false
"""Curves are written a few per tick into a Blender that goes on meanwhile: nothing half is left,
nothing of anybody else is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import wait
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest
from retake.shared.errors import RetakeError

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels

Part = Callable[[str], ModuleType]


class Clock:
    """Blender's timers: they go on when `ticks` says so, a step at a time."""

    def __init__(self, part: Part) -> None:
        self.ready, self.slices = part("choose.ready"), part("slices")
        self.is_registered = lambda timer: False
        self.register = lambda timer, **when: None

    def ticks(self, most: int = 10_000) -> int:
        """-> how many steps there were, once nothing is left to do."""
        wait([order[0] for order in self.ready._orders], timeout=60)
        self.ready._look()
        done = 0
        while self.slices._orders and done < most:
            self.slices._tick()
            done += 1
        return done


@pytest.fixture
def clock(installed: str, part: Part, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The sample with a limb open, in a Blender that is like one with a window."""
    bpy.ops.retake.try_sample(play=False)
    part("choose.wearing").write_choice(bpy.context.scene, bpy.context.object)
    state = bpy.context.scene.retake_choose
    state.group, state.first_frame, state.last_frame = "left_arm", 40, 70
    clock = Clock(part)
    window = SimpleNamespace(
        app=SimpleNamespace(background=False, timers=clock), data=bpy.data, context=bpy.context
    )
    for name in ("choose.ahead", "slices"):
        monkeypatch.setattr(part(name), "bpy", window)
    monkeypatch.setattr(part("slices"), "SLICE_S", 0.0)  # one step per tick
    yield clock
    part("choose.character").end_preview()
    clock.ticks()


@pytest.fixture
def said(part: Part, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the animator is told."""
    found: list[str] = []
    monkeypatch.setattr(part("timer"), "say", lambda error: found.append(str(error)))
    return found


@pytest.fixture
def rig(clock: Clock) -> Any:
    return bpy.context.object


def test_the_best_take_is_written_in_slices(clock: Clock, rig: Any, part: Part) -> None:
    worn = rig.animation_data.action
    name, keys, actions = worn.name, keys_of(worn), len(bpy.data.actions)
    edit(worn)
    part("choose.wearing").wear_best(bpy.context.scene)
    assert clock.ticks(30) == 30
    assert rig.animation_data.action == worn, "nothing is seen of the half-written one"
    assert clock.ticks() > 30
    written = rig.animation_data.action
    assert len(bpy.data.actions) == actions + 1, "what somebody has edited stays"
    assert written != worn
    assert written.name.startswith(name)
    assert same(keys_of(written), keys)


def test_what_nobody_has_edited_is_replaced(clock: Clock, rig: Any, part: Part) -> None:
    actions = {action.name for action in bpy.data.actions}
    former = rig.animation_data.action.session_uid
    part("choose.wearing").wear_best(bpy.context.scene)
    clock.ticks()
    assert {action.name for action in bpy.data.actions} == actions
    assert rig.animation_data.action.session_uid != former
    assert not rig.animation_data.action.use_fake_user


def test_an_edit_while_the_best_take_is_written_stays(clock: Clock, rig: Any, part: Part) -> None:
    worn = rig.animation_data.action
    part("choose.wearing").wear_best(bpy.context.scene)
    clock.ticks(30)
    edit(worn)
    edited = keys_of(worn)
    clock.ticks()
    assert rig.animation_data.action != worn
    assert same(keys_of(worn), edited)


def test_it_begins_anew_after_an_undo(clock: Clock, rig: Any, part: Part) -> None:
    """Which takes the half-written action away, or brings one back that was half-written."""
    before, former = {a.name for a in bpy.data.actions}, rig.animation_data.action.session_uid
    part("choose.wearing").wear_best(bpy.context.scene)
    clock.ticks(30)
    (half,) = (action for action in bpy.data.actions if action.name not in before)
    bpy.data.actions.remove(half)
    clock.ticks(30)
    clock.ticks(30)
    assert len(bpy.data.actions) == len(before) + 1
    part("choose.character")._after_loading()
    assert {action.name for action in bpy.data.actions} == before
    while clock.ticks():
        pass
    assert {action.name for action in bpy.data.actions} == before
    assert rig.animation_data.action.session_uid != former


@pytest.mark.parametrize("change", ["decision", "takes", "character"])
def test_a_best_take_that_nobody_wants_any_more_leaves_nothing(
    clock: Clock, rig: Any, part: Part, change: str
) -> None:
    scene, worn = bpy.context.scene, rig.animation_data.action
    actions = list(bpy.data.actions)
    part("choose.wearing").wear_best(scene)
    clock.ticks(30)
    assert len(bpy.data.actions) == len(actions) + 1
    if change == "decision":
        scene.retake_choose.decisions = "[]"
    elif change == "takes":
        scene.retake.takes_path = ""
    else:
        scene.retake.character = None
    clock.ticks()
    assert list(bpy.data.actions) == actions
    assert rig.animation_data.action == worn


def test_the_rig_may_go_meanwhile(clock: Clock, rig: Any, part: Part, said: list[str]) -> None:
    actions = list(bpy.data.actions)
    part("choose.wearing").wear_best(bpy.context.scene)
    clock.ticks(30)
    bpy.data.objects.remove(rig)
    clock.ticks()
    assert list(bpy.data.actions) == actions
    assert said == []


def test_a_preview_in_a_long_clip_is_a_copy_in_slices(
    clock: Clock, rig: Any, long_clip: Callable[[], Any]
) -> None:
    state = _open_in(long_clip, clock)
    worn = rig.animation_data.action
    before = keys_of(worn)
    bpy.ops.retake.preview_take(index=_other(state))
    assert clock.ticks(10) == 10
    assert rig.animation_data.action == worn
    clock.ticks()
    shown = rig.animation_data.action
    assert shown.name == "Retake Preview"
    after = keys_of(shown)
    assert after.keys() == before.keys()
    changed = {path for path in after if not np.array_equal(after[path], before[path])}
    assert changed
    legs = ("thigh", "shin", "foot", "toe", "].location")
    assert not [path for path, _ in changed if any(part in path for part in legs)]
    bpy.ops.retake.cancel_preview()
    assert rig.animation_data.action == worn


def test_what_an_animator_did_to_the_curves_is_previewed_too(
    clock: Clock, rig: Any, long_clip: Callable[[], Any]
) -> None:
    state = _open_in(long_clip, clock)
    (bag,) = rig.animation_data.action.layers[0].strips[0].channelbags
    curve = bag.fcurves.find('pose.bones["head"].rotation_quaternion', index=1)
    for point in curve.keyframe_points[5:9]:
        point.interpolation = "BEZIER"
        point.handle_right_type = "FREE"
        point.handle_right.y += 0.3
    curve.update()
    value = curve.evaluate(7.5)
    bag.fcurves.find('pose.bones["head"].rotation_quaternion', index=2).mute = True
    curve.group.mute = True
    thigh = bag.fcurves.find('pose.bones["thigh.L"].rotation_quaternion', index=1)
    for point in thigh.keyframe_points[5:9]:
        point.interpolation, point.back, point.easing = "BACK", 30.0, "EASE_IN"
    thigh.update()
    swung = thigh.evaluate(7.3)
    bpy.ops.retake.preview_take(index=_other(state))
    clock.ticks()
    (bag,) = rig.animation_data.action.layers[0].strips[0].channelbags
    copy = bag.fcurves.find('pose.bones["head"].rotation_quaternion', index=1)
    assert copy.evaluate(7.5) == pytest.approx(value, abs=1e-6)
    assert bag.fcurves.find('pose.bones["head"].rotation_quaternion', index=2).mute
    assert copy.group.name == "head"
    assert copy.group.mute
    thigh = bag.fcurves.find('pose.bones["thigh.L"].rotation_quaternion', index=1)
    assert thigh.evaluate(7.3) == pytest.approx(swung, abs=1e-6)


def test_curves_that_cannot_be_copied_are_solved_as_a_whole(
    clock: Clock, rig: Any, long_clip: Callable[[], Any]
) -> None:
    state = _open_in(long_clip, clock)
    (bag,) = rig.animation_data.action.layers[0].strips[0].channelbags
    bag.fcurves[0].modifiers.new("NOISE")
    actions = len(bpy.data.actions)
    bpy.ops.retake.preview_take(index=_other(state))
    while clock.ticks():
        pass
    assert rig.animation_data.action.name.startswith("Retake Preview")
    assert len(bpy.data.actions) == actions + 1
    bpy.ops.retake.cancel_preview()
    assert len(bpy.data.actions) == actions


@pytest.mark.parametrize("steps", [0, 1, 7, 40])
def test_esc_between_two_slices_leaves_no_trace(clock: Clock, rig: Any, steps: int) -> None:
    worn, actions = rig.animation_data.action, list(bpy.data.actions)
    bpy.ops.retake.flip_take()
    clock.ticks(steps)
    bpy.ops.retake.cancel_preview()
    clock.ticks()
    assert list(bpy.data.actions) == actions
    assert rig.animation_data.action == worn


def test_another_preview_takes_the_place_of_a_half_written_one(clock: Clock, rig: Any) -> None:
    actions = len(bpy.data.actions)
    bpy.ops.retake.preview_take(index=0)
    clock.ticks(10)
    bpy.ops.retake.preview_take(index=1)
    clock.ticks()
    assert len(bpy.data.actions) == actions + 1
    assert bpy.context.scene.retake_choose.active_alternative == 1
    bpy.ops.retake.cancel_preview()
    assert len(bpy.data.actions) == actions


def test_an_action_that_is_put_on_meanwhile_stays(clock: Clock, rig: Any, said: list[str]) -> None:
    actions = len(bpy.data.actions)
    bpy.ops.retake.flip_take()
    clock.ticks(10)
    mine = bpy.data.actions.new("Mine")
    rig.animation_data.action = mine
    clock.ticks()
    assert rig.animation_data.action == mine
    assert len(bpy.data.actions) == actions + 1
    assert said == ["What was being written has changed meanwhile. Do it again."]


def test_a_failure_between_two_slices_becomes_a_sentence(clock: Clock, part: Part) -> None:
    slices, failed = part("slices"), []

    def broken() -> Iterator[None]:
        yield
        raise ZeroDivisionError("no")

    slices.by_and_by(broken(), failed.append)
    slices.by_and_by(broken(), failed.append)
    clock.ticks()
    assert [str(error) for error in failed] == 2 * ["Retake failed unexpectedly: no."]
    assert {type(error).__name__ for error in failed} == {RetakeError.__name__}


def test_what_is_half_written_goes_with_the_add_on(clock: Clock, part: Part) -> None:
    actions = list(bpy.data.actions)
    bpy.ops.retake.flip_take()
    clock.ticks(10)
    assert len(bpy.data.actions) == len(actions) + 1
    part("slices").unregister()
    assert list(bpy.data.actions) == actions


def test_an_action_put_on_between_two_previews_stays(
    clock: Clock, rig: Any, said: list[str]
) -> None:
    bpy.ops.retake.preview_take(index=0)
    clock.ticks()
    bpy.ops.retake.preview_take(index=1)
    clock.ticks(10)
    mine = bpy.data.actions.new("Mine")
    rig.animation_data.action = mine
    clock.ticks()
    assert rig.animation_data.action == mine
    assert [a.name for a in bpy.data.actions if "Preview" in a.name] == []
    assert said == ["What was being written has changed meanwhile. Do it again."]


def test_an_edit_while_the_curves_are_compared_stays(
    clock: Clock, rig: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    worn, uid = rig.animation_data.action, rig.animation_data.action.session_uid
    wearing, done = part("choose.wearing"), []
    unedited = wearing._unedited

    def counted(rig_uid: int) -> Iterator[None]:
        for step in (work := Kept(unedited(rig_uid))):
            done.append(step)
            yield
        return work.value

    monkeypatch.setattr(wearing, "_unedited", counted)
    wearing.wear_best(bpy.context.scene)
    while len(done) < 20:
        assert clock.ticks(1)
    edit(worn)
    clock.ticks()
    assert rig.animation_data.action != worn
    assert uid in [action.session_uid for action in bpy.data.actions]


def test_what_changes_on_the_rig_before_a_preview_is_seen_stays(clock: Clock, rig: Any) -> None:
    worn, bone = rig.animation_data.action, rig.pose.bones["head"]
    worn.use_fake_user = False
    bpy.ops.retake.flip_take()
    clock.ticks(10)
    worn.use_fake_user = True
    bone["mine"], bone.scale = 2.0, (2, 2, 2)
    clock.ticks()
    assert rig.animation_data.action != worn
    bpy.ops.retake.cancel_preview()
    assert rig.animation_data.action == worn
    assert worn.use_fake_user
    assert (bone["mine"], bone.scale[0]) == (2.0, 2.0)


def test_another_frame_rate_meanwhile_is_the_one_that_counts(
    clock: Clock, rig: Any, part: Part
) -> None:
    scene = bpy.context.scene
    part("choose.wearing").wear_best(scene)
    clock.ticks(30)
    scene.render.fps = 24
    while clock.ticks():
        pass
    action = rig.animation_data.action
    assert part("choose.origin").note_of(action)["fps"] == 24
    seconds = (action.frame_range[1] - action.frame_range[0]) / 24
    assert seconds == pytest.approx(99 / 60, abs=0.1)


def test_a_bone_that_is_renamed_meanwhile_is_animated(clock: Clock, rig: Any, part: Part) -> None:
    part("choose.wearing").wear_best(bpy.context.scene)
    clock.ticks(30)
    rig.data.bones["forearm.L"].name = "Unterarm.L"
    while clock.ticks():
        pass
    paths = " ".join(path for path, _ in keys_of(rig.animation_data.action))
    assert "Unterarm.L" in paths
    assert "forearm.L" not in paths


def test_a_preview_waits_for_the_best_take(clock: Clock, rig: Any, part: Part) -> None:
    part("choose.wearing").wear_best(bpy.context.scene)
    clock.ticks(30)
    bpy.ops.retake.flip_take()
    clock.ticks()
    clock.ticks()
    assert rig.animation_data.action.name.startswith("Retake Preview")


def test_a_rig_that_goes_before_the_first_slice_is_named(
    clock: Clock, rig: Any, said: list[str]
) -> None:
    bpy.ops.retake.flip_take()
    clock.ticks(0)
    bpy.data.objects.remove(rig)
    clock.ticks()
    assert said == ["What was being written has changed meanwhile. Do it again."]


def test_an_undo_before_the_first_slice_loses_nothing(clock: Clock, rig: Any, part: Part) -> None:
    bpy.ops.ed.undo_push(message="a")
    bpy.context.scene.frame_current += 1
    bpy.ops.ed.undo_push(message="b")
    part("choose.wearing").wear_best(bpy.context.scene)
    clock.ticks(0)
    assert bpy.ops.ed.undo() == {"FINISHED"}
    worn = bpy.context.object.animation_data.action.session_uid
    while clock.ticks():
        pass
    assert bpy.context.object.animation_data.action.session_uid != worn


def test_apply_at_once_may_be_switched_off_meanwhile(clock: Clock, rig: Any, part: Part) -> None:
    worn, state = rig.animation_data.action, bpy.context.scene.retake_choose
    part("choose.wearing").wear_best(bpy.context.scene)
    clock.ticks(30)
    state.apply_best = False
    clock.ticks()
    state.apply_best = True
    assert rig.animation_data.action == worn


def test_tweak_mode_meanwhile_leaves_all_as_it_is(
    clock: Clock, rig: Any, part: Part, said: list[str]
) -> None:
    part("choose.wearing").wear_best(bpy.context.scene)
    clock.ticks(30)
    animation, worn = rig.animation_data, rig.animation_data.action
    track = animation.nla_tracks.new()
    strip = track.strips.new("s", 1, worn)
    animation.action = None
    animation.nla_tracks.active, strip.select = track, True
    animation.use_tweak_mode = True
    clock.ticks()
    assert (animation.action, strip.action, said) == (worn, worn, [])
    animation.use_tweak_mode = False
    animation.nla_tracks.remove(track)


def test_a_failure_where_the_whole_clip_is_needed_is_told(
    clock: Clock,
    rig: Any,
    part: Part,
    said: list[str],
    long_clip: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    state = _open_in(long_clip, clock)
    (bag,) = rig.animation_data.action.layers[0].strips[0].channelbags
    bag.fcurves[0].modifiers.new("NOISE")
    bpy.ops.retake.preview_take(index=_other(state))
    clock.ticks(5)
    retake_error = part("slices").RetakeError

    def refuse(*_: Any) -> None:
        raise retake_error("The rig is broken.")

    monkeypatch.setattr(part("choose.character"), "once_solved", refuse)
    clock.ticks()
    assert said == ["The rig is broken."]
    assert not part("choose.character").is_previewing()


class Kept:
    """A generator whose returned value stays."""

    def __init__(self, work: Any) -> None:
        self._work, self.value = work, None

    def __iter__(self) -> Iterator[None]:
        self.value = yield from self._work


def keys_of(action: Any) -> dict[tuple[str, int], np.ndarray]:
    (bag,) = action.layers[0].strips[0].channelbags
    found = {}
    for curve in bag.fcurves:
        keys = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", keys)
        found[curve.data_path, curve.array_index] = keys
    return found


def same(one: dict[tuple[str, int], np.ndarray], other: dict[tuple[str, int], np.ndarray]) -> bool:
    return one.keys() == other.keys() and all(np.array_equal(one[k], other[k]) for k in one)


def edit(action: Any) -> None:
    (bag,) = action.layers[0].strips[0].channelbags
    bag.fcurves[0].keyframe_points[3].co.y += 0.1


def _open_in(long_clip: Callable[[], Any], clock: Clock) -> Any:
    """A limb for a moment of a clip so long that only a part of it is solved."""
    state = long_clip()
    while clock.ticks():
        pass
    state.group, state.first_frame, state.last_frame = "right_arm", 300, 330
    return state


def _other(state: Any) -> int:
    return next(i for i in range(len(state.alternatives)) if i != state.active_alternative)
