"""The bone map as an animator sees and shares it: slots, what is wrong with them, JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from retake.blender_addon.rig.armature.rest_pose import RestPose
from retake.blender_addon.rig.mapping import map_file
from retake.blender_addon.rig.mapping.bone_map import find_bone_map
from retake.blender_addon.rig.mapping.map_slots import (
    OPTIONAL,
    SLOTS,
    Slots,
    bone_map_of,
    found_slots,
    named_slots,
    problems,
    shaped_slots,
    slots_of,
)
from retake.shared.errors import RetakeError

TABLES = Path(__file__).resolve().parents[2] / "data" / "humanoid_rigs.json"
KINDS = list(json.loads(TABLES.read_text(encoding="utf-8")))


def table_rig(kind: str) -> RestPose:
    table = json.loads(TABLES.read_text(encoding="utf-8"))[kind]
    names = tuple(table)
    matrices = np.tile(np.eye(4), (len(names), 1, 1))
    matrices[:, :3, 3] = [row[1] for row in table.values()]
    parents = tuple(names.index(p) if p in names else -1 for p, *_ in table.values())
    tails = np.array([row[2] for row in table.values()])
    return RestPose(kind, names, parents, matrices, tails, np.eye(4))


@pytest.fixture(params=KINDS)
def rest(request: pytest.FixtureRequest) -> RestPose:
    return table_rig(request.param)


def test_slots_say_all_that_a_map_says(rest: RestPose) -> None:
    found = find_bone_map(rest)
    slots = slots_of(found)
    assert set(slots.bones) <= set(SLOTS)
    assert problems(slots, rest) == {}
    assert bone_map_of(slots, rest) == found


def test_through_a_file_nothing_changes(rest: RestPose, tmp_path: Path) -> None:
    slots = shaped_slots(rest)
    assert slots.sure
    map_file.save(slots, "Hero", tmp_path / "map.json")
    read = map_file.load(tmp_path / "map.json")
    assert read.bones == slots.bones
    assert read.sure == pytest.approx(dict(slots.sure), abs=1e-3)


@pytest.mark.parametrize("slot", [s for s in SLOTS if s not in OPTIONAL])
def test_a_slot_without_bone_is_named(slot: str) -> None:
    rest = table_rig("mixamo T")
    slots = found_slots(rest).with_bone(slot, "")
    assert problems(slots, rest) == {slot: "is missing"}
    with pytest.raises(RetakeError, match=f"'mixamo T' cannot be used: {slot.replace('_', ' ')}"):
        bone_map_of(slots, rest)


def test_what_need_not_be_there_may_be_missing() -> None:
    rest = table_rig("mixamo T")
    slots = found_slots(rest)
    for slot in OPTIONAL:
        slots = slots.with_bone(slot, "")
    bones = bone_map_of(slots, rest)
    assert (bones.neck, bones.left.toe, bones.right.clavicle) == ((), "", "")


def test_bones_that_do_not_hang_so_are_refused() -> None:
    rest = table_rig("mixamo T")
    slots = found_slots(rest)
    swapped = slots.with_bone("left_hand", slots.bones["right_hand"])
    assert "does not hang below" in problems(swapped, rest)["left_hand"]
    assert "which the rig does not have" in problems(slots.with_bone("head", "Kopf"), rest)["head"]


def test_a_chosen_bone_is_sure(rest: RestPose) -> None:
    slots = shaped_slots(rest)
    assert slots.sure["head"] < 1
    assert "head" not in slots.with_bone("head", slots.bones["head"]).sure


def test_names_alone_give_what_they_can() -> None:
    rest = table_rig("mixamo T")
    kept = [b for b in rest.bones if "RightHand" not in b]
    maimed = rest.only(set(kept))
    slots = named_slots(maimed)
    assert problems(slots, maimed) == {"right_hand": "is missing"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("no json", "is not JSON"),
        ("[1]", "is no bone map"),
        ("{}", "is no bone map"),
        ('{"format": "retake bone map", "version": 2}', "version 2"),
        ('{"format": "retake bone map", "version": 1, "bones": []}', "must be an object"),
        ('{"format": "retake bone map", "version": 1, "bones": {"tail": "x"}}', "no part 'tail'"),
        ('{"format": "retake bone map", "version": 1, "bones": {"head": 3}}', "must be a name"),
        ('{"format": "retake bone map", "version": 1, "sure": {"head": 3}}', "from 0 to 1"),
        ("[" * 100_000, "is not JSON"),
    ],
)
def test_rubbish_is_a_sentence(text: str, told: str) -> None:
    with pytest.raises(RetakeError, match=told):
        map_file.from_json(text, "The file")


def test_a_file_that_is_no_text_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_bytes(b"\xff\xfe\x00")
    for name in ("map.json", "absent.json", "."):
        with pytest.raises(RetakeError, match="cannot be read"):
            map_file.load(tmp_path / name)


def test_slots_without_bones_are_empty_in_the_file() -> None:
    bones = json.loads(map_file.to_json(Slots({"head": "Kopf"}, {}), "Hero"))["bones"]
    assert list(bones) == list(SLOTS)
    assert {slot for slot, bone in bones.items() if bone} == {"head"}
