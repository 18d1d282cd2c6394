"""The layouts that trackers write: which number is which point.

Sources: MediaPipe's Pose documentation; the COCO keypoint and COCO-WholeBody annotations; AlphaPose
`docs/output.md` and the Halpe-FullBody read-me; OpenPose `doc/02_output.md`; Sapiens' description
of the Goliath data set. Points that nothing here uses have no name.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """`count` points per person; `places` of the points that have a name."""

    name: str
    count: int
    places: dict[str, int]


def _both(**first: int) -> dict[str, int]:
    """`limb=number of the left one`; the right one is the next."""
    return {
        f"{side}_{limb}": number + right
        for limb, number in first.items()
        for right, side in enumerate(("left", "right"))
    }


_COCO = {"nose": 0} | _both(eye=1, ear=3, shoulder=5, elbow=7, wrist=9, hip=11, knee=13, ankle=15)

MEDIAPIPE33 = Layout(
    "mediapipe-33",
    33,
    {"nose": 0, "left_eye": 2, "right_eye": 5}
    | _both(ear=7, mouth=9, shoulder=11, elbow=13, wrist=15)
    | _both(hip=23, knee=25, ankle=27, heel=29, big_toe=31),
)

COCO17 = Layout("coco-17", 17, _COCO)

_WHOLE_BODY_FEET = {
    f"{side}_{part}": 17 + 3 * i + j
    for i, side in enumerate(("left", "right"))
    for j, part in enumerate(("big_toe", "small_toe", "heel"))
}

# Mouth corners: numbers 48 and 54 of the 68 points of a face, as iBUG counts them.
COCO_WHOLE_BODY = Layout(
    "coco-wholebody-133",
    133,
    _COCO | _WHOLE_BODY_FEET | {"right_mouth": 23 + 48, "left_mouth": 23 + 54},
)

_HALPE = (
    _COCO | {"head_top": 17, "neck": 18, "mid_hip": 19} | _both(big_toe=20, small_toe=22, heel=24)
)

HALPE26 = Layout("halpe-26", 26, _HALPE)
HALPE136 = Layout("halpe-136", 136, _HALPE | {"right_mouth": 26 + 48, "left_mouth": 26 + 54})

_OPENPOSE_ARMS = {
    f"{side}_{limb}": 2 + 3 * i + j
    for i, side in enumerate(("right", "left"))
    for j, limb in enumerate(("shoulder", "elbow", "wrist"))
}


def _openpose_legs(first: int) -> dict[str, int]:
    return {
        f"{side}_{limb}": first + 3 * i + j
        for i, side in enumerate(("right", "left"))
        for j, limb in enumerate(("hip", "knee", "ankle"))
    }


def _right_first(**first: int) -> dict[str, int]:
    return {
        f"{side}_{limb}": number + left
        for limb, number in first.items()
        for left, side in enumerate(("right", "left"))
    }


BODY25 = Layout(
    "body-25",
    25,
    {"nose": 0, "neck": 1, "mid_hip": 8}
    | _OPENPOSE_ARMS
    | _openpose_legs(9)
    | _right_first(eye=15, ear=17)
    | {"left_big_toe": 19, "left_small_toe": 20, "left_heel": 21}
    | {"right_big_toe": 22, "right_small_toe": 23, "right_heel": 24},
)

COCO18 = Layout(
    "openpose-coco-18",
    18,
    {"nose": 0, "neck": 1} | _OPENPOSE_ARMS | _openpose_legs(8) | _right_first(eye=14, ear=16),
)

# As COCO down to the elbows; then hips, where COCO has the wrists.
GOLIATH308 = Layout(
    "goliath-308",
    308,
    {"nose": 0, "neck": 69, "right_wrist": 41, "left_wrist": 62}
    | _both(eye=1, ear=3, shoulder=5, elbow=7, hip=9, knee=11, ankle=13)
    | {"left_big_toe": 15, "left_small_toe": 16, "left_heel": 17}
    | {"right_big_toe": 18, "right_small_toe": 19, "right_heel": 20},
)

LAYOUTS = {
    layout.name: layout
    for layout in (
        MEDIAPIPE33,
        COCO17,
        COCO_WHOLE_BODY,
        HALPE26,
        HALPE136,
        BODY25,
        COCO18,
        GOLIATH308,
    )
}

BY_COUNT = {layout.count: layout for layout in LAYOUTS.values()}
"""All counts differ, so the number of points tells the layout."""
