# pyright: basic, reportAttributeAccessIssue=false
"""IK controls, who carries the way, cameras that move and hands on objects, in real Blender."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import bpy
import numpy as np
import pytest
from mathutils import Matrix  # pyright: ignore[reportMissingImports]
from retake.blender_addon.rig.apply_take import apply_take
from retake.blender_addon.rig.armature.read_rest_pose import read_rest_pose
from retake.blender_addon.rig.camera_path import matrices_over_time, through_camera
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.rig.solving.read_controls import read_ik
from retake.blender_addon.rig.wishes import Reach, Root, Wishes
from retake.shared.errors import RetakeError
from retake.shared.takes import Takes

FPS, FRAMES = 24.0, 30
ALL = range(1, FRAMES + 1)
DEFORMING = tuple(
    f"DEF-{bone}.{side}"
    for bone in ("upper_arm", "forearm", "hand", "thigh", "shin", "foot")
    for side in "LR"
)


@pytest.fixture
def takes(turning_takes: Callable[[], Takes]) -> Takes:
    return turning_takes()


@pytest.fixture
def generated():
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    bpy.ops.pose.rigify_generate()
    return bpy.data.objects["rig"]


def shown(rig, bones: tuple[str, ...], frames: Iterable[int] = ALL) -> np.ndarray:
    """(F, B, 3) world places of the heads of bones."""
    places = []
    for frame in frames:
        bpy.context.scene.frame_set(frame)
        evaluated = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
        places.append([evaluated.matrix_world @ evaluated.pose.bones[n].head for n in bones])
    return np.array(places)


def test_ik_controls_show_what_fk_controls_show(generated, takes: Takes) -> None:
    apply_take(generated, takes, None, FPS, 1, "FK")
    by_fk = shown(generated, DEFORMING)
    apply_take(generated, takes, None, FPS, 1, "IK", Wishes(controls="ik"))
    by_ik = shown(generated, DEFORMING)
    assert generated.pose.bones["upper_arm_parent.L"]["IK_FK"] == 0.0
    assert generated.pose.bones["thigh_parent.R"]["IK_FK"] == 0.0
    assert np.linalg.norm(by_fk - by_fk[:1], axis=-1).max() > 0.3, "nothing moved"
    apart = np.linalg.norm(by_ik - by_fk, axis=-1)
    hinges = [bone.startswith(("DEF-forearm", "DEF-shin")) for bone in DEFORMING]
    assert apart[:, ~np.array(hinges)].max() < 0.002
    assert apart[:, hinges].max() < 0.03, "Rigify's IK shrinks bones of bent limbs"
    for start, hinge, end in (("upper_arm", "forearm", "hand"), ("thigh", "shin", "foot")):
        for side in "LR":
            a, b, c = (DEFORMING.index(f"DEF-{name}.{side}") for name in (start, hinge, end))
            planes = [
                np.cross(shown[:, b] - shown[:, a], shown[:, c] - shown[:, b])
                for shown in (by_fk, by_ik)
            ]
            sizes = [np.linalg.norm(plane, axis=1) for plane in planes]
            cosine = np.sum(planes[0] * planes[1], axis=1) / sizes[0] / sizes[1]
            assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 1.0


def test_both_get_keys_and_what_shows_the_pose_exactly_is_on(
    generated, simple, takes: Takes
) -> None:
    action, notes = apply_take(generated, takes, None, FPS, 1, "Auto")
    bag = action.layers[0].strips[0].channelbags[0]
    keyed = {curve.data_path for curve in bag.fcurves}
    for bone in ("hand_ik.L", "foot_ik.R", "thigh_ik_target.L"):
        assert f'pose.bones["{bone}"].location' in keyed
    by_fk = shown(generated, DEFORMING, (1, 15, 30))
    parents = [f"{name}_parent.{side}" for name in ("upper_arm", "thigh") for side in "LR"]
    assert [generated.pose.bones[name]["IK_FK"] for name in parents] == [1.0] * 4
    assert sum("FK is on" in note for note in notes) == 1
    for curve in list(bag.fcurves):
        if "IK_FK" in curve.data_path:
            curve.keyframe_points[0].co[1] = 0.0
            curve.update()
    apart = np.linalg.norm(shown(generated, DEFORMING, (1, 15, 30)) - by_fk, axis=-1)
    assert 0 < apart.max() < 0.03

    action, notes = apply_take(simple, takes, None, FPS, 1, "Auto")
    assert (
        action.layers[0]
        .strips[0]
        .channelbags[0]
        .fcurves.find('pose.bones["foot_target.L"].location')
    )
    assert not any("overrule" in note or "FK is on" in note for note in notes)


def test_legs_alone_may_be_driven_by_ik(generated, takes: Takes) -> None:
    apply_take(generated, takes, None, FPS, 1, "IK", Wishes(controls="ik legs"))
    bpy.context.scene.frame_set(1)
    assert generated.pose.bones["thigh_parent.L"]["IK_FK"] == 0.0
    assert generated.pose.bones["upper_arm_parent.L"]["IK_FK"] == 1.0


def built(name: str, bones: dict[str, tuple[str, tuple, tuple]]):
    data = bpy.data.armatures.new(name)
    rig = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for bone, (parent, head, tail) in bones.items():
        edit = data.edit_bones.new(bone)
        edit.head, edit.tail, edit.parent = head, tail, data.edit_bones.get(parent)
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


@pytest.fixture
def simple():
    """A rig as people build it by hand: a root bone, IK constraints with poles on the legs."""
    bones = {
        "root": ("", (0, 0, 0), (0, -0.3, 0)),
        "hips": ("root", (0, 0, 0.95), (0, 0, 1.05)),
        "spine": ("hips", (0, 0, 1.05), (0, 0, 1.25)),
        "chest": ("spine", (0, 0, 1.25), (0, 0, 1.45)),
        "neck": ("chest", (0, 0, 1.45), (0, 0, 1.55)),
        "head": ("neck", (0, 0, 1.55), (0, 0, 1.75)),
    }
    for side, x in (("L", 1), ("R", -1)):
        chain = {
            "upper_arm": ("chest", (0.18 * x, 0, 1.4), (0.45 * x, 0.02, 1.4)),
            "forearm": (f"upper_arm.{side}", (0.45 * x, 0.02, 1.4), (0.7 * x, 0, 1.4)),
            "hand": (f"forearm.{side}", (0.7 * x, 0, 1.4), (0.8 * x, 0, 1.4)),
            "thigh": ("hips", (0.1 * x, 0, 0.95), (0.1 * x, -0.02, 0.52)),
            "shin": (f"thigh.{side}", (0.1 * x, -0.02, 0.52), (0.1 * x, 0, 0.1)),
            "foot": (f"shin.{side}", (0.1 * x, 0, 0.1), (0.1 * x, -0.14, 0.02)),
            "foot_target": ("root", (0.1 * x, 0, 0.1), (0.1 * x, 0.2, 0.1)),
            "knee_pole": ("root", (0.1 * x, -0.6, 0.52), (0.1 * x, -0.8, 0.52)),
        }
        bones |= {f"{name}.{side}": bone for name, bone in chain.items()}
    rig = built("simple", bones)
    for side in "LR":
        constraint = rig.pose.bones[f"shin.{side}"].constraints.new("IK")
        constraint.target, constraint.subtarget = rig, f"foot_target.{side}"
        constraint.pole_target, constraint.pole_subtarget = rig, f"knee_pole.{side}"
        constraint.pole_angle, constraint.chain_count = -np.pi / 2, 2
    return rig


SIMPLE_LEGS = ("thigh.L", "shin.L", "foot.L", "thigh.R", "shin.R", "foot.R")


ROOTS: tuple[Root, ...] = ("hips", "root", "object")


@pytest.mark.parametrize("loose", [(), ("foot_target",), ("foot_target", "knee_pole")])
@pytest.mark.parametrize("root", ROOTS)
def test_ik_constraints_made_by_hand_are_found_and_driven(
    simple, takes: Takes, root: Root, loose: tuple[str, ...]
) -> None:
    """Targets hang on the root bone or on nothing."""
    bpy.ops.object.mode_set(mode="EDIT")
    for name in loose:
        for side in "LR":
            simple.data.edit_bones[f"{name}.{side}"].parent = None
    bpy.ops.object.mode_set(mode="OBJECT")
    takes = replace_root(takes, walking(takes))
    bone_map = find_bone_map(read_rest_pose(simple))
    ends = [limb.end for limb in read_ik(simple, bone_map)]
    assert ends == ["foot_target.L", "foot_target.R"]
    _, notes = apply_take(simple, takes, None, FPS, 1, "IK", Wishes(controls="ik", root=root))
    assert not any("overrule" in note for note in notes)
    by_ik = shown(simple, SIMPLE_LEGS)
    for side in "LR":
        simple.pose.bones[f"shin.{side}"].constraints[0].mute = True
    by_fk = shown(simple, SIMPLE_LEGS)
    assert np.linalg.norm(by_ik - by_fk, axis=-1).max() < 0.01


@pytest.mark.parametrize("root", ["root", "object"])
def test_whoever_carries_the_way_the_body_goes_the_same(simple, takes: Takes, root: Root) -> None:
    takes = replace_root(takes, walking(takes))
    bones = ("hips", "head", "hand.L", "thigh.R")
    apply_take(simple, takes, None, FPS, 1, "Hips")
    for side in "LR":
        simple.pose.bones[f"shin.{side}"].constraints[0].mute = True
    expected = shown(simple, bones)
    apply_take(simple, takes, None, FPS, 1, "Other", Wishes(root=root))
    np.testing.assert_allclose(shown(simple, bones), expected, atol=1e-4)
    carrier = shown(simple, ("root",))[:, 0]
    assert np.ptp(carrier, axis=0)[:2].max() > 0.5
    assert np.ptp(carrier[:, 2]) < 1e-6
    apply_take(simple, takes, None, FPS, 1, "In place", Wishes(root=root, in_place=True))
    assert np.ptp(shown(simple, ("hips",))[:, 0, :2], axis=0).max() < 0.15


def test_object_under_a_turned_parent_goes_the_same_way(simple, takes: Takes) -> None:
    takes = replace_root(takes, walking(takes))
    empty = bpy.data.objects.new("Turned", None)
    bpy.context.collection.objects.link(empty)
    empty.matrix_world = Matrix.Rotation(1.0, 4, "Z") @ Matrix.Scale(2.0, 4)
    simple.parent = empty
    bpy.context.view_layer.update()
    for side in "LR":
        simple.pose.bones[f"shin.{side}"].constraints[0].mute = True
    apply_take(simple, takes, None, FPS, 1, "Hips")
    expected = shown(simple, ("hips", "head"))
    apply_take(simple, takes, None, FPS, 1, "Object", Wishes(root="object"))
    np.testing.assert_allclose(shown(simple, ("hips", "head")), expected, atol=1e-3)


def test_a_rig_without_a_root_bone_is_told(takes: Takes) -> None:
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_basic_human_metarig_add()
    with pytest.raises(RetakeError, match="no root bone"):
        apply_take(bpy.context.object, takes, None, FPS, 1, "Take", Wishes(root="root"))


def walking(takes: Takes) -> np.ndarray:
    """Roots of the takes that go 0.8 m to the side."""
    return takes.root + np.linspace(0, 1, FRAMES)[None, :, None] * (0.8, 0.0, 0.0)


def replace_root(takes: Takes, root: np.ndarray) -> Takes:
    from dataclasses import replace

    return replace(takes, root=root.astype(np.float32))


def test_moving_camera_and_the_world_it_saw(takes: Takes) -> None:
    """A camera that goes round: what it saw is where Blender says that it was."""
    data = bpy.data.cameras.new("Solved")
    camera = bpy.data.objects.new("Solved", data)
    bpy.context.collection.objects.link(camera)
    for frame, place, angle in ((1, (0, -4, 1), 0.0), (FRAMES, (1, -3, 1.5), 0.5)):
        camera.location, camera.rotation_euler = place, (np.pi / 2, 0, angle)
        for path in ("location", "rotation_euler"):
            camera.keyframe_insert(path, frame=frame)
    scene = bpy.context.scene
    scene.frame_set(7)
    matrices = matrices_over_time(camera, scene, np.arange(1.0, FRAMES + 0.5, 0.5))
    assert scene.frame_current == 7
    point = np.array([[0.3, 0.2, 1.1]])
    for matrix in matrices:
        local = np.linalg.inv(matrix) @ [*point[0], 1.0]
        seen = local[:3] * (1, -1, -1)
        np.testing.assert_allclose(
            through_camera(seen[None, None], matrix[None])[0], point, atol=1e-5
        )
    assert np.linalg.norm(matrices[1] - matrices[0]) > 1e-4, "half frames are frames too"


def test_a_motion_seen_through_a_known_camera_is_where_it_was_seen(generated, takes: Takes) -> None:
    pose = Matrix.Translation((2.0, -3.0, 1.0)) @ Matrix.Rotation(np.pi / 2, 4, "X")
    cameras = np.tile(np.array(pose), (FRAMES, 1, 1))
    apply_take(generated, takes, None, FPS, 1, "Seen", Wishes(camera=cameras))
    hip = shown(generated, ("DEF-spine",), [1])[0, 0]
    expected = through_camera(takes.root[0][:, None].astype(float), cameras)[0, 0]
    assert np.linalg.norm(hip[:2] - expected[:2]) < 0.1


def test_a_hand_holds_on_to_an_object(generated, takes: Takes) -> None:
    shoulder = shown(generated, ("DEF-upper_arm.L",), [1])[0, 0]
    cup = shoulder + np.array([0.1, -0.3, 0.05])
    for controls in ("fk", "ik"):
        wishes = Wishes(reaches=(Reach("left", 0.4, 0.8, cup),), controls=controls)
        fixed = replace_root(takes, np.repeat(takes.root[:, :1], FRAMES, axis=1))
        apply_take(generated, fixed, None, FPS, 1, "Reach", wishes)
        wrist = shown(generated, ("DEF-hand.L",), range(12, 19))[:, 0]
        assert np.linalg.norm(wrist - cup, axis=-1).max() < 0.003
