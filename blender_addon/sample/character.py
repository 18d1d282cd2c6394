"""The sample's character: a plain biped of 1.70 m as a table of bones. Knows no Blender.

It stands in an A-pose, faces -Y and has its soles at z = 0. Segment lengths after Drillis and
Contini (1966), as fractions of the body's height.
"""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float, float]


@dataclass(frozen=True)
class BoneRow:
    """One bone: metres, armature space. `parent` empty: none."""

    name: str
    parent: str
    head: Point
    tail: Point


_MIDDLE = (
    BoneRow("hips", "", (0.0, 0.01, 0.90), (0.0, 0.01, 1.01)),
    BoneRow("spine", "hips", (0.0, 0.01, 1.01), (0.0, 0.02, 1.16)),
    BoneRow("chest", "spine", (0.0, 0.02, 1.16), (0.0, 0.02, 1.40)),
    BoneRow("neck", "chest", (0.0, 0.02, 1.40), (0.0, 0.0, 1.49)),
    BoneRow("head", "neck", (0.0, 0.0, 1.49), (0.0, 0.0, 1.70)),
)

_LEFT = (
    BoneRow("shoulder.L", "chest", (0.03, 0.02, 1.37), (0.16, 0.02, 1.39)),
    BoneRow("upper_arm.L", "shoulder.L", (0.17, 0.02, 1.38), (0.385, 0.03, 1.165)),
    BoneRow("forearm.L", "upper_arm.L", (0.385, 0.03, 1.165), (0.565, 0.005, 0.985)),
    BoneRow("hand.L", "forearm.L", (0.565, 0.005, 0.985), (0.63, -0.005, 0.92)),
    BoneRow("thigh.L", "hips", (0.095, 0.01, 0.91), (0.1, 0.0, 0.495)),
    BoneRow("shin.L", "thigh.L", (0.1, 0.0, 0.495), (0.1, 0.02, 0.075)),
    BoneRow("foot.L", "shin.L", (0.1, 0.02, 0.075), (0.105, -0.12, 0.02)),
    BoneRow("toe.L", "foot.L", (0.105, -0.12, 0.02), (0.105, -0.18, 0.0)),
)


def _mirrored(row: BoneRow) -> BoneRow:
    def other(name: str) -> str:
        return name.replace(".L", ".R")

    (x, y, z), (a, b, c) = row.head, row.tail
    return BoneRow(other(row.name), other(row.parent), (-x, y, z), (-a, b, c))


BONES = (*_MIDDLE, *_LEFT, *map(_mirrored, _LEFT))
"""Parents before children."""

COLOUR = (0.80, 0.52, 0.28)
"""Linear RGB of the mannequin's wood."""
