"""Which bone of a rig is which part of the body, by names and by how the bones hang together.

Limbs are found by name. The trunk needs hardly any: hips are where the legs meet, the spine is the
way from there to where the arms meet, the neck the way on to the head. Knows nothing of positions;
where names say nothing, `bone_structure` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from ....shared.errors import RetakeError
from ..armature.rest_pose import RestPose
from .bone_names import CENTRE_WORDS, LIMB_WORDS, is_twist_name, part_of_name


@dataclass(frozen=True)
class Side:
    """One arm and one leg. Empty string: the rig has no such bone."""

    upper_arm: str
    forearm: str
    hand: str
    thigh: str
    shin: str
    foot: str
    clavicle: str = ""
    toe: str = ""


@dataclass(frozen=True)
class BoneMap:
    """Bones of a humanoid rig.

    `spine` and `neck` run upwards; the last bone of `spine` is the chest. `confidence` holds 0..1
    for bones that were guessed; all others are sure.
    """

    hips: str
    spine: tuple[str, ...]
    neck: tuple[str, ...]
    head: str
    left: Side
    right: Side
    confidence: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def chest(self) -> str:
        return self.spine[-1]

    @property
    def neck_base(self) -> str:
        """The bone at whose head the neck begins."""
        return (*self.neck, self.head)[0]

    def names(self) -> set[str]:
        """All bones of the map."""
        sides = {name for side in (self.left, self.right) for name in vars(side).values() if name}
        return {self.hips, *self.spine, *self.neck, self.head} | sides

    def part(self, side: str, bone: str) -> str:
        """The bone `bone` ("forearm") of the "left" or "right" side."""
        return getattr(self.left if side == "left" else self.right, bone)


_REQUIRED = ("hips", "spine", "head")
_REQUIRED_LIMBS = ("upper_arm", "forearm", "hand", "thigh", "shin", "foot")
_PARTS = (*_REQUIRED, *(f"{side}_{part}" for side in ("left", "right") for part in _REQUIRED_LIMBS))
_ARM, _LEG = ("upper_arm", "forearm", "hand"), ("thigh", "shin", "foot")

Words = dict[tuple[str, str], list[int]]
"""Side and word -> the bones whose names say so, those nearest to the root first."""


def find_bone_map(rest: RestPose) -> BoneMap:
    """The bones of a humanoid rig, by name or else by structure.

    Raises RetakeError that names the parts of the body for which the rig has no bone.
    """
    from .bone_structure import map_by_structure

    found = parts_by_name(rest)
    missing = [part.replace("_", " ") for part in _PARTS if part not in found]
    if not missing:
        return _bone_map(found)
    guessed = map_by_structure(rest)
    if guessed is not None:
        return guessed
    if len(missing) == len(_PARTS):
        raise RetakeError(
            f"The armature '{rest.name}' has no bone names that Retake knows, and no two arms, two "
            "legs and a head could be told from its shape. Use a humanoid rig that stands upright."
        )
    raise RetakeError(f"The armature '{rest.name}' has no bones for: {', '.join(missing)}.")


def find_twist_bones(rest: RestPose, bone_map: BoneMap) -> dict[str, str]:
    """Twist bone -> upper arm or thigh that it hangs on: named so, and nothing hangs on it."""
    uppers = [
        bone for side in (bone_map.left, bone_map.right) for bone in (side.upper_arm, side.thigh)
    ]
    return {
        name: rest.bones[parent]
        for bone, (name, parent) in enumerate(zip(rest.bones, rest.parents, strict=True))
        if parent >= 0
        and rest.bones[parent] in uppers
        and is_twist_name(name)
        and bone not in rest.parents
    }


def _bone_map(found: dict[str, tuple[str, ...]]) -> BoneMap:
    return BoneMap(
        hips=found["hips"][0],
        spine=found["spine"],
        neck=found.get("neck", ()),
        head=found["head"][0],
        left=_side(found, "left"),
        right=_side(found, "right"),
    )


def _side(found: dict[str, tuple[str, ...]], side: str) -> Side:
    prefix = f"{side}_"
    return Side(
        **{
            part.removeprefix(prefix): names[0]
            for part, names in found.items()
            if part.startswith(prefix)
        }
    )


def parts_by_name(rest: RestPose) -> dict[str, tuple[str, ...]]:
    """Part -> bones, only the parts whose names are known."""
    words: Words = {}
    for bone in rest.parents_first:
        side, word = part_of_name(rest.bones[bone])
        words.setdefault((side, word), []).append(bone)
    parts: dict[str, int] = {}
    for side in ("left", "right"):
        for chain in (_ARM, _LEG):
            limb = _limb(rest, words, side, chain)
            parts |= {f"{side}_{part}": bone for part, bone in limb.items()}
        parts |= _beside_limbs(rest, words, side, parts)
    trunk = _trunk(rest, words, parts)
    limbs = {part: (rest.bones[bone],) for part, bone in parts.items()}
    return limbs | {
        part: tuple(rest.bones[bone] for bone in bones) for part, bones in trunk.items() if bones
    }


def _named(words: Words, side: str, part: str) -> Iterator[int]:
    for word in LIMB_WORDS[part]:
        yield from words.get((side, word), ())


def _limb(rest: RestPose, words: Words, side: str, chain: tuple[str, ...]) -> dict[str, int]:
    """Three bones of a limb that hang below each other; else whatever has the right name."""
    upper, lower, end = ([*_named(words, side, part)] for part in chain)
    for last, middle, first in product(end, lower, upper):
        if middle in rest.ancestors(last) and first in rest.ancestors(middle):
            return dict(zip(chain, (first, middle, last), strict=True))
    return {part: found[0] for part, found in zip(chain, (upper, lower, end), strict=True) if found}


def _beside_limbs(rest: RestPose, words: Words, side: str, parts: dict[str, int]) -> dict[str, int]:
    """Clavicle above the upper arm and toe below the foot."""
    found: dict[str, int] = {}
    arm, foot = parts.get(f"{side}_upper_arm"), parts.get(f"{side}_foot")
    if arm is not None:
        above = rest.ancestors(arm)
        clavicle = next((b for b in _named(words, side, "clavicle") if b in above), None)
        found |= {f"{side}_clavicle": clavicle} if clavicle is not None else {}
    if foot is not None:
        toe = next((b for b in _named(words, side, "toe") if foot in rest.ancestors(b)), None)
        found |= {f"{side}_toe": toe} if toe is not None else {}
    return found


def _trunk(rest: RestPose, words: Words, parts: dict[str, int]) -> dict[str, tuple[int, ...]]:
    """Hips, spine, neck and head."""
    head = next(iter(words.get(("", "head"), ())), None)
    named = [bone for word in CENTRE_WORDS["hips"] for bone in words.get(("", word), ())]
    legs = _where_they_meet(rest, [parts.get(f"{side}_thigh", -1) for side in ("left", "right")])
    hips = next((b for b in named if legs is None or b == legs or b in rest.ancestors(legs)), legs)
    chest = _where_they_meet(
        rest, [parts.get(f"{side}_upper_arm", -1) for side in ("left", "right")]
    )
    while chest is not None and "neck" in rest.bones[chest].lower() and rest.parents[chest] >= 0:
        chest = rest.parents[chest]
    if head is None and chest is not None:
        head = _last_of_numbered_chain(rest, chest)
    trunk: dict[str, tuple[int, ...]] = {"hips": (hips,) if hips is not None else ()}
    if chest is not None and hips in rest.ancestors(chest):
        trunk["spine"] = (*_between(rest, hips, chest), chest)
    elif chest is None and hips is not None and head is not None:
        trunk["spine"] = _between(rest, hips, head)
    if head is not None:
        trunk["head"] = (head,)
        if chest is not None and chest in rest.ancestors(head):
            trunk["neck"] = _between(rest, chest, head)
    return trunk


def _where_they_meet(rest: RestPose, bones: list[int]) -> int | None:
    """The last common ancestor of two bones; None where one is missing."""
    if min(bones) < 0:
        return None
    other = rest.ancestors(bones[1])
    return next((bone for bone in rest.ancestors(bones[0]) if bone in other), None)


def _between(rest: RestPose, above: int | None, below: int) -> tuple[int, ...]:
    """The bones of the way from one bone down to another, without either."""
    way = rest.ancestors(below)
    return way[: way.index(above)][::-1] if above in way else ()


def _last_of_numbered_chain(rest: RestPose, chest: int) -> int | None:
    """Rigify's meta-rigs name the head like the spine, with the last number."""
    stem = re.sub(r"[.\d]+$", "", rest.bones[chest])
    chain = [
        bone
        for bone in rest.parents_first
        if re.sub(r"[.\d]+$", "", rest.bones[bone]) == stem and chest in rest.ancestors(bone)
    ]
    return chain[-1] if chain else None
