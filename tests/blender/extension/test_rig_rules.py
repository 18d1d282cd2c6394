# pyright: basic, reportAttributeAccessIssue=false
"""What the step Rig leaves alone: everything but its own new action, undone and done again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix  # pyright: ignore[reportMissingImports]
from retake.shared.takes import Takes

pytestmark = [
    pytest.mark.timeout(300),  # the first test may have to download the wheels
    # The dump reads what Blender is going to remove as well.
    pytest.mark.filterwarnings("ignore:.*expected to be removed:DeprecationWarning"),
]

TABLES = Path(__file__).resolve().parents[2] / "data" / "humanoid_rigs.json"

KINDS = ("objects", "armatures", "actions", "meshes", "collections", "scenes", "materials")
"""Of data in the file. All others are not ours to touch, and no part of a scene."""

DERIVED = {
    *("bl_rna", "rna_type", "users", "tag", "is_evaluated", "is_updated", "is_updated_data"),
    *("session_uid", "original", "id_data", "preview", "is_library_indirect"),
    *("depsgraph", "bound_box", "dimensions", "storage_type"),
}
"""What Blender works out by itself; an armature's bounds are those of its pose, and how a mesh is
stored changes by being read."""

POSED = {
    *("matrix", "matrix_channel", "matrix_basis", "head", "tail", "length"),
    *("x_axis", "y_axis", "z_axis", "vector", "center"),
}
"""Of pose bones: what follows from the channels that the action animates."""

NEW_ACTION = {
    *("action", "action_slot", "action_slot_handle", "last_slot_identifier"),
    "action_suitable_slots",
}
"""Of animation data."""


@pytest.fixture
def takes_file(turning_takes: Callable[[], Takes], tmp_path: Path) -> str:
    turning_takes().save(tmp_path / "turn.npz")
    return str(tmp_path / "turn.npz")


def make_rig(kind: str = "mixamo T") -> Any:
    data = bpy.data.armatures.new("Hero")
    rig = bpy.data.objects.new("Hero", data)
    bpy.context.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    table = json.loads(TABLES.read_text(encoding="utf-8"))[kind]
    for number, (name, (parent, head, tail)) in enumerate(table.items()):
        bone = data.edit_bones.new(name)
        bone.head, bone.tail, bone.roll = head, tail, 0.7 * number
        bone.parent = data.edit_bones.get(parent)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def generated() -> Any:
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    return bpy.data.objects["rig"]


def worked_on(rig: Any) -> None:
    """As an animator leaves a rig: moved, posed, animated, constrained, with other things about."""
    rig.matrix_world = Matrix.Translation((1, 2, 0.5)) @ Matrix.Rotation(0.4, 4, "Z")
    first, second = rig.pose.bones[3], rig.pose.bones[-1]
    second.rotation_mode = "YXZ"
    second.constraints.new("COPY_LOCATION").mute = True
    first.constraints.new("LIMIT_SCALE").use_min_x = True
    second["mood"] = 0.25
    rig.pose.bones[1].location = (0.01, 0.02, 0.03)
    rig.keyframe_insert("scale", frame=3)
    rig.animation_data.action.use_fake_user = True
    strip_action = bpy.data.actions.new("Strip")
    slot = strip_action.slots.new(id_type="OBJECT", name="x")
    track = rig.animation_data.nla_tracks.new()
    track.mute = True
    track.strips.new("Strip", 1, strip_action).action_slot = slot
    other = bpy.data.objects.new("Other", bpy.data.meshes.new("Other"))
    other.data.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    other.modifiers.new("Hero", "ARMATURE").object = rig
    other.parent = rig
    bpy.context.collection.objects.link(other)
    other.select_set(True)
    rig.select_set(False)
    bpy.context.view_layer.update()


def everything() -> dict[str, Any]:
    """Path -> value of all that is in the file, by Blender's own description of its data."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        for block in getattr(bpy.data, kind):
            describe(block, f"{kind}[{block.name}]", found, set())
    view = bpy.context.view_layer
    found["mode"] = bpy.context.mode
    found["active"] = view.objects.active.name
    found["selected"] = sorted(o.name for o in view.objects if o.select_get())
    return found


def describe(thing: Any, path: str, found: dict[str, Any], seen: set[Any]) -> None:
    key = (thing.as_pointer(), thing.bl_rna.identifier)
    if key in seen:
        return
    seen.add(key)
    skipped = DERIVED | (POSED if isinstance(thing, bpy.types.PoseBone) else set())
    for prop in thing.bl_rna.properties:
        name = prop.identifier
        if name in skipped:
            continue
        value = getattr(thing, name)
        if prop.type == "COLLECTION":
            found[f"{path}.{name}"] = len(value)
            for index, item in enumerate(value):
                of(item, f"{path}.{name}[{getattr(item, 'name', index) or index}]", found, seen)
        elif prop.type == "POINTER" and not isinstance(value, bpy.types.PoseBone | bpy.types.Bone):
            of(value, f"{path}.{name}", found, seen)
        elif prop.type == "POINTER":
            found[f"{path}.{name}"] = value.name
        else:
            found[f"{path}.{name}"] = plain(value)
    if isinstance(thing, bpy.types.ID | bpy.types.PoseBone | bpy.types.Bone):
        for name in thing.keys():  # noqa: SIM118  (it is no mapping)
            found[f"{path}[{name}]"] = str(thing[name])


def of(value: Any, path: str, found: dict[str, Any], seen: set[Any]) -> None:
    if isinstance(value, bpy.types.ID) or value is None:
        found[path] = value and value.name
    elif hasattr(value, "bl_rna"):
        describe(value, path, found, seen)


def plain(value: Any) -> Any:
    if isinstance(value, str | int | float | bytes):
        return value
    return sorted(value) if isinstance(value, set) else np.array(value).tobytes()


def changes(before: dict[str, Any], after: dict[str, Any], rig: Any) -> set[str]:
    """Paths of what differs, without new actions and what their curves and drivers move."""
    new = [a for a in bpy.data.actions if f"actions[{a.name}].name" not in before]
    moved = {curve.data_path for action in new for curve in curves_of(action)}
    moved |= {driver.data_path for driver in rig.animation_data.drivers}
    moved |= {p.removesuffix("mute") + "enabled" for p in moved if p.endswith(".mute")}  # one flag
    by_curves = {f"objects[{rig.name}].{path}".replace('"', "") for path in moved}
    driven = rig.data.animation_data.drivers if rig.data.animation_data else ()
    shown = tuple(d.data_path.replace('"', "").removeprefix("bones") for d in driven)
    ours = tuple(f"actions[{action.name}]" for action in new)
    found = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    found -= {p for p in found if p.startswith("armatures") and p.endswith(shown)}
    return {p for p in found - by_curves if not p.startswith(ours)}


def curves_of(action: Any) -> Any:
    return action.layers[0].strips[0].channelbags[0].fcurves


def allowed(rig: Any) -> set[str]:
    return {f"objects[{rig.name}].animation_data.{name}" for name in NEW_ACTION}


@pytest.mark.parametrize(
    ("make", "operator", "mode"),
    [
        (make_rig, "apply_take", "OBJECT"),
        (make_rig, "apply_take", "POSE"),
        (make_rig, "simplify_take", "POSE"),
        (generated, "apply_take", "POSE"),
        (generated, "simplify_take", "OBJECT"),
    ],
)
def test_only_a_new_action_is_written(
    installed: str, takes_file: str, make: Callable[[], Any], operator: str, mode: str
) -> None:
    rig = make()
    worked_on(rig)
    bpy.ops.retake.load_takes(filepath=takes_file)
    bpy.ops.object.mode_set(mode=mode)
    before = everything()
    assert len(before) > 5000
    assert getattr(bpy.ops.retake, operator)() == {"FINISHED"}
    found = changes(before, everything(), rig)
    made = [a.name for a in bpy.data.actions if f"actions[{a.name}].name" not in before]
    assert made == [rig.animation_data.action.name]
    assert found - allowed(rig) == set()


def test_in_edit_mode_the_button_says_what_to_do(installed: str, takes_file: str) -> None:
    rig = make_rig()
    worked_on(rig)
    bpy.ops.retake.load_takes(filepath=takes_file)
    bpy.ops.object.mode_set(mode="EDIT")
    before = everything()
    assert not bpy.ops.retake.apply_take.poll()
    with pytest.raises(RuntimeError, match="Leave Edit Mode"):
        bpy.ops.retake.apply_take()
    with pytest.raises(RuntimeError, match="bones of 'Hero' are being edited"):
        bpy.ops.retake.match_bones(by="NAME")
    assert rig.mode == "EDIT"
    assert changes(before, everything(), rig) == set()
    bpy.ops.object.mode_set(mode="OBJECT")
    assert bpy.ops.retake.apply_take() == {"FINISHED"}


@pytest.mark.parametrize("mode", ["WEIGHT_PAINT", "EDIT"])
def test_its_mesh_may_be_worked_on_meanwhile(installed: str, takes_file: str, mode: str) -> None:
    rig = make_rig()
    worked_on(rig)
    bpy.ops.retake.load_takes(filepath=takes_file)
    bpy.context.scene.retake.character = rig
    mesh = bpy.data.objects["Other"]
    bpy.context.view_layer.objects.active = mesh
    bpy.ops.object.mode_set(mode=mode)
    before = everything()
    assert bpy.ops.retake.apply_take() == {"FINISHED"}
    assert mesh.mode == mode
    assert changes(before, everything(), rig) - allowed(rig) == set()


def test_the_dump_sees_what_is_changed(installed: str) -> None:
    """The test above can fail: each of these is one change that it would tell."""
    rig = make_rig()
    worked_on(rig)
    for change in (
        lambda: setattr(rig.pose.bones[4], "rotation_mode", "ZYX"),
        lambda: setattr(rig.pose.bones[3].constraints[0], "min_x", 0.5),
        lambda: setattr(rig.data.bones[2], "use_deform", False),
        lambda: rig.data.update_tag() or setattr(rig, "location", (9, 9, 9)),
        lambda: setattr(bpy.data.actions["Strip"], "use_fake_user", True),
        lambda: rig.pose.bones[-1].__setitem__("mood", 0.5),
        lambda: rig.select_set(True),
        lambda: bpy.ops.object.mode_set(mode="POSE"),
    ):
        before = everything()
        change()
        assert before != everything()


def test_strips_for_takes_leave_the_rest_alone(installed: str, takes_file: str) -> None:
    rig = make_rig()
    worked_on(rig)
    bpy.ops.retake.load_takes(filepath=takes_file)
    before, former = everything(), rig.animation_data.action
    assert bpy.ops.retake.bake_takes(which="ALL", start_frame=11) == {"FINISHED"}
    tracks = list(rig.animation_data.nla_tracks)
    assert rig.animation_data.action is None
    assert tracks[1].strips[0].action == former
    assert [t.mute for t in tracks] == [True] * (len(tracks) - 1) + [False]
    strips = [t.strips[0] for t in tracks[2:]]
    assert len(strips) == len(bpy.context.scene.retake.takes)
    assert all(s.action_slot == s.action.slots[0] for s in strips)
    assert {(s.frame_start, s.frame_end) for s in strips} == {(11, 40)}
    tracks_path = f"objects[{rig.name}].animation_data."
    found = changes(before, everything(), rig)
    assert {path for path in found if not path.startswith(tracks_path)} == set()


def test_undo_takes_the_action_away_and_redo_brings_it_back(
    installed: str, takes_file: str
) -> None:
    worked_on(make_rig())
    bpy.ops.retake.load_takes(filepath=takes_file)
    former = bpy.data.objects["Hero"].animation_data.action.name
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.retake.apply_take()
    bpy.ops.ed.undo_push(message="applied")
    made = bpy.data.objects["Hero"].animation_data.action
    name, keys = made.name, keys_of(made)
    history("undo")
    assert bpy.data.objects["Hero"].animation_data.action.name == former
    assert name not in bpy.data.actions
    history("redo")
    again = bpy.data.objects["Hero"].animation_data
    assert again.action.name == name
    assert again.action_slot == again.action.slots[0]
    assert keys_of(again.action) == keys


def history(step: str) -> None:
    window = bpy.context.window_manager.windows[0]
    area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
    with bpy.context.temp_override(window=window, area=area, region=area.regions[-1]):
        getattr(bpy.ops.ed, step)()


def keys_of(action: Any) -> list[tuple[str, int, bytes]]:
    found = []
    for curve in curves_of(action):
        values = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", values)
        found.append((curve.data_path, curve.array_index, values.tobytes()))
    return found


@pytest.fixture
def linked(installed: str, tmp_path: Path) -> Any:
    """An instance of a character that lies in another file."""
    rig = make_rig()
    collection = bpy.data.collections.new("Character")
    bpy.context.scene.collection.children.link(collection)
    collection.objects.link(rig)
    bpy.context.scene.collection.objects.unlink(rig)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.collections = ["Character"]
    instance = bpy.data.objects.new("Character", None)
    instance.instance_type, instance.instance_collection = "COLLECTION", wanted.collections[0]
    bpy.context.scene.collection.objects.link(instance)
    bpy.context.view_layer.objects.active = instance
    return instance


def test_a_linked_character_moves_through_an_override(
    linked: Any, takes_file: str, tmp_path: Path
) -> None:
    library = (tmp_path / "library.blend").read_bytes()
    bpy.ops.retake.load_takes(filepath=takes_file)
    assert not bpy.ops.retake.apply_take.poll()
    assert bpy.ops.retake.make_override() == {"FINISHED"}
    rig = bpy.context.scene.retake.character
    assert rig.override_library is not None
    assert rig.library is None
    bpy.context.scene.retake_rig.bones.left_toe = ""
    assert bpy.ops.retake.apply_take() == {"FINISHED"}
    assert "LeftToeBase" not in str(keys_of(rig.animation_data.action))
    action, slot = rig.animation_data.action.name, rig.animation_data.action_slot.identifier
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    rig = bpy.context.scene.retake.character
    assert rig.override_library is not None
    assert rig.animation_data.action.name == action
    assert rig.animation_data.action_slot.identifier == slot
    assert bpy.context.scene.retake_rig.bones.left_toe == "", "the map came back with the file"
    hand = rig.pose.bones[next(b.name for b in rig.pose.bones if b.name.endswith("RightHand"))]
    places = []
    for frame in (1, 15):
        bpy.context.scene.frame_set(frame)
        places.append(np.array(hand.head))
    assert np.linalg.norm(places[1] - places[0]) > 0.05
    assert (tmp_path / "library.blend").read_bytes() == library


def test_a_linked_armature_itself_is_refused_with_a_sentence(linked: Any, takes_file: str) -> None:
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.retake.load_takes(filepath=takes_file)
    with pytest.raises(RuntimeError, match="Make a library override of it first"):
        bpy.ops.retake.apply_take()
    with pytest.raises(RuntimeError, match="Make a library override of it first"):
        bpy.ops.retake.match_bones(by="NAME")
    assert rig.animation_data is None
    assert not bpy.data.actions
