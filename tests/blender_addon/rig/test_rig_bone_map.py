from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.shared.errors import RetakeError

MakeRig = Callable[..., RestPose]

TABLES = Path(__file__).resolve().parents[2] / "data" / "humanoid_rigs.json"
"""Bone -> parent, head, tail of rigs with the names of many tools."""


@pytest.mark.parametrize("prefix", ["", "mixamorig:", "mixamorig7:", "Hero_", "a:b:"])
def test_mixamo_names_with_any_prefix(make_rig: MakeRig, prefix: str) -> None:
    found = find_bone_map(make_rig("mixamo", prefix))
    assert found.hips == f"{prefix}Hips"
    assert found.spine == tuple(f"{prefix}Spine{n}" for n in ("", "1", "2"))
    assert (found.neck, found.head) == ((f"{prefix}Neck",), f"{prefix}Head")
    assert found.left.thigh == f"{prefix}LeftUpLeg"
    assert found.right.toe == f"{prefix}RightToeBase"


def test_rigify_chain_is_parted_by_the_arms(make_rig: MakeRig) -> None:
    found = find_bone_map(make_rig("rigify"))
    assert found.hips == "spine"
    assert found.spine == ("spine.001", "spine.002", "spine.003")
    assert (found.neck, found.head) == (("spine.004", "spine.005"), "spine.006")
    assert (found.left.clavicle, found.right.shin) == ("shoulder.L", "shin.R")


def test_clavicles_and_toes_are_optional(make_rig: MakeRig) -> None:
    found = find_bone_map(make_rig("mixamo", without="Toe"))
    assert found.left.toe == ""
    assert "" not in found.names()


def test_missing_limbs_are_named_in_one_sentence(make_rig: MakeRig) -> None:
    rig = make_rig("mixamo", "mixamorig:", without="Leg")
    with pytest.raises(RetakeError) as caught:
        find_bone_map(rig)
    assert str(caught.value) == (
        "The armature 'Hero' has no bones for: left thigh, left shin, right thigh, right shin."
    )


def humanoids() -> dict[str, RestPose]:
    """Every rig of the table, upright, bones without roll."""
    rigs: dict[str, RestPose] = {}
    for name, table in json.loads(TABLES.read_text(encoding="utf-8")).items():
        index = {bone: i for i, bone in enumerate(table)}
        matrices = np.tile(np.eye(4), (len(table), 1, 1))
        matrices[:, :3, 3] = [head for _, head, _ in table.values()]
        parents = tuple(index.get(parent, -1) for parent, _, _ in table.values())
        tails = np.array([tail for *_, tail in table.values()])
        rigs[name] = RestPose(name, tuple(table), parents, matrices, tails, np.eye(4))
    return rigs


HUMANOIDS = humanoids()
LEFT_LEGS = {
    "mixamo T": ("mixamorig:LeftUpLeg", "mixamorig:LeftLeg", "mixamorig:LeftFoot"),
    "unreal A": ("thigh_l", "calf_l", "foot_l"),
    "vrm T": ("J_Bip_L_UpperLeg", "J_Bip_L_LowerLeg", "J_Bip_L_Foot"),
    "makehuman A": ("upperleg01.L", "lowerleg01.L", "foot.L"),
    "bvh T": ("LeftUpLeg", "LeftLeg", "LeftFoot"),
    "bvh joints A": ("LeftHip", "LeftKnee", "LeftAnkle"),
}
RIGHT_ARMS = {
    "mixamo T": ("mixamorig:RightShoulder", "mixamorig:RightArm", "mixamorig:RightForeArm"),
    "unreal A": ("clavicle_r", "upperarm_r", "lowerarm_r"),
    "vrm T": ("J_Bip_R_Shoulder", "J_Bip_R_UpperArm", "J_Bip_R_LowerArm"),
    "makehuman A": ("clavicle.R", "upperarm01.R", "lowerarm01.R"),
    "bvh T": ("RightShoulder", "RightArm", "RightForeArm"),
    "bvh joints A": ("RightCollar", "RightShoulder", "RightElbow"),
}


@pytest.mark.parametrize("name", HUMANOIDS)
def test_names_of_many_tools(name: str) -> None:
    found = find_bone_map(HUMANOIDS[name])
    assert (found.left.thigh, found.left.shin, found.left.foot) == LEFT_LEGS[name]
    arm = found.right
    assert (arm.clavicle, arm.upper_arm, arm.forearm) == RIGHT_ARMS[name]
    assert not found.confidence, "names leave nothing to guess"


@pytest.mark.parametrize("name", HUMANOIDS)
def test_shape_finds_what_names_find(name: str) -> None:
    """Only the clavicle may differ: some rigs have two bones there."""
    rig = HUMANOIDS[name]
    foreign = replace(rig, bones=tuple(f"bone{i}" for i in range(len(rig.bones))))
    guessed, named = find_bone_map(foreign), find_bone_map(rig)
    back = dict(zip(foreign.bones, rig.bones, strict=True)) | {"": ""}
    assert (back[guessed.hips], back[guessed.head]) == (named.hips, named.head)
    assert tuple(back[n] for n in guessed.spine + guessed.neck) == named.spine + named.neck
    for ours, theirs in ((guessed.left, named.left), (guessed.right, named.right)):
        parts = {p for p, bone in vars(theirs).items() if back[getattr(ours, p)] != bone}
        assert parts <= {"clavicle"}
    assert set(guessed.confidence) == guessed.names()
    assert 0.5 < min(guessed.confidence.values()) <= 1


def test_something_that_is_no_body_is_refused_with_advice() -> None:
    rig = HUMANOIDS["vrm T"]
    chain = replace(
        rig,
        bones=tuple(f"bone{i}" for i in range(len(rig.bones))),
        parents=tuple(range(-1, len(rig.bones) - 1)),
    )
    with pytest.raises(RetakeError, match="two arms, two legs and a head"):
        find_bone_map(chain)
