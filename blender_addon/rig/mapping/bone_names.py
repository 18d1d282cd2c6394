"""What a bone's name says: side and part of the body, in the words of many tools.

Names alone; whether bones hang together as a body is for `bone_map`.
"""

from __future__ import annotations

import re

LIMB_WORDS = {
    "forearm": ("forearm", "forearmbend", "lowerarm", "loarm", "elbow"),
    "upper_arm": ("upperarm", "uparm", "arm", "shldr", "shldrbend", "shoulder"),
    "hand": ("hand", "wrist"),
    "clavicle": ("clavicle", "collar", "shoulder"),
    "shin": ("shin", "calf", "lowerleg", "loleg", "knee", "leg"),
    "thigh": ("thigh", "thighbend", "upleg", "upperleg", "hip", "leg"),
    "foot": ("foot", "ankle"),
    "toe": ("toe", "toebase", "toes", "ball"),
}
"""Part of a limb -> words that name it, the surest first: Rigify, Mixamo, Unreal, MakeHuman, VRM,
Daz, Biped and BVH files, some of which name a bone by the joint at its head."""

CENTRE_WORDS = {"hips": ("hips", "pelvis", "hip"), "head": ("head",)}

_WORDS = {word for words in (*LIMB_WORDS.values(), *CENTRE_WORDS.values()) for word in words}
_LONGEST = max(len(word) for word in _WORDS)
_SIDES = {"l": "left", "left": "left", "r": "right", "right": "right"}
_TOKENS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_HELPERS = {"twist", "ik", "pole", "target", "tweak", "ctrl", "end", "roll", "mch", "vis", "org"}


def part_of_name(name: str) -> tuple[str, str]:
    """Side ("left", "right" or "") and the longest known word that the rest of the name ends with.

    The word is empty where there is none, and for names of helpers such as twist and IK bones.
    """
    tokens = [token.lower() for token in _TOKENS.findall(name)]
    side = next((_SIDES[token] for token in tokens if token in _SIDES), "")
    rest = [token for token in tokens if token not in _SIDES and token != "fk"]
    if _HELPERS.intersection(rest):
        return side, ""
    text = "".join(rest)
    for length in range(min(len(text), _LONGEST), 0, -1):
        if text[-length:] in _WORDS:
            return side, text[-length:]
    return side, ""


def is_twist_name(name: str) -> bool:
    """Whether the name is one of the bones that spread a limb's twist over the skin."""
    return "twist" in name.lower()
