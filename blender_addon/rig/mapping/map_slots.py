"""A bone map as an animator sees it: a slot per part of the body, one bone in each, perhaps none.

Spine and neck are named by their ends; what lies between is found by how the bones hang together.
Unlike a `BoneMap`, slots may be incomplete: they say what is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from ....shared.errors import RetakeError
from ..armature.rest_pose import RestPose
from .bone_map import BoneMap, Side, find_bone_map, parts_by_name
from .bone_structure import map_by_structure

SIDES = ("left", "right")
LIMB_PARTS = ("clavicle", "upper_arm", "forearm", "hand", "thigh", "shin", "foot", "toe")
OPTIONAL_PARTS = ("clavicle", "toe")

TRUNK_SLOTS = ("hips", "spine", "chest", "neck", "head")
SLOTS = (*TRUNK_SLOTS, *(f"{side}_{part}" for side in SIDES for part in LIMB_PARTS))
"""`spine` is the lowest bone above the hips, `chest` the one that carries the arms, which may be
the same; `neck` is the lowest bone of the neck."""

OPTIONAL = frozenset(("neck", *(f"{side}_{part}" for side in SIDES for part in OPTIONAL_PARTS)))

_ABOVE = {"spine": "hips", "chest": "spine", "neck": "chest", "head": "hips"} | {
    f"{side}_{below}": above if above in TRUNK_SLOTS else f"{side}_{above}"
    for side in SIDES
    for below, above in (
        *(("clavicle", "chest"), ("upper_arm", "chest"), ("forearm", "upper_arm")),
        *(("hand", "forearm"), ("thigh", "hips"), ("shin", "thigh"), ("foot", "shin")),
        ("toe", "foot"),
    )
}
"""Slot -> the slot below whose bone its own has to hang."""


@dataclass(frozen=True)
class Slots:
    """bones: slot -> bone, without the slots that are empty; sure: slot -> 0..1 for guesses."""

    bones: Mapping[str, str]
    sure: Mapping[str, float]

    def with_bone(self, slot: str, bone: str) -> Slots:
        """The same with another bone, or none, in a slot. It counts as sure then."""
        bones = {s: b for s, b in self.bones.items() if s != slot} | ({slot: bone} if bone else {})
        return Slots(bones, {s: sure for s, sure in self.sure.items() if s != slot})


def words(slot: str) -> str:
    return slot.replace("_", " ")


def slots_of(bone_map: BoneMap) -> Slots:
    bones = {"hips": bone_map.hips, "spine": bone_map.spine[0], "chest": bone_map.chest}
    bones |= {"neck": bone_map.neck[0]} if bone_map.neck else {}
    bones["head"] = bone_map.head
    for side, own in (("left", bone_map.left), ("right", bone_map.right)):
        bones |= {f"{side}_{part}": name for part, name in vars(own).items() if name}
    known = bone_map.confidence
    return Slots(bones, {slot: known[bone] for slot, bone in bones.items() if bone in known})


def found_slots(rest: RestPose) -> Slots:
    """What is found by itself; if that is not enough for a map, what names alone say."""
    try:
        return slots_of(find_bone_map(rest))
    except RetakeError:
        return named_slots(rest)


def named_slots(rest: RestPose) -> Slots:
    """What the names say, perhaps not all."""
    parts = parts_by_name(rest)
    bones = {slot: names[0] for slot, names in parts.items()}
    if "spine" in parts:
        bones["chest"] = parts["spine"][-1]
    return Slots(bones, {})


def shaped_slots(rest: RestPose) -> Slots:
    """What the rig's shape says, whatever the names. RetakeError if it says nothing."""
    found = map_by_structure(rest)
    if found is None:
        raise RetakeError(
            f"No two arms, two legs and a head can be told from the shape of '{rest.name}'. "
            "Use Match by Name, or choose its bones one by one."
        )
    return slots_of(found)


def problems(slots: Slots, rest: RestPose, every: Collection[str] = ()) -> dict[str, str]:
    """Slot -> what is wrong with it, as a few words; empty: the map can be used.

    `every` names the bones that the rig has besides those of `rest`, which are solved for.
    """
    wrong: dict[str, str] = {}
    for slot in SLOTS:
        bone, above = slots.bones.get(slot, ""), _ABOVE.get(slot, "")
        upper = slots.bones.get(above, "")
        if not bone:
            wrong |= {} if slot in OPTIONAL else {slot: "is missing"}
        elif bone in every and bone not in rest.index:
            wrong[slot] = f"is '{bone}', which is none of the FK controls that turn the body"
        elif bone not in rest.index:
            wrong[slot] = f"is '{bone}', which the rig does not have"
        elif upper in rest.index and not _hangs(rest, bone, upper, slot):
            wrong[slot] = f"is '{bone}', which does not hang below '{upper}' ({words(above)})"
    return wrong


def _hangs(rest: RestPose, bone: str, upper: str, slot: str) -> bool:
    if slot == "chest" and bone == upper:
        return True
    return rest.index[upper] in rest.ancestors(rest.index[bone])


def bone_map_of(slots: Slots, rest: RestPose, every: Collection[str] = ()) -> BoneMap:
    """RetakeError that names every slot that is wrong; `every` as in `problems`."""
    wrong = problems(slots, rest, every)
    if wrong:
        listed = "; ".join(f"{words(slot)} {what}" for slot, what in wrong.items())
        raise RetakeError(
            f"The bone map of '{rest.name}' cannot be used: {listed}. "
            "Correct it in the step Rig, or clear it there."
        )
    bones, neck = slots.bones, slots.bones.get("neck", "")
    return BoneMap(
        hips=bones["hips"],
        spine=_way(rest, bones["spine"], bones["chest"]),
        neck=_way(rest, neck, bones["head"])[:-1] if neck else (),
        head=bones["head"],
        left=_side(bones, "left"),
        right=_side(bones, "right"),
        confidence={bones[slot]: sure for slot, sure in slots.sure.items() if slot in bones},
    )


def _side(bones: Mapping[str, str], side: str) -> Side:
    return Side(**{part: bones.get(f"{side}_{part}", "") for part in LIMB_PARTS})


def _way(rest: RestPose, first: str, last: str) -> tuple[str, ...]:
    """The bones from one down to another, both included; the first alone where that is no way."""
    end = rest.index[last]
    chain = (end, *rest.ancestors(end))
    start = rest.index[first]
    if start not in chain:
        return (first, last)
    return tuple(rest.bones[bone] for bone in chain[: chain.index(start) + 1][::-1])
