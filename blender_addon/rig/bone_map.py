"""Which bone of a rig is which part of the body.

Found by the bone names of Rigify's human meta-rigs and of Mixamo. Knows nothing of positions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ...shared.errors import RetakeError
from .rest_pose import RestPose


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

    `spine` and `neck` run upwards; the last bone of `spine` is the chest.
    """

    hips: str
    spine: tuple[str, ...]
    neck: tuple[str, ...]
    head: str
    left: Side
    right: Side

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


_REQUIRED = ("hips", "spine", "head")
_REQUIRED_LIMBS = ("upper_arm", "forearm", "hand", "thigh", "shin", "foot")
_PARTS = (*_REQUIRED, *(f"{side}_{part}" for side in ("left", "right") for part in _REQUIRED_LIMBS))

_RIGIFY_LIMBS = {part: part for part in _REQUIRED_LIMBS} | {"clavicle": "shoulder", "toe": "toe"}
_MIXAMO_LIMBS = {
    "clavicle": "Shoulder",
    "upper_arm": "Arm",
    "forearm": "ForeArm",
    "hand": "Hand",
    "thigh": "UpLeg",
    "shin": "Leg",
    "foot": "Foot",
    "toe": "ToeBase",
}
_MIXAMO_HIPS = re.compile(r"(?:.*[:_])?(?=(?:Hips|Spine|Head|(?:Left|Right)(?:Arm|UpLeg))$)")


def find_bone_map(rest: RestPose) -> BoneMap:
    """The bones of a Rigify human meta-rig or of a rig with Mixamo names (with any prefix).

    Raises RetakeError that names the parts of the body for which the rig has no bone.
    """
    found = max(_candidates(rest), key=len)
    missing = [part.replace("_", " ") for part in _PARTS if part not in found]
    if len(missing) == len(_PARTS):
        raise RetakeError(
            f"The armature '{rest.name}' has no bone names that Retake knows. "
            "Use a Rigify human meta-rig or a rig with Mixamo bone names."
        )
    if missing:
        raise RetakeError(f"The armature '{rest.name}' has no bones for: {', '.join(missing)}.")
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


def _candidates(rest: RestPose) -> Iterator[dict[str, tuple[str, ...]]]:
    """Part -> bones, for every naming that could be meant."""
    yield _present(rest, _rigify(rest))
    prefixes = {match.group() for name in rest.bones if (match := _MIXAMO_HIPS.match(name))}
    for prefix in sorted(prefixes):
        yield _present(rest, _mixamo(prefix))


def _present(rest: RestPose, parts: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Only the bones that exist, only the parts with any."""
    there = {part: tuple(n for n in names if n in rest.index) for part, names in parts.items()}
    return {part: names for part, names in there.items() if names}


def _rigify(rest: RestPose) -> dict[str, tuple[str, ...]]:
    """The chain spine, spine.001, ... holds hips, spine, neck, head; the arms tell them apart."""
    chain = [
        name for name in ("spine", *(f"spine.{i:03d}" for i in range(1, 100))) if name in rest.index
    ]
    arm = rest.index.get("upper_arm.L", rest.index.get("upper_arm.R", -1))
    below_arm = {rest.bones[bone] for bone in rest.ancestors(arm)} if arm >= 0 else {*chain[:-1]}
    trunk = tuple(name for name in chain if name in below_arm)
    above = tuple(name for name in chain if name not in below_arm)
    parts = {"hips": trunk[:1], "spine": trunk[1:], "neck": above[:-1], "head": above[-1:]}
    for side, letter in (("left", "L"), ("right", "R")):
        for part, name in _RIGIFY_LIMBS.items():
            parts[f"{side}_{part}"] = (f"{name}.{letter}",)
    return parts


def _mixamo(prefix: str) -> dict[str, tuple[str, ...]]:
    def numbered(name: str) -> tuple[str, ...]:
        return tuple(f"{prefix}{name}{number}" for number in ("", *range(1, 10)))

    parts = {
        "hips": (f"{prefix}Hips",),
        "spine": numbered("Spine"),
        "neck": numbered("Neck"),
        "head": (f"{prefix}Head",),
    }
    for side in ("Left", "Right"):
        for part, name in _MIXAMO_LIMBS.items():
            parts[f"{side.lower()}_{part}"] = (f"{prefix}{side}{name}",)
    return parts
