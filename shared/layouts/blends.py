"""The 17 joints as weighted sums of named points, by one set of rules for every layout.

The lifting model was trained on joint definitions, not on names, so the joints that a layout does
not have are built to fit those definitions. Every built point is a weighted sum of detected ones:
such sums survive the projection into the picture, whichever way the person is turned.

Each joint has rules in order of preference; the first one counts whose points the layout has. The
same names of points are used for all layouts, left and right are the person's:

    nose; left_, right_: eye, ear, mouth, shoulder, elbow, wrist, hip, knee, ankle, heel, big_toe,
    small_toe; neck (between the shoulders), mid_hip, head_top
"""

from __future__ import annotations

from collections.abc import Iterable

from ..skeleton import HUMAN36M

Blend = dict[str, float]
"""Point -> its weight; the weights of one joint sum to 1."""


def mix(*parts: tuple[float, Blend]) -> Blend:
    mixed: Blend = {}
    for weight, blend in parts:
        for point, share in blend.items():
            mixed[point] = mixed.get(point, 0.0) + weight * share
    return mixed


def _middle(limb: str) -> Blend:
    return {f"left_{limb}": 0.5, f"right_{limb}": 0.5}


# Centimetres: medians of the training data (a person of 1.68 m) and, for MediaPipe, of people seen
# from the side. Eyes to mouth are 7 cm.
_EYES, _EARS, _MOUTH = _middle("eye"), _middle("ear"), _middle("mouth")
_SHOULDERS, _HIPS = _middle("shoulder"), _middle("hip")
_NOSE: Blend = {"nose": 1.0}

# Where a layout has no mouth. Least squares on 521 frames of four clips in which MediaPipe found
# mouth and nose; 6 mm off (root mean square). The nose is before the face: the ears tell how far.
_MOUTH_FROM_NOSE = mix((1.0, _EYES), (1.7, _NOSE), (-1.7, _EYES), (-0.65, _EYES), (0.65, _EARS))

# Base of the neck, 2 cm above and 1 cm before the shoulder line: a little towards the ears.
_THORAX = mix((0.88, _SHOULDERS), (0.12, _EARS))
_FLAT_THORAX = mix((1.0, _SHOULDERS))


def _neck(mouth: Blend) -> Blend:
    """13 cm above the shoulders, as in the training data: 4 cm below the ears, down along the face.

    Not forward to the mouth: MediaPipe's shoulders lie 5 cm further back than the training data's,
    so a point at the mouth would bend every neck.
    """
    return mix((1.0, _EARS), (0.5, mouth), (-0.5, _EYES))


def _head(mouth: Blend) -> Blend:
    """11 cm above the neck, up along the face."""
    return mix((1.0, _neck(mouth)), (1.65, _EYES), (-1.65, mouth))


# Without a face, but with the top of the head, which lies 26 cm above the shoulders.
_TO_TOP_NECK = mix((0.5, _SHOULDERS), (0.5, {"head_top": 1.0}))
_TO_TOP_HEAD = mix((0.08, _SHOULDERS), (0.92, {"head_top": 1.0}))

_BUILT_RULES: dict[str, list[Blend]] = {
    "hip": [_HIPS, {"mid_hip": 1.0}],
    # 48 % of the way from the hips to the thorax.
    "spine": [mix((0.52, _HIPS), (0.48, thorax)) for thorax in (_THORAX, _FLAT_THORAX)],
    "thorax": [_THORAX, _FLAT_THORAX, {"neck": 1.0}],
    "neck": [_neck(_MOUTH), _neck(_MOUTH_FROM_NOSE), _TO_TOP_NECK],
    "head": [_head(_MOUTH), _head(_MOUTH_FROM_NOSE), _TO_TOP_HEAD],
}

BUILT = {joint: f"built_{joint}" for joint in _BUILT_RULES} | {
    joint: joint.replace("foot", "ankle") for joint in HUMAN36M.joints if joint not in _BUILT_RULES
}
"""Joint -> the point that is the joint itself: `built_neck` in a track of our own, `left_knee`
anywhere. The joint `foot` of Human3.6M is the ankle."""

EXTRAS = {
    "nose": "nose",
    **{f"{s}_{x}": f"{s}_{x}" for x in ("eye", "ear", "mouth", "heel") for s in ("left", "right")},
    **{f"{s}_toe": f"{s}_big_toe" for s in ("left", "right")},
    **{f"{s}_small_toe": f"{s}_small_toe" for s in ("left", "right")},
}
"""Names in a track's `extra_names` -> points: face for the turn of the head, feet for contacts."""


def blend_of(joint: str, names: Iterable[str]) -> Blend | None:
    """The first rule for `joint` whose points are among `names`; None if there is none."""
    given = set(names)
    rules = [{BUILT[joint]: 1.0}, *_BUILT_RULES.get(joint, [])]
    return next((rule for rule in rules if given.issuperset(rule)), None)


def blends(names: Iterable[str]) -> list[Blend | None]:
    """One per joint, in the order of HUMAN36M."""
    given = tuple(names)
    return [blend_of(joint, given) for joint in HUMAN36M.joints]
