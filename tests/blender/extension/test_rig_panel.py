# pyright: basic, reportAttributeAccessIssue=false
"""The step Rig as it is driven: the bone map of many rigs, wishes, key poses, contacts by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
import numpy as np
import pytest
from retake.shared.takes import Takes

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels

Part = Callable[[str], ModuleType]
Draw = Callable[[type], list[tuple[str, str]]]

TABLES = json.loads(
    (Path(__file__).resolve().parents[2] / "data" / "humanoid_rigs.json").read_text("utf-8")
)


def make_rig(table: dict[str, Any], rename: Callable[[str], str] = str) -> Any:
    data = bpy.data.armatures.new("Hero")
    rig = bpy.data.objects.new("Hero", data)
    bpy.context.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for number, (name, (parent, head, tail)) in enumerate(table.items()):
        bone = data.edit_bones.new(rename(name))
        bone.head, bone.tail, bone.roll = head, tail, 0.7 * number
        bone.parent = data.edit_bones.get(rename(parent))
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def rigify(kind: str) -> Any:
    bpy.ops.preferences.addon_enable(module="rigify")
    getattr(bpy.ops.object, f"armature_{kind}_metarig_add")()
    return bpy.context.object


def generated() -> Any:
    rigify("basic_human")
    bpy.ops.pose.rigify_generate()
    bpy.context.view_layer.objects.active = bpy.data.objects["rig"]
    return bpy.data.objects["rig"]


def daz(name: str) -> str:
    """Daz's names for the parts that Mixamo calls otherwise, as its figures have them."""
    names = {"UpLeg": "ThighBend", "Arm": "ShldrBend", "ForeArm": "ForearmBend", "Leg": "Shin"}
    side, rest = re.match(r"(?:mixamorig:)?(Left|Right)?(.*)", name).groups()  # type: ignore
    return f"{side[0].lower()}{names.get(rest, rest)}" if side else rest.lower()


def auto_rig_pro(name: str) -> str:
    """Names of Auto-Rig Pro's deforming bones: `arm_stretch.l`, `root.x`."""
    names = {"UpLeg": "thigh_stretch", "Leg": "leg_stretch", "Arm": "arm_stretch"}
    names |= {"ForeArm": "forearm_stretch", "Shoulder": "shoulder", "Hand": "hand", "Foot": "foot"}
    side, rest = re.match(r"(?:mixamorig:)?(Left|Right)?(.*)", name).groups()  # type: ignore
    if side:
        return f"{names.get(rest, rest.lower())}.{side[0].lower()}"
    return {"Hips": "root.x", "Spine": "spine_01.x", "Spine1": "spine_02.x"}.get(
        rest, {"Spine2": "spine_03.x"}.get(rest, f"{rest.lower()}.x")
    )


RIGS: dict[str, Callable[[], Any]] = {
    **{name: (lambda table=table: make_rig(table)) for name, table in TABLES.items()},
    "daz": lambda: make_rig(TABLES["mixamo T"], daz),
    "auto-rig pro export": lambda: make_rig(TABLES["mixamo T"], auto_rig_pro),
    "nameless": lambda: make_rig(TABLES["mixamo T"], lambda n: n and f"b{hash(n) % 10**8}"),
    "rigify meta": lambda: rigify("human"),
    "rigify basic meta": lambda: rigify("basic_human"),
    "rigify generated": generated,
}


@pytest.fixture(params=list(RIGS))
def any_rig(installed: str, request: pytest.FixtureRequest) -> Any:
    return RIGS[request.param]()


def test_the_panel_shows_the_map_of_every_kind_of_rig(any_rig: Any, part: Part, draw: Draw) -> None:
    panels, scene = part("rig.panel"), part("rig.scene")
    shown = scene.shown_map(any_rig)
    assert shown.wrong == {}
    drawn = draw(panels.RETAKE_PT_rig)
    assert any(text.endswith(("by name", "the map")) for _, text in drawn), drawn
    assert ("operator", "retake.make_override") not in drawn
    drawn = draw(part("rig.mapping.panel").RETAKE_PT_bones)
    assert [text for kind, text in drawn if kind == "label"].count("Left") == 1
    assert bpy.context.scene.retake_rig.bones.left_hand in any_rig.data.bones


def panels_of(part: Part) -> list[Any]:
    return [cls for cls in part("rig.panel").CLASSES if issubclass(cls, bpy.types.Panel)]


def test_drawing_keeps_nothing_in_the_rig(any_rig: Any, part: Part, draw: Draw) -> None:
    for panel in panels_of(part):
        draw(panel)
    assert "retake_bones" not in any_rig.data
    assert not any_rig.retake_bones


@pytest.fixture
def rig(installed: str) -> Any:
    return make_rig(TABLES["mixamo T"])


@pytest.fixture
def bones(rig: Any) -> Any:
    return bpy.context.scene.retake_rig.bones


@pytest.fixture
def taken(rig: Any, turning_takes: Callable[[], Takes], tmp_path: Path) -> Any:
    """The rig, with takes in the scene: somebody turns, and is carried 30 cm to the side."""
    takes = turning_takes()
    way = np.linspace(0, 0.3, takes.frame_count)[:, None] * np.array([1, 0, 0])
    replace(takes, root=(takes.root + way).astype(np.float32)).save(tmp_path / "turn.npz")
    bpy.ops.retake.load_takes(filepath=str(tmp_path / "turn.npz"))
    bpy.context.scene.render.fps = 24
    return rig


def curves_of(action: Any) -> dict[str, np.ndarray]:
    found: dict[str, list[np.ndarray]] = {}
    for curve in action.layers[0].strips[0].channelbags[0].fcurves:
        values = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", values)
        found.setdefault(curve.data_path, []).append(values.reshape(-1, 2)[:, 1])
    return {path: np.array(rows) for path, rows in found.items()}


def test_a_bone_chosen_by_hand_is_kept_and_honoured(taken: Any, bones: Any) -> None:
    hand = bones.left_hand
    bones.left_toe, bones.neck = "", ""
    assert json.loads(taken.data["retake_bones"])["bones"]["left_hand"] == hand
    bpy.ops.retake.apply_take()
    paths = curves_of(taken.animation_data.action)
    assert not any("LeftToe" in path or "Neck" in path for path in paths)
    bpy.ops.retake.clear_bones()
    assert list(taken.data.keys()) == []
    bpy.ops.retake.apply_take()
    assert any("Neck" in path for path in curves_of(taken.animation_data.action))


def test_a_wrong_bone_is_shown_and_apply_says_so(
    taken: Any, bones: Any, part: Part, draw: Draw
) -> None:
    bones.left_forearm = bones.right_forearm
    drawn = draw(part("rig.panel").RETAKE_PT_rig)
    assert any("needed bones are not" in text for _, text in drawn), drawn
    with pytest.raises(RuntimeError, match=r"left forearm is .* does not hang below"):
        bpy.ops.retake.apply_take()
    assert taken.animation_data is None


def test_maps_go_through_files(rig: Any, bones: Any, tmp_path: Path) -> None:
    bones.neck = ""
    assert bpy.ops.retake.export_bones(filepath=str(tmp_path / "hero")) == {"FINISHED"}
    text = rig.data["retake_bones"]
    assert json.loads((tmp_path / "hero.json").read_text("utf-8")) == json.loads(text)
    bpy.ops.retake.clear_bones()
    assert bones.neck
    assert bpy.ops.retake.import_bones(filepath=str(tmp_path / "hero.json")) == {"FINISHED"}
    assert bones.neck == ""
    (tmp_path / "other.json").write_text('{"bones": 3}', encoding="utf-8")
    with pytest.raises(RuntimeError, match=r"other\.json is no bone map"):
        bpy.ops.retake.import_bones(filepath=str(tmp_path / "other.json"))
    assert rig.data["retake_bones"] == text


def test_the_map_of_another_kind_of_rig_is_refused(rig: Any, tmp_path: Path) -> None:
    bpy.ops.retake.export_bones(filepath=str(tmp_path / "hero.json"))
    other = make_rig(TABLES["unreal A"])
    with pytest.raises(RuntimeError, match="has none of the bones"):
        bpy.ops.retake.import_bones(filepath=str(tmp_path / "hero.json"))
    assert list(other.data.keys()) == []


def test_a_damaged_map_is_told_and_can_be_cleared(taken: Any, part: Part, draw: Draw) -> None:
    for rubbish in ("{", 7, "[]"):
        taken.data["retake_bones"] = rubbish
        part("rig.scene").forget_shown()
        drawn = draw(part("rig.panel").RETAKE_PT_rig)
        assert any("The bone map of 'Hero'" in text for _, text in drawn), drawn
        with pytest.raises(RuntimeError, match="The bone map of 'Hero'"):
            bpy.ops.retake.apply_take()
    bpy.ops.retake.clear_bones()
    assert bpy.ops.retake.apply_take() == {"FINISHED"}


def test_matching_by_shape_needs_no_names(installed: str) -> None:
    named = make_rig(TABLES["mixamo T"])
    bpy.ops.retake.match_bones(by="SHAPE")
    content = json.loads(named.data["retake_bones"])
    assert content["bones"]["left_forearm"].endswith("LeftForeArm")
    assert 0 < content["sure"]["left_forearm"] < 1


def test_the_active_bone_goes_into_a_slot(rig: Any, bones: Any) -> None:
    spine = bones.spine
    rig.data.bones.active = rig.data.bones[bones.chest]
    bpy.ops.retake.pick_bone(slot="spine")
    assert bones.spine == bones.chest != spine
    with pytest.raises(RuntimeError, match="no part 'tail'"):
        bpy.ops.retake.pick_bone(slot="tail")


def test_the_map_is_saved_with_the_rig(rig: Any, bones: Any, tmp_path: Path) -> None:
    bones.neck = ""
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "hero.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "hero.blend"))
    assert bpy.context.scene.retake_rig.bones.neck == ""
    assert "retake_bones" in bpy.data.objects["Hero"].data


def test_wishes_change_the_motion(taken: Any) -> None:
    state = bpy.context.scene.retake_rig
    bpy.ops.retake.apply_take()
    plain = curves_of(taken.animation_data.action)
    path = next(p for p in plain if p.endswith(".location"))
    for name, value, changed in (
        ("smoothing", 0.3, lambda c: any(np.abs(c[p] - plain[p]).max() > 1e-3 for p in plain)),
        ("in_place", True, lambda c: np.abs(c[path] - plain[path]).max() > 1e-3),
        ("root", "OBJECT", lambda c: "location" in c),
        ("floor", 0.5, lambda c: np.abs(c[path] - plain[path]).max() > 0.4),
    ):
        before = getattr(state, name)
        setattr(state, name, value)
        if name in ("floor", "scale"):
            setattr(state, f"use_{name}", True)
        bpy.ops.retake.apply_take()
        assert changed(curves_of(taken.animation_data.action)), name
        setattr(state, name, before)
        state.use_floor = False
    bpy.ops.retake.apply_take()
    again = curves_of(taken.animation_data.action)
    assert all(np.allclose(again[p], plain[p], atol=1e-5) for p in plain)


def test_a_limb_is_smoothed_in_a_range_alone(
    taken: Any, turning_takes: Callable[[], Takes], tmp_path: Path, part: Part, draw: Draw
) -> None:
    takes = turning_takes()
    shaking = np.zeros(takes.poses.shape, np.float32)
    shaking[:, ::2, [12, 13, 15, 16]] = 0.03  # both arms, every other frame
    replace(takes, poses=takes.poses + shaking).save(tmp_path / "shaking.npz")
    bpy.ops.retake.load_takes(filepath=str(tmp_path / "shaking.npz"))
    state, panels = bpy.context.scene.retake_rig, part("rig.panel")
    bpy.ops.retake.apply_take()
    plain = curves_of(taken.animation_data.action)
    assert not bpy.ops.retake.remove_smoothing.poll()
    bpy.ops.retake.add_smoothing()
    row = state.smoothings[0]
    assert (row.group, row.use_range) == ("whole", False), "all of the clip is open in Choose"
    row.group, row.seconds, row.use_range = "left_arm", 0.5, True
    row.first_frame, row.last_frame = 12, 20
    assert (row.first_frame, row.last_frame) == (12, 20)
    assert ("prop", "last_frame") in draw(panels.RETAKE_PT_smoothing)
    bpy.ops.retake.apply_take()
    calm = curves_of(taken.animation_data.action)
    moved = {
        path: np.flatnonzero(np.abs(calm[path] - plain[path]).max(axis=0) > 2e-3) for path in plain
    }
    assert len(moved['pose.bones["mixamorig:LeftArm"].rotation_quaternion']) > 0
    for path, frames in moved.items():
        assert "Left" in path or not len(frames), path
        assert not len(frames) or (frames.min() >= 9 and frames.max() <= 21), (path, frames)
    row.first_frame = 25
    assert row.last_frame == 25, "a range does not end before it begins"
    bpy.ops.retake.add_smoothing()
    assert state.active_smoothing == 1
    bpy.ops.retake.remove_smoothing()
    bpy.ops.retake.remove_smoothing()
    assert not len(state.smoothings)
    bpy.ops.retake.apply_take()
    again = curves_of(taken.animation_data.action)
    assert all(np.allclose(again[path], plain[path], atol=1e-5) for path in plain)


@pytest.mark.parametrize("parented", [False, True])
def test_an_object_that_was_carried_begins_where_it_stood(taken: Any, parented: bool) -> None:
    scene = bpy.context.scene
    if parented:
        taken.parent = bpy.data.objects.new("Cart", None)
        scene.collection.objects.link(taken.parent)
        taken.parent.rotation_euler.z, taken.parent.scale = 1.0, (2, 2, 2)
        taken.scale = (0.5, 0.5, 0.5)
    taken.location = (0.3, 0.2, 0.1)
    bpy.context.view_layer.update()
    bpy.ops.retake.apply_take()
    plain = curves_of(taken.animation_data.action)
    scene.retake_rig.root = "OBJECT"
    bpy.ops.retake.apply_take()
    carried = curves_of(taken.animation_data.action)
    scene.frame_set(20)
    assert np.linalg.norm(np.array(taken.location) - (0.3, 0.2, 0.1)) > 0.01
    bpy.ops.retake.apply_take()
    again = curves_of(taken.animation_data.action)
    assert all(np.allclose(again[p], carried[p], atol=1e-5) for p in carried)
    scene.retake_rig.root = "HIPS"
    bpy.ops.retake.apply_take()
    assert tuple(taken.location) == pytest.approx((0.3, 0.2, 0.1))
    after = curves_of(taken.animation_data.action)
    assert all(np.allclose(after[p], plain[p], atol=1e-5) for p in plain)


def test_previews_and_apply_wish_the_same(taken: Any, part: Part) -> None:
    bpy.context.scene.retake_rig.in_place = True
    action, _ = part("choose.wearing").write_choice(bpy.context.scene, taken)
    chosen = curves_of(action)
    bpy.ops.retake.apply_take()
    applied = curves_of(taken.animation_data.action)
    assert all(np.array_equal(chosen[p], applied[p]) for p in applied)


def test_the_motion_can_be_where_the_shot_camera_saw_it(taken: Any) -> None:
    scene = bpy.context.scene
    scene.retake_rig.place = "CAMERA"
    with pytest.raises(RuntimeError, match="no shot camera"):
        bpy.ops.retake.apply_take()
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    scene.camera = camera
    camera.location, camera.rotation_euler = (10, 0, 1), (np.pi / 2, 0, 0)
    bpy.context.view_layer.update()
    bpy.ops.retake.apply_take()
    scene.frame_set(1)
    hips = taken.pose.bones[scene.retake_rig.bones.hips].head
    assert abs(hips.x - 10) < 0.3
    assert 3 < hips.y < 5, "the person stands 4 m in front of the camera"


def test_key_poses_are_few_and_as_near_as_they_say(
    taken: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    bpy.ops.retake.apply_take()
    dense = taken.animation_data.action
    capfd.readouterr()
    bpy.ops.retake.simplify_take(degrees=5, centimetres=4)
    told = re.search(
        r"(\d+) key poses in place of 30 frames; largest error ([\d.]+)° .* ([\d.]+) cm",
        capfd.readouterr().out,
    )
    assert told is not None
    count, degrees, centimetres = int(told[1]), float(told[2]), float(told[3])
    assert degrees <= 5
    assert centimetres <= 4
    few = taken.animation_data.action
    assert few != dense
    assert {len(rows[0]) for rows in curves_of(few).values()} == {count}
    assert count < 15
    turned, moved = apart(taken, dense, few)
    assert turned == pytest.approx(degrees, abs=0.06)
    assert moved == pytest.approx(centimetres, abs=0.2)


def apart(rig: Any, first: Any, second: Any) -> tuple[float, float]:
    """Largest differences that Blender shows: degrees of a bone's own rotation, cm of its ends."""
    shown = []
    for action in (first, second):
        rig.animation_data.action = action
        rig.animation_data.action_slot = action.slots[0]
        poses = []
        for frame in range(1, 31):
            bpy.context.scene.frame_set(frame)
            poses += [
                (b.matrix_basis.to_quaternion(), np.array([*b.head, *b.tail]))
                for b in rig.pose.bones
            ]
        shown.append(poses)
    turned = moved = 0.0
    for a, b in zip(*shown, strict=True):
        turned = max(turned, np.degrees(a[0].rotation_difference(b[0]).angle))
        moved = max(moved, *(np.linalg.norm((a[1] - b[1]).reshape(2, 3), axis=1) * 100))
    return turned, moved


def test_contacts_by_hand_are_kept_drawn_and_cleared(taken: Any, part: Part, draw: Draw) -> None:
    state, panels = bpy.context.scene.retake_rig, part("rig.panel")
    bpy.ops.retake.set_contact(foot="left", stands=True, first_frame=5, last_frame=20)
    spans = json.loads(state.contacts)
    assert any(a <= 4 / 24 + 1e-3 and b >= 19 / 24 - 1e-3 for a, b in spans["left_heel"])
    bpy.context.scene.frame_set(10)
    assert ("label", "Left: Stands") in draw(panels.RETAKE_PT_feet)
    bpy.ops.retake.apply_take()
    ankles = []
    for frame in range(6, 20):
        bpy.context.scene.frame_set(frame)
        ankles.append(np.array(taken.pose.bones[state.bones.left_foot].head))
    assert np.ptp(ankles, axis=0).max() < 0.001
    bpy.ops.retake.set_contact(foot="left", stands=False, first_frame=1, last_frame=30)
    bpy.context.scene.frame_set(10)
    assert ("label", "Left: Lifted") in draw(panels.RETAKE_PT_feet)
    with pytest.raises(RuntimeError, match="back to"):
        bpy.ops.retake.set_contact(foot="left", first_frame=9, last_frame=3)
    state.contacts = "rubbish"
    drawn = " ".join(text for kind, text in draw(panels.RETAKE_PT_feet) if kind == "label")
    assert "Press As the Takes Say" in drawn
    bpy.ops.retake.clear_contacts()
    assert state.contacts == ""


@pytest.mark.parametrize("carried", [False, True])
def test_hands_go_to_their_targets(taken: Any, part: Part, draw: Draw, carried: bool) -> None:
    scene = bpy.context.scene
    bpy.ops.retake.apply_take()
    scene.frame_set(12)
    bpy.ops.retake.add_hand_target(hand="left", first_frame=10, last_frame=15)
    target = bpy.data.objects["Left Hand Target"]
    wrist = taken.pose.bones[scene.retake_rig.bones.left_hand]
    assert np.linalg.norm(np.array(target.location) - np.array(wrist.head)) < 1e-4
    target.location.z += 0.1
    if carried:  # by something that is keyed
        carrier = bpy.data.objects.new("Cup", None)
        scene.collection.objects.link(carrier)
        target.parent = carrier
        for frame, x in ((10, 0.0), (15, 0.05)):
            carrier.location.x = x
            carrier.keyframe_insert("location", frame=frame)
    bpy.context.view_layer.update()
    bpy.ops.retake.apply_take()
    for frame in range(10, 16):
        scene.frame_set(frame)
        off = np.array(target.matrix_world.translation) - np.array(taken.matrix_world @ wrist.head)
        assert np.linalg.norm(off) < 0.005, frame
    assert ("label", "Left Hand Target  10-15") in draw(part("rig.panel").RETAKE_PT_hands)
    target[part("rig.scene").TARGET] = "rubbish"
    with pytest.raises(RuntimeError, match="'Left Hand Target' says of a hand cannot be read"):
        bpy.ops.retake.apply_take()
    bpy.ops.retake.remove_hand_target(name=target.name)
    assert bpy.ops.retake.apply_take() == {"FINISHED"}


def test_an_action_can_be_an_asset_and_says_where_it_comes_from(taken: Any) -> None:
    bpy.ops.retake.apply_take(mark_asset=True)
    action = taken.animation_data.action
    assert action.asset_data is not None
    assert json.loads(action["retake"])["takes"].endswith("turn.npz")
    bpy.ops.retake.apply_take(hypothesis=0)
    assert json.loads(taken.animation_data.action["retake"])["take"] == 0
    assert taken.animation_data.action.asset_data is None


def test_without_a_character_buttons_are_grey_and_panels_say_why(
    installed: str, part: Part, draw: Draw
) -> None:
    for panel in panels_of(part):
        draw(panel)
    for name in ("apply_take", "bake_takes", "simplify_take", "match_bones", "clear_bones"):
        assert not getattr(bpy.ops.retake, name).poll(), name
    assert bpy.context.scene.retake_rig.bones.head == ""
    bpy.ops.object.armature_add()
    drawn = draw(part("rig.panel").RETAKE_PT_rig)
    assert any("needed bones are not" in text for _, text in drawn), drawn
