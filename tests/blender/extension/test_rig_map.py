# pyright: basic, reportAttributeAccessIssue=false
"""The bone map beyond the panel: presets, the armature's own properties, generated Rigify rigs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import bpy
import pytest

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels

Part = Callable[[str], ModuleType]

TABLES = json.loads(
    (Path(__file__).resolve().parents[2] / "data" / "humanoid_rigs.json").read_text("utf-8")
)


def make_rig(name: str = "Hero") -> Any:
    data = bpy.data.armatures.new(name)
    rig = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for bone_name, (parent, head, tail) in TABLES["mixamo T"].items():
        bone = data.edit_bones.new(bone_name)
        bone.head, bone.tail = head, tail
        bone.parent = data.edit_bones.get(parent)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


@pytest.fixture
def rig(installed: str) -> Any:
    return make_rig()


@pytest.fixture
def bones(installed: str) -> Any:
    return bpy.context.scene.retake_rig.bones


def drawn_by(panel: Any, layout: type, **context: Any) -> list[tuple[str, str]]:
    log: list[tuple[str, str]] = []
    panel.draw(SimpleNamespace(layout=layout(log)), SimpleNamespace(**context))
    return log


def test_a_preset_goes_onto_another_rig_and_can_be_removed(
    rig: Any, bones: Any, part: Part, fake_layout: type
) -> None:
    menu = part("rig.mapping.panel").RETAKE_MT_map_presets
    assert ("operator", "retake.import_bones") not in drawn_by(menu, fake_layout)
    bones.neck = ""
    assert bpy.ops.retake.preset_bones(name="Hero: kind A") == {"FINISHED"}
    path = part("rig.mapping.operators").own_presets() / "Hero_ kind A.json"
    assert json.loads(path.read_text("utf-8"))["bones"]["neck"] == ""
    drawn = drawn_by(menu, fake_layout)
    assert ("operator", "retake.import_bones") in drawn
    assert drawn.count(("operator", "retake.preset_bones")) == 2, "one removes, one adds"
    other = make_rig("Other")
    assert bones.neck
    bpy.ops.retake.import_bones(filepath=str(path))
    assert "retake_bones" in other.data
    assert bones.neck == ""
    assert bpy.ops.retake.preset_bones(name="Hero_ kind A", remove_name=True) == {"FINISHED"}
    assert not path.exists()
    with pytest.raises(RuntimeError, match="none of your own presets"):
        bpy.ops.retake.preset_bones(name="Hero_ kind A", remove_name=True)
    with pytest.raises(RuntimeError, match="A preset needs a name"):
        bpy.ops.retake.preset_bones(name=" . ")


def test_the_table_stands_among_the_armatures_properties_too(
    rig: Any, part: Part, fake_layout: type
) -> None:
    panels, scene = part("rig.mapping.panel"), bpy.context.scene
    panel = panels.RETAKE_PT_data_bones
    assert not panel.poll(SimpleNamespace(armature=None))
    assert panel.poll(SimpleNamespace(armature=rig.data))
    shown = drawn_by(panel, fake_layout, scene=scene, object=rig, armature=rig.data)
    assert shown == drawn_by(panels.RETAKE_PT_bones, fake_layout, scene=scene, object=rig)
    assert [text for kind, text in shown if kind == "label"].count("Left") == 1
    other = make_rig("Other")
    scene.retake.character = rig
    shown = drawn_by(panel, fake_layout, scene=scene, object=other, armature=other.data)
    assert ("prop", "character") in shown
    assert ("operator", "retake.match_bones") not in shown


@pytest.fixture
def generated(installed: str) -> Any:
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    bpy.context.view_layer.objects.active = bpy.data.objects["rig"]
    return bpy.data.objects["rig"]


def test_a_wrong_control_of_a_generated_rig_is_shown_when_it_is_chosen(
    generated: Any, bones: Any, part: Part
) -> None:
    scene = part("rig.scene")
    assert bones.left_hand == "hand_fk.L"
    bones.left_hand = "hand_ik.L"
    wrong = scene.shown_map(generated).wrong
    assert wrong == {
        "left_hand": "is 'hand_ik.L', which is none of the FK controls that turn the body"
    }
    bones.left_hand = "hand_fk.R"
    assert "does not hang below 'forearm_fk.L'" in scene.shown_map(generated).wrong["left_hand"]
    bones.left_hand = "hand_fk.L"
    assert scene.shown_map(generated).wrong == {}


def test_a_generated_rig_is_probed_again_only_when_it_has_changed(
    generated: Any, part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, probes = part("rig.armature.read_rest_pose"), []
    real = reader._follows
    monkeypatch.setattr(reader, "_follows", lambda *a: probes.append(1) or real(*a))
    first = reader.read_rig(generated)
    generated.pose.bones["torso"].location = (1, 2, 3)
    generated.location = (4, 5, 6)
    bpy.context.view_layer.update()
    again = reader.read_rig(generated)
    assert len(probes) == 1, "posing and moving a rig does not change it"
    assert again.rest.parents == first.rest.parents
    assert tuple(again.rest.world[:3, 3]) == (4, 5, 6)
    constraint = generated.pose.bones["ORG-forearm.L"].constraints[0]
    constraint.mute = not constraint.mute
    reader.read_rig(generated)
    assert len(probes) == 2


def test_a_generated_rig_is_understood_in_rest_position_too(generated: Any, part: Part) -> None:
    reader = part("rig.armature.read_rest_pose")
    posed = reader.read_rig(generated).rest.parents
    reader._probed.clear()
    generated.data.pose_position = "REST"
    assert reader.read_rig(generated).rest.parents == posed
    assert generated.data.pose_position == "REST"
