# pyright: basic, reportAttributeAccessIssue=false
"""Takes onto real armatures: what Blender evaluates must point where the source points."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Matrix  # pyright: ignore[reportMissingImports]
from retake.blender_addon.rig.apply_take import apply_take
from retake.blender_addon.rig.armature.read_rest_pose import read_rest_pose
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.shared.camera import Camera
from retake.shared.errors import RetakeError
from retake.shared.ground import find_ground
from retake.shared.takes import Takes

DATA = Path(__file__).resolve().parents[1] / "data" / "synthetic_rigs.json"
FPS, FRAMES, START = 24.0, 40, 5
NEAR = 1.0
"""Degrees: legs may bend a little for feet that would be below the floor."""

STANDING = [
    (0.0, 0.0, 0.9),
    *((-0.12, 0.0, 0.9), (-0.12, -0.03, 0.48), (-0.12, 0.0, 0.08)),
    *((0.12, 0.0, 0.9), (0.12, -0.03, 0.48), (0.12, 0.0, 0.08)),
    *((0.0, 0.01, 1.14), (0.0, 0.0, 1.41), (0.0, -0.06, 1.52), (0.0, -0.06, 1.63)),
    *((0.17, 0.0, 1.38), (0.3, 0.02, 1.15), (0.35, -0.15, 0.98)),
    *((-0.17, 0.0, 1.38), (-0.3, 0.02, 1.15), (-0.35, -0.15, 0.98)),
]
DIRECTIONS = {  # part of the bone map -> joints of the source
    "upper_arm": ((11, 12), (14, 15)),
    "forearm": ((12, 13), (15, 16)),
    "thigh": ((4, 5), (1, 2)),
    "shin": ((5, 6), (2, 3)),
}


@pytest.fixture
def takes(make_takes: Callable[..., Takes]) -> Takes:
    """Somebody stands in front of the camera and moves knees, elbows and wrists about."""
    world = np.tile(np.array(STANDING), (FRAMES, 1, 1))
    phase = np.linspace(0, 2 * np.pi, FRAMES)
    for joint, size in ((2, 0.1), (5, -0.1), (12, 0.15), (13, 0.4), (15, -0.15), (16, -0.3)):
        world[:, joint] += size * np.stack([np.sin(phase), np.cos(phase) - 1, 0 * phase], axis=-1)
    seen = np.stack([world[..., 0], 1.0 - world[..., 2], world[..., 1] + 4], axis=-1)
    poses = (seen - seen[:, :1]).astype(np.float32)
    return make_takes(
        poses[None],
        fps=FPS,
        root=seen[None, :, 0].astype(np.float32),
        camera=Camera.with_default_focal(1280, 720),
    )


def source_joints(takes: Takes) -> np.ndarray:
    positions = (takes.poses[0] + takes.root[0][:, None]).astype(float)
    return find_ground(positions, takes.fps).to_world(positions)


def rigify(kind: str):
    bpy.ops.preferences.addon_enable(module="rigify")
    getattr(bpy.ops.object, kind)()
    return bpy.context.object


def synthetic(kind: str, prefix: str = ""):
    """An armature of tests/data with rolls of no particular kind."""
    data = bpy.data.armatures.new("Hero")
    armature = bpy.data.objects.new("Hero", data)
    bpy.context.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for left, (parent, head, tail) in json.loads(DATA.read_text())[kind].items():
        for side in (1, -1):
            name, above = (
                (n if side > 0 else n.replace("Left", "Right").replace(".L", ".R"))
                for n in (left, parent)
            )
            if prefix + name in data.edit_bones:
                continue
            bone = data.edit_bones.new(prefix + name)
            bone.head, bone.tail = (side * head[0], *head[1:]), (side * tail[0], *tail[1:])
            bone.roll = len(data.edit_bones) * 0.7
            bone.parent = data.edit_bones.get(prefix + above)
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


MAKERS = {
    "human": lambda: rigify("armature_human_metarig_add"),
    "basic human": lambda: rigify("armature_basic_human_metarig_add"),
    "mixamo": lambda: synthetic("mixamo", "mixamorig:"),
    "rigify names": lambda: synthetic("rigify"),
}


@pytest.fixture(params=list(MAKERS))
def armature(request: pytest.FixtureRequest):
    return MAKERS[request.param]()


def bone_vector(armature, bone: str) -> np.ndarray:
    """Unit vector in the world from a bone's head to the next limb bone's, as evaluated."""
    evaluated = armature.evaluated_get(bpy.context.evaluated_depsgraph_get())
    bone_map = find_bone_map(read_rest_pose(armature))
    follows = {}
    for side in (bone_map.left, bone_map.right):
        follows |= {side.upper_arm: side.forearm, side.forearm: side.hand}
        follows |= {side.thigh: side.shin, side.shin: side.foot}
    start, end = (evaluated.pose.bones[name].matrix.translation for name in (bone, follows[bone]))
    vector = np.array(evaluated.matrix_world.to_3x3() @ (end - start))
    return vector / np.linalg.norm(vector)


def worst_angle(armature, source: np.ndarray, frames=(0, 13, 26, FRAMES - 1)) -> float:
    """Degrees between evaluated limb bones and the source's, over some frames."""
    bone_map = find_bone_map(read_rest_pose(armature))
    worst = 0.0
    for frame in frames:
        bpy.context.scene.frame_set(START + frame)
        for part, pairs in DIRECTIONS.items():
            for side, (start, end) in zip((bone_map.left, bone_map.right), pairs, strict=True):
                wanted = source[frame, end] - source[frame, start]
                cosine = bone_vector(armature, getattr(side, part)) @ wanted
                cosine /= np.linalg.norm(wanted)
                worst = max(worst, float(np.degrees(np.arccos(np.clip(cosine, -1, 1)))))
    return worst


def rest_of(armature) -> bytes:
    rest = read_rest_pose(armature)
    return rest.matrices.tobytes() + rest.tails.tobytes() + rest.world.tobytes()


def test_evaluated_limbs_point_where_the_source_points(armature, takes: Takes) -> None:
    apply_take(armature, takes, None, FPS, START, "Take")
    assert worst_angle(armature, source_joints(takes)) < NEAR


def test_lower_foot_is_on_the_floor(armature, takes: Takes) -> None:
    bone_map = find_bone_map(read_rest_pose(armature))
    feet = [armature.pose.bones[side.foot] for side in (bone_map.left, bone_map.right)]
    standing = min(foot.bone.head_local.z for foot in feet)
    apply_take(armature, takes, None, FPS, START, "Take")
    for frame in (0, 20, FRAMES - 1):
        bpy.context.scene.frame_set(START + frame)
        assert min(foot.head.z for foot in feet) == pytest.approx(standing, abs=0.02)


def test_turned_and_scaled_object_moves_relative_to_itself(takes: Takes) -> None:
    """The motion faces the way the rig faces and starts where the rig stands."""
    armature = synthetic("mixamo")
    turn = Matrix.Rotation(np.pi / 2, 4, "Z")
    armature.matrix_world = Matrix.Translation((3, 4, 0.5)) @ turn @ Matrix.Scale(0.5, 4)
    bpy.context.view_layer.update()
    apply_take(armature, takes, None, FPS, START, "Take")
    turned = source_joints(takes) @ np.array(turn.to_3x3()).T
    assert worst_angle(armature, turned) < NEAR
    hips = armature.matrix_world @ armature.pose.bones["Hips"].head
    assert np.hypot(hips.x - 3, hips.y - 4) < 0.1


def test_only_one_new_slotted_action(armature, takes: Takes) -> None:
    before, rest = {block.name for block in bpy.data.user_map()}, rest_of(armature)
    modes = [bone.rotation_mode for bone in armature.pose.bones]
    action, notes = apply_take(armature, takes, None, FPS, START, "Take")
    assert "twist of forearms" in notes[0]
    assert {block.name for block in bpy.data.user_map()} - before == {"Take"}
    assert rest_of(armature) == rest
    assert [bone.rotation_mode for bone in armature.pose.bones] == modes
    assert armature.animation_data.action == action
    assert [slot.target_id_type for slot in action.slots] == ["OBJECT"]
    assert armature.animation_data.action_slot == action.slots[0]
    assert tuple(action.frame_range) == (START, START + FRAMES - 1)


def keys_of(action) -> list[bytes]:
    keys = []
    for curve in action.layers[0].strips[0].channelbags[0].fcurves:
        values = np.empty(2 * len(curve.keyframe_points), np.float32)
        curve.keyframe_points.foreach_get("co", values)
        keys.append(curve.data_path.encode() + values.tobytes())
    return keys


def test_earlier_actions_are_kept_as_they_are(takes: Takes) -> None:
    armature = synthetic("rigify")
    first, _ = apply_take(armature, takes, None, FPS, START, "Take")
    keys = keys_of(first)
    second, _ = apply_take(armature, takes, 0, FPS, 1, "Take")
    assert second.name == "Take.001"
    assert keys_of(first) == keys
    assert first.users == 1, "kept by a fake user: nothing else uses it any more"
    assert not second.use_fake_user


@pytest.mark.parametrize("mode", ["XYZ", "YXZ", "ZYX", "AXIS_ANGLE"])
def test_bones_keep_their_rotation_mode(takes: Takes, mode: str) -> None:
    armature = synthetic("mixamo")
    for bone in armature.pose.bones:
        bone.rotation_mode = mode
    action, _ = apply_take(armature, takes, None, FPS, START, "Take")
    path = "rotation_axis_angle" if mode == "AXIS_ANGLE" else "rotation_euler"
    curves = action.layers[0].strips[0].channelbags[0].fcurves
    assert {curve.data_path.rpartition(".")[2] for curve in curves} == {path, "location"}
    assert worst_angle(armature, source_joints(takes)) < NEAR
    for curve in curves:
        values = [point.co.y for point in curve.keyframe_points]
        assert np.abs(np.diff(values)).max() < 3.0, f"{curve.data_path} jumps by a turn"


def test_armature_without_legs_is_refused_and_left_alone(takes: Takes) -> None:
    armature = synthetic("mixamo")
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in [b for b in armature.data.edit_bones if "Leg" in b.name or "Foot" in b.name]:
        armature.data.edit_bones.remove(bone)
    bpy.ops.object.mode_set(mode="OBJECT")
    with pytest.raises(RetakeError, match="no bones for: left thigh, left shin, left foot, right"):
        apply_take(armature, takes, None, FPS, START, "Take")
    assert not bpy.data.actions
    assert armature.animation_data is None


def test_meta_rigs_bones_are_all_found() -> None:
    for kind in ("human", "basic human"):
        found = find_bone_map(read_rest_pose(MAKERS[kind]()))
        assert (found.hips, found.chest, found.head) == ("spine", "spine.003", "spine.006")
        assert found.neck == ("spine.004", "spine.005")
