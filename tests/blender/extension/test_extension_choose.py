# pyright: basic, reportAttributeAccessIssue=false
"""Choosing in real Blender: decisions, previews without a trace, undo, files, copies, drawing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest
from retake.blender_addon.choose.choice_track import ChoiceTrack
from retake.server.models import SHIPPED

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels

Part = Callable[[str], ModuleType]
Draw = Callable[[type], list[tuple[str, str]]]

CHANNELS = ("location", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "scale")


@pytest.fixture
def sample(installed: str) -> Iterator[Any]:
    """The character of the sample, which wears the best take; its clip is the open one."""
    bpy.ops.retake.try_sample(play=False)
    yield bpy.context.object
    for scene in list(bpy.data.scenes)[1:]:
        bpy.data.scenes.remove(scene)


def test_a_new_clip_lists_its_doubts_and_opens_as_a_whole(sample: Any) -> None:
    state = bpy.context.scene.retake_choose
    degrees = [row.degrees for row in state.stretches]
    assert degrees == sorted(degrees, reverse=True)
    assert degrees[-1] >= state.doubt_degrees
    assert (state.group, state.first_frame, state.last_frame) == ("whole", 1, 100)
    assert state.decisions == ""
    assert [row.share for row in state.alternatives] == sorted(
        (row.share for row in state.alternatives), reverse=True
    )


def test_doubts_are_gone_through_and_ticked_off(sample: Any, part: Part) -> None:
    state = bpy.context.scene.retake_choose
    worst = state.stretches[0]
    bpy.ops.retake.open_doubt(step=1)
    assert state.group == worst.groups.split(",")[0]
    assert (state.first, state.last) == pytest.approx((worst.first, worst.last))
    assert len(state.alternatives) > 1
    bpy.ops.retake.tick_doubt()
    assert state.stretches[0].done
    bpy.ops.retake.find_doubts()
    assert [row.done for row in state.stretches].count(True) == 1
    seen = set()
    for _ in state.stretches:
        bpy.ops.retake.open_doubt(step=1)
        seen.add(state.active_stretch)
    assert 0 not in seen, "what is settled is passed over"
    state.doubt_degrees = 90
    assert len(state.stretches) == 0


def test_a_decision_changes_its_limb_in_its_range_on_the_character(sample: Any) -> None:
    _open("left_arm", 40, 70)
    before = _curves(sample)
    bpy.context.scene.retake_choose.snap = False
    assert bpy.ops.retake.apply_choice(hypothesis=_other()) == {"FINISHED"}
    after = _curves(sample)
    assert before.keys() == after.keys()
    arm = 'pose.bones["forearm.L"].rotation_quaternion'
    assert np.abs(after[arm] - before[arm])[:, 45:65].max() > 0.01
    # Floor and twists are found from the whole clip.
    np.testing.assert_allclose(after[arm][:, :34], before[arm][:, :34], atol=5e-3)
    leg = 'pose.bones["thigh.R"].rotation_quaternion'
    np.testing.assert_allclose(after[leg], before[leg], atol=0.02)


def test_our_own_action_is_renewed_but_an_edited_one_is_kept(sample: Any) -> None:
    _open("left_arm", 40, 70)
    bpy.ops.retake.apply_choice(hypothesis=_other())
    first = sample.animation_data.action.name
    count = len(bpy.data.actions)
    bpy.ops.retake.apply_choice(hypothesis=_other(2))
    assert sample.animation_data.action.name == first
    assert len(bpy.data.actions) == count
    curve = _bag(sample).fcurves[0]
    curve.keyframe_points[3].co.y += 0.25
    bpy.ops.retake.clear_choice(everything=True)
    assert sample.animation_data.action.name != first
    assert bpy.data.actions[first].use_fake_user
    assert len(bpy.data.actions) == count + 1


def test_the_action_says_where_it_comes_from(sample: Any) -> None:
    _open("right_leg", 1, 60)
    bpy.ops.retake.apply_choice(hypothesis=_other())
    told = json.loads(sample.animation_data.action["retake"])
    assert (SHIPPED / told["model"]).is_dir()
    assert {"seed", "model_sha256", "track_sha256", "takes", "video"} <= told.keys()
    assert [row["group"] for row in told["choices"]] == ["right_leg"]


def test_a_preview_leaves_no_trace(sample: Any, part: Part) -> None:
    _open("left_arm", 40, 70)
    bpy.context.scene.frame_set(55)
    sample.pose.bones["head"].rotation_quaternion = (0.9, 0.1, 0.2, 0.3)  # not keyed
    before = _everything(sample)
    shown = _forearm(sample)
    bpy.ops.retake.cycle_take()
    bpy.context.view_layer.update()
    assert np.abs(_forearm(sample) - shown).max() > 0.01
    bpy.ops.retake.cycle_take()
    bpy.ops.retake.cancel_preview()
    assert _everything(sample) == before
    assert not part("choose.character").is_previewing()


def test_a_preview_of_a_bare_rig_leaves_no_trace(sample: Any) -> None:
    action = sample.animation_data.action
    sample.animation_data_clear()
    bpy.data.actions.remove(action)
    before = _everything(sample)
    assert sample.animation_data is None
    _open("left_arm", 40, 70)
    bpy.ops.retake.flip_take()
    assert sample.animation_data.action is not None
    bpy.ops.retake.flip_take()
    assert sample.animation_data is None
    assert _everything(sample) == before
    assert len(bpy.data.actions) == 0


def test_a_preview_ends_though_rig_and_action_have_other_names(sample: Any) -> None:
    _open("left_arm", 40, 70)
    action = sample.animation_data.action
    bpy.ops.retake.flip_take()
    sample.name, action.name = "Hero", "Mine"
    bpy.ops.retake.cancel_preview()
    assert sample.animation_data.action == action
    assert [a.name for a in bpy.data.actions] == ["Mine"]


def test_a_preview_of_a_rig_that_is_deleted_goes_with_it(sample: Any, part: Part) -> None:
    _open("left_arm", 40, 70)
    bpy.ops.retake.flip_take()
    bpy.data.objects.remove(sample)
    bpy.ops.retake.cancel_preview()
    assert [a.name for a in bpy.data.actions] == ["Sample best"]
    assert not part("choose.character").is_previewing()


def test_everything_explains_itself(installed: str, part: Part) -> None:
    modules = [part(f"choose.{name}") for name in ("operators", "previews", "pins", "tool")]
    names = [c.bl_idname for m in modules for c in m.CLASSES]
    assert len(names) > 15
    for name in names:
        rna = getattr(bpy.ops.retake, name.partition(".")[2]).get_rna_type()
        assert rna.description, name
        shown = [p for p in rna.properties if p.identifier != "rna_type" and not p.is_hidden]
        assert [p.identifier for p in shown if not p.description] == [], name
    for group in (bpy.types.Scene.bl_rna.properties["retake_choose"].fixed_type,):
        silent = [p.identifier for p in group.properties if not p.description]
        assert set(silent) <= {"rna_type", "name", "first", "last", "alternatives", "stretches"} | {
            "active_alternative",
            "active_stretch",
        }


def test_no_file_holds_a_preview(sample: Any, tmp_path: Path, part: Part) -> None:
    _open("left_arm", 40, 70)
    action = sample.animation_data.action.name
    bpy.ops.retake.flip_take()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert not part("choose.character").is_previewing()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert [a.name for a in bpy.data.actions] == [action]
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    assert rig.animation_data.action.name == action


def test_decisions_reviews_stars_and_rejections_survive_the_file(
    sample: Any, tmp_path: Path, part: Part
) -> None:
    _open("left_arm", 40, 70)
    bpy.ops.retake.apply_choice(hypothesis=_other())
    bpy.ops.retake.open_doubt(step=0, index=0)
    bpy.ops.retake.tick_doubt()
    scene = bpy.context.scene
    scene.retake.takes[2].star = scene.retake.takes[3].rejected = True
    kept = _choices(scene)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    scene = bpy.context.scene
    assert _choices(scene) == kept
    assert scene.retake.takes[2].star
    assert scene.retake.takes[3].rejected
    assert part("session").takes_of(scene).hypothesis_count == 12
    assert bpy.ops.retake.clear_choice(everything=True) == {"FINISHED"}


def test_undo_and_redo_bring_decisions_and_actions_back(sample: Any) -> None:
    _open("left_arm", 40, 70)
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.retake.apply_choice(hypothesis=_other())
    bpy.ops.ed.undo_push(message="decided")
    decided = bpy.context.scene.retake_choose.decisions
    assert decided
    _history("undo")
    scene = bpy.context.scene
    assert scene.retake_choose.decisions == ""
    rig = next(o for o in scene.objects if o.type == "ARMATURE")
    assert rig.animation_data.action.name == "Sample best"
    _history("redo")
    scene = bpy.context.scene
    assert scene.retake_choose.decisions == decided
    rig = next(o for o in scene.objects if o.type == "ARMATURE")
    assert rig.animation_data.action.name == "Sample chosen"


def test_undo_while_previewing_leaves_no_preview(sample: Any) -> None:
    _open("left_arm", 40, 70)
    bpy.ops.ed.undo_push(message="one")
    bpy.ops.retake.flip_take()
    bpy.ops.ed.undo_push(message="somebody else's step, with the preview in it")
    bpy.ops.ed.undo_push(message="another")
    _history("undo")
    rig = next(o for o in bpy.context.scene.objects if o.type == "ARMATURE")
    assert rig.animation_data.action.name == "Sample best"
    assert [a.name for a in bpy.data.actions] == ["Sample best"]


def test_a_copied_scene_has_its_own_decisions(sample: Any) -> None:
    _open("left_arm", 40, 70)
    bpy.ops.retake.apply_choice(hypothesis=_other())
    first = bpy.context.scene
    bpy.ops.scene.new(type="FULL_COPY")
    second = bpy.context.scene
    assert second != first
    assert second.retake.character != sample
    assert _choices(second) == _choices(first)
    bpy.ops.retake.clear_choice(everything=True)
    assert json.loads(first.retake_choose.decisions)
    assert json.loads(second.retake_choose.decisions) == []


def test_decisions_about_other_takes_wait_until_those_come_back(
    sample: Any, part: Part, tmp_path: Path
) -> None:
    scene, session = bpy.context.scene, part("session")
    _open("left_arm", 40, 70)
    bpy.ops.retake.apply_choice(hypothesis=_other())
    decided, own = scene.retake_choose.decisions, scene.retake.takes_path
    session.takes_of(scene).save(tmp_path / "Other.npz")
    bpy.ops.retake.load_takes(filepath=str(tmp_path / "Other.npz"))
    assert scene.retake_choose.decisions == ""
    bpy.ops.retake.load_takes(filepath=own)
    assert scene.retake_choose.decisions == decided


def test_nothing_else_in_the_file_changes(sample: Any) -> None:
    mesh = next(o for o in bpy.context.scene.objects if o.type == "MESH")
    other = bpy.data.objects.new("Other", bpy.data.armatures.new("Other"))
    bpy.context.scene.collection.objects.link(other)
    sample.select_set(False)
    before = (_bones(sample), _surroundings(), list(mesh.matrix_world), other.animation_data)
    _open("left_arm", 40, 70)
    bpy.context.scene.frame_set(1)
    bpy.ops.retake.flip_take()
    bpy.ops.retake.flip_take()
    bpy.ops.retake.apply_choice(hypothesis=_other())
    bpy.ops.retake.clear_choice()
    after = (_bones(sample), _surroundings(), list(mesh.matrix_world), other.animation_data)
    assert after == before


def test_without_a_character_decisions_are_remembered(sample: Any) -> None:
    bpy.context.scene.retake.character = None
    bpy.data.objects.remove(sample)
    _open("left_arm", 40, 70)
    assert bpy.ops.retake.apply_choice(hypothesis=_other()) == {"FINISHED"}
    with pytest.raises(RuntimeError, match="There is no character"):
        bpy.ops.retake.preview_take(index=0)


def test_takes_that_arrive_are_worn_at_once_by_who_wears_takes(
    sample: Any, part: Part, tmp_path: Path
) -> None:
    scene, session = bpy.context.scene, part("session")
    takes = session.takes_of(scene)
    takes.save(tmp_path / "Again.npz")
    for wears in (False, True):
        scene.retake.character = sample if wears else None
        session.remember_job(scene, "job")
        before = sample.animation_data.action.name
        session.show_takes("job", takes, tmp_path / "Again.npz")
        assert (sample.animation_data.action.name != before) == wears
        assert "Again chosen" in bpy.data.actions or not wears


def test_takes_sampled_again_join_the_others(sample: Any, part: Part, tmp_path: Path) -> None:
    scene, session = bpy.context.scene, part("session")
    _open("left_arm", 40, 70)
    bpy.ops.retake.apply_choice(hypothesis=_other())
    decided = scene.retake_choose.decisions
    scene.retake.takes[1].star = True
    request, again = part("choose.pins").asked(scene, "job")
    assert (request.steer.range.first, request.steer.range.last) == (39, 69)
    assert request.steer.range.groups == ["left_arm"]
    takes = session.takes_of(scene)
    part("choose.pins").join(scene, takes, tmp_path / "more.npz", again)
    merged = session.takes_of(scene)
    assert merged.hypothesis_count == 24
    np.testing.assert_array_equal(merged.poses[:12], takes.poses)
    assert scene.retake_choose.decisions == decided
    assert scene.retake.takes[1].star
    assert len(merged.provenance["resampled"]) == 1


def test_a_pin_slides_along_the_cameras_ray(sample: Any, part: Part) -> None:
    scene = bpy.context.scene
    _open("left_arm", 40, 70)
    scene.frame_set(55)
    scene.retake_choose.pin_joint = "left_wrist"
    bpy.ops.retake.add_pin()
    pin = part("choose.reading").pins_in(scene)[0]
    bpy.context.view_layer.update()
    camera = np.array(scene.retake_clip.camera.matrix_world.translation)
    start = np.array(pin.matrix_world.translation)
    assert tuple(pin.lock_location) == (True, True, False)
    pin.location.z += 0.3
    bpy.context.view_layer.update()
    moved = np.array(pin.matrix_world.translation)
    assert np.linalg.norm(moved - start) == pytest.approx(0.3, abs=1e-4)
    assert np.linalg.norm(np.cross(moved - camera, start - camera)) < 1e-4
    hand = np.array(sample.matrix_world @ sample.pose.bones["forearm.L"].tail)
    assert np.linalg.norm(start - hand) < 0.1
    (sent,) = part("choose.pins").asked(scene, "job")[0].steer.pins
    assert (sent.joint, sent.frame, sent.space) == (13, 54, "hip")
    bpy.ops.retake.remove_pin(name=pin.name)
    assert part("choose.reading").pins_in(scene) == []
    assert not [o for o in bpy.data.objects if "Pin" in o.name]


def test_ghosts_are_ready_and_drawing_again_builds_nothing(
    sample: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    _open("left_arm", 40, 70)
    overlay = part("choose.overlay")
    made: list[Any] = []
    monkeypatch.setattr(overlay, "batch_for_shader", lambda *a: made.append(a) or object())
    for frame, built in ((50, 1), (50, 1), (51, 2), (51, 2), (70, 3), (70, 3)):
        bpy.context.scene.frame_set(frame)
        found, at, lines, offset = overlay.lines_now(bpy.context.scene)
        overlay._build(None, found, at, lines)
        assert len(made) == built * (len(found.alternatives) + 1), frame
        assert np.linalg.norm(offset) < 0.2
    bpy.context.scene.frame_set(71)
    assert overlay.lines_now(bpy.context.scene) is None
    overlay.unregister()
    overlay.register()


def test_the_panel_draws_before_during_and_after_choosing(
    installed: str, part: Part, draw: Draw
) -> None:
    panels = [c for c in part("choose.panel").CLASSES if c.__name__.startswith("RETAKE_PT")]
    assert ("label", "Takes come first: sample or load some.") in draw(panels[0])
    bpy.ops.retake.try_sample(play=False)
    _open("left_arm", 40, 70)
    assert ("operator", "retake.apply_choice") in draw(panels[0])
    bpy.ops.retake.apply_choice(hypothesis=_other())
    bpy.ops.retake.add_pin()
    drawn = [entry for panel in panels for entry in draw(panel)]
    assert ("operator", "retake.remove_decision") in drawn
    assert ("operator", "retake.remove_pin") in drawn
    bpy.context.scene.retake_choose.decisions = "rubbish"
    drawn = [entry for panel in panels for entry in draw(panel)]
    assert any("not JSON" in text for _, text in drawn)
    _open("right_arm", 40, 70)
    with pytest.raises(RuntimeError, match="Clear them and choose again"):
        bpy.ops.retake.apply_choice(hypothesis=0)
    assert ("operator", "retake.clear_choice") in draw(part("choose.panel").RETAKE_PT_decisions)
    assert bpy.ops.retake.clear_choice(everything=True) == {"FINISHED"}
    assert json.loads(bpy.context.scene.retake_choose.decisions) == []


def test_what_the_character_cannot_wear_is_not_decided(sample: Any, part: Part) -> None:
    """No undo step is written then, so nothing may have changed."""
    _open("left_arm", 40, 70)
    bpy.ops.retake.apply_choice(hypothesis=_other())
    scene = bpy.context.scene
    before = _choices(scene), scene.retake_rig.contacts
    foot = next(name for name, own in vars(part("rig.scene").contacts_of(scene)).items() if own)
    bpy.ops.object.mode_set(mode="EDIT")
    for wanted in (
        lambda: bpy.ops.retake.apply_choice(hypothesis=_other(2)),
        lambda: bpy.ops.retake.clear_choice(everything=True),
        lambda: bpy.ops.retake.remove_decision(index=0),
        lambda: bpy.ops.retake.move_end(what="decision", last=True, frame=45),
        lambda: bpy.ops.retake.move_end(what=foot, last=True, frame=5),
    ):
        with pytest.raises(RuntimeError, match="Edit Mode"):
            wanted()
        assert (_choices(scene), scene.retake_rig.contacts) == before
    bpy.ops.object.mode_set(mode="OBJECT")
    assert bpy.ops.retake.apply_choice(hypothesis=_other(2)) == {"FINISHED"}


def test_one_decision_is_taken_back_and_opened_again(sample: Any) -> None:
    state = bpy.context.scene.retake_choose
    state.snap = False
    for group, first, last in (("left_arm", 40, 70), ("right_leg", 10, 30)):
        _open(group, first, last)
        bpy.ops.retake.apply_choice(hypothesis=_other())
    bpy.ops.retake.open_decision(index=0)
    assert (state.group, state.first_frame, state.last_frame) == ("left_arm", 40, 70)
    bpy.ops.retake.remove_decision(index=0)
    rows = ChoiceTrack.from_json(state.decisions).decisions
    assert [row.group for row in rows] == ["right_leg"]
    with pytest.raises(RuntimeError, match="no decision 5"):
        bpy.ops.retake.remove_decision(index=5)


def test_from_here_on_holds_to_the_end(sample: Any) -> None:
    state = bpy.context.scene.retake_choose
    _open("left_arm", 40, 50)
    state.from_here, state.snap = True, False
    bpy.ops.retake.apply_choice(hypothesis=_other())
    (row,) = ChoiceTrack.from_json(state.decisions).decisions
    assert row.last == pytest.approx(99 / 60)


def test_rejected_takes_are_hidden_and_kept(sample: Any, part: Part) -> None:
    shown = part("takes.panel").is_shown
    rows = bpy.context.scene.retake.takes
    named = [row for row in rows if row.named]
    assert all(shown(row, "NAMED") for row in named)
    named[1].rejected = True
    assert not any(shown(named[1], show) for show in ("NAMED", "ALL", "STARRED"))
    assert shown(named[1], "REJECTED")
    rows[-1].star = True
    assert shown(rows[-1], "STARRED")
    assert shown(rows[-1], "NAMED")
    assert len(rows) == 13
    assert rows[1].slide_cm_s > 0
    assert all(0 <= row.through < 0.5 for row in rows)
    assert rows[0].through < 0.1


def _open(group: str, first: int, last: int) -> None:
    state = bpy.context.scene.retake_choose
    state.first_frame, state.last_frame, state.group = first, last, group


def _other(number: int = 1) -> int:
    """A hypothesis whose left arm and right leg are not the worn ones."""
    worn = {6, 3, 1}
    return [h for h in range(12) if h not in worn][number]


def _bag(rig: Any) -> Any:
    animation = rig.animation_data
    strip = animation.action.layers[0].strips[0]
    return strip.channelbag(animation.action_slot)


def _curves(rig: Any) -> dict[str, np.ndarray]:
    found: dict[str, list[np.ndarray]] = {}
    for curve in _bag(rig).fcurves:
        values = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", values)
        found.setdefault(curve.data_path, []).append(values[1::2])
    return {path: np.stack(columns) for path, columns in found.items()}


def _forearm(rig: Any) -> np.ndarray:
    return np.array(rig.pose.bones["forearm.L"].matrix)


def _everything(rig: Any) -> dict[str, Any]:
    """All that a preview might touch, exactly."""
    return {
        "pose": {
            b.name: [tuple(getattr(b, channel)) for channel in CHANNELS] for b in rig.pose.bones
        },
        "actions": {a.name: (a.users, a.use_fake_user, dict(a).keys()) for a in bpy.data.actions},
        "animated": rig.animation_data is not None
        and (
            rig.animation_data.action.name if rig.animation_data.action else None,
            rig.animation_data.action_slot.handle if rig.animation_data.action_slot else 0,
        ),
        "frame": bpy.context.scene.frame_current,
        "objects": sorted(o.name for o in bpy.data.objects),
        "decisions": bpy.context.scene.retake_choose.decisions,
    }


def _bones(rig: Any) -> list[Any]:
    bones = rig.data.bones
    rest = [(b.name, [tuple(row) for row in b.matrix_local], tuple(b.tail_local)) for b in bones]
    constraints = [(b.name, len(b.constraints), b.rotation_mode) for b in rig.pose.bones]
    return [rest, constraints, [tuple(row) for row in rig.matrix_basis]]


def _surroundings() -> list[Any]:
    context = bpy.context
    return [
        context.mode,
        context.view_layer.objects.active.name,
        sorted(o.name for o in context.view_layer.objects if o.select_get()),
        context.scene.tool_settings.use_keyframe_insert_auto,
        context.scene.frame_current,
        sorted(o.name for o in bpy.data.objects),
    ]


def _choices(scene: Any) -> tuple[str, str, str]:
    state = scene.retake_choose
    return state.decisions, state.reviewed, state.takes_key


def _history(direction: str) -> None:
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    with bpy.context.temp_override(
        window=window, screen=window.screen, area=area, region=area.regions[0]
    ):
        getattr(bpy.ops.ed, direction)()


@pytest.mark.parametrize("mode", ["OBJECT", "POSE"])
def test_the_tool_stands_alone_and_splits_no_group(installed: str, mode: str) -> None:
    from bl_ui.space_toolsystem_toolbar import (  # pyright: ignore[reportMissingImports]
        VIEW3D_PT_tools_active,
    )

    tools = VIEW3D_PT_tools_active._tools[mode]
    names = [getattr(tool, "idname", None) for tool in tools]
    assert names[-2:] == [None, "retake.choose"]
    assert names.index("builtin.rotate") == names.index("builtin.move") + 1


def test_the_first_step_shows_something_else_than_what_is_worn(sample: Any, part: Part) -> None:
    _open("left_arm", 55, 100)
    state = bpy.context.scene.retake_choose
    best = part("session").takes_of(bpy.context.scene).best["left_arm"]
    shown = [row.hypothesis for row in state.alternatives]
    assert shown[state.active_alternative] == best
    before = state.active_alternative
    bpy.ops.retake.flip_take()
    assert state.active_alternative == (before + 1) % len(shown)
    bpy.ops.retake.cancel_preview()


def test_a_preview_in_a_long_clip_changes_only_its_limb(
    sample: Any, part: Part, long_clip: Callable[[], Any]
) -> None:
    """It is solved near by; all other keys are copies of what is worn."""
    state = long_clip()
    worn, actions = _curves(sample), len(bpy.data.actions)
    _open("right_arm", 300, 330)
    shown = next(i for i, r in enumerate(state.alternatives) if i != state.active_alternative)
    bpy.ops.retake.preview_take(index=shown)
    assert len(bpy.data.actions) == actions + 1
    after = _curves(sample)
    changed = {path for path in worn if np.abs(after[path] - worn[path]).max() > 1e-4}
    assert changed
    assert len(changed) < len(worn)
    legs = ("thigh", "shin", "foot", "toe", "].location")
    assert not [path for path in changed if any(part in path for part in legs)]
    forearm = 'pose.bones["forearm.R"].rotation_quaternion'
    rows = np.flatnonzero(np.abs(after[forearm] - worn[forearm]).max(axis=0) > 1e-4)
    assert 200 < rows[0] < 300 < rows[-1] < 420
    state.snap = False
    bpy.ops.retake.apply_preview()
    exact = _curves(sample)
    for path in changed:
        one, other = (np.moveaxis(keys[path], 0, -1) for keys in (after, exact))
        one = one / np.linalg.norm(one, axis=-1, keepdims=True)
        assert np.abs(np.sum(one * other, axis=-1)).min() > np.cos(np.radians(1) / 2), path


def test_an_end_is_moved_by_a_script_and_taken_back(sample: Any) -> None:
    _open("left_arm", 40, 70)
    state = bpy.context.scene.retake_choose
    state.snap = False
    bpy.ops.retake.apply_choice(hypothesis=_other())
    before = _curves(sample)
    assert bpy.ops.retake.move_end(what="decision", last=True, frame=60) == {"FINISHED"}
    (decision,) = ChoiceTrack.from_json(state.decisions).decisions
    assert decision.last == pytest.approx(59 / 60, abs=0.01)
    arm = 'pose.bones["forearm.L"].rotation_quaternion'
    assert np.abs(_curves(sample)[arm] - before[arm])[:, 60:].max() > 0.001
    assert bpy.ops.retake.move_end(what="decision", last=True, frame=60) == {"CANCELLED"}
    with pytest.raises(RuntimeError, match="There is no decision 7"):
        bpy.ops.retake.move_end(what="decision", number=7, frame=60)


def test_a_contact_is_dragged_and_the_foot_follows(sample: Any, part: Part) -> None:
    scene = bpy.context.scene
    spans = part("rig.scene").contacts_of(scene)
    name = max(vars(spans), key=lambda part: len(getattr(spans, part)))
    first, last = getattr(spans, name)[0]
    wanted = 1 + round((first + last) / 2 * 60)
    before = _curves(sample)
    assert bpy.ops.retake.move_end(what=name, last=True, frame=wanted) == {"FINISHED"}
    new = getattr(part("rig.scene").contacts_of(scene), name)[0]
    assert new == pytest.approx((first, (wanted - 1) / 60), abs=0.01)
    after = _curves(sample)
    assert max(np.abs(after[path] - before[path]).max() for path in before) > 1e-3
    with pytest.raises(RuntimeError, match="contacts; give a number below"):
        bpy.ops.retake.move_end(what=name, number=99, frame=3)


def test_a_redraw_reads_no_file(sample: Any, part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    session, ready, scene = part("session"), part("choose.ready"), bpy.context.scene
    monkeypatch.setattr(session, "_loaded", {})
    ready.forget()
    assert ready.takes_at_hand(scene) is None
    ready._takes._coming[1].result(timeout=20)
    ready._look()
    assert ready.takes_at_hand(scene).hypothesis_count == 12
    assert not ready._takes.is_busy
