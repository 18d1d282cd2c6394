from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from retake.blender_addon.rig.bone_map import find_bone_map
from retake.blender_addon.rig.rest_pose import RestPose
from retake.shared.errors import RetakeError

MakeRig = Callable[..., RestPose]


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


def test_foreign_names_are_refused_with_advice(make_rig: MakeRig) -> None:
    rig = make_rig("mixamo")
    foreign = replace(rig, bones=tuple(f"bone{i}" for i in range(len(rig.bones))))
    with pytest.raises(RetakeError, match="Rigify human meta-rig or a rig with Mixamo"):
        find_bone_map(foreign)
