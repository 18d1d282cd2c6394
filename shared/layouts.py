"""Other programs' keypoint layouts -> the 17 joints of `skeleton.HUMAN36M`.

The lifting model was trained on joint definitions, not on names, so the joints that a layout does
not have are built to fit those definitions. Every built point is a weighted sum of detected ones:
such sums survive the projection into the picture, whichever way the person is turned.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arrays import Floats, Floats32
from .skeleton import HUMAN36M


class MappedKeypoints(NamedTuple):
    """The fields of `KeypointTrack` with the same names."""

    points: Floats32
    confidence: Floats32
    extra_points: Floats32
    extra_names: tuple[str, ...]
    extra_confidence: Floats32


Blend = dict[int, float]
"""Detected point -> its weight; the weights of one joint sum to 1."""


def _mix(*parts: tuple[float, Blend]) -> Blend:
    mixed: Blend = {}
    for weight, blend in parts:
        for point, share in blend.items():
            mixed[point] = mixed.get(point, 0.0) + weight * share
    return mixed


def _middle(a: int, b: int) -> Blend:
    return {a: 0.5, b: 0.5}


# MediaPipe Pose, 33 landmarks. Centimetres: medians of the training data (a person of 1.68 m) and,
# for MediaPipe, of people seen from the side. Eyes to mouth are 7 cm.
_EYES, _EARS, _MOUTH = _middle(2, 5), _middle(7, 8), _middle(9, 10)
_SHOULDERS, _HIPS = _middle(11, 12), _middle(23, 24)

# Base of the neck, 2 cm above and 1 cm before the shoulder line: a little towards the ears.
_THORAX = _mix((0.88, _SHOULDERS), (0.12, _EARS))
# 48 % of the way from the hips to the thorax.
_SPINE = _mix((0.52, _HIPS), (0.48, _THORAX))
# 13 cm above the shoulders, as in the training data: 4 cm below the ears, down along the face. Not
# forward to the mouth: MediaPipe's shoulders lie 5 cm further back than the training data's, so a
# point at the mouth would bend every neck.
_NECK = _mix((1.0, _EARS), (0.5, _MOUTH), (-0.5, _EYES))
# 11 cm above that, up along the face.
_HEAD = _mix((1.0, _NECK), (1.65, _EYES), (-1.65, _MOUTH))

_MEDIAPIPE33: dict[str, Blend] = {
    "hip": _HIPS,
    "right_hip": {24: 1.0},
    "right_knee": {26: 1.0},
    "right_foot": {28: 1.0},
    "left_hip": {23: 1.0},
    "left_knee": {25: 1.0},
    "left_foot": {27: 1.0},
    "spine": _SPINE,
    "thorax": _THORAX,
    "neck": _NECK,
    "head": _HEAD,
    "left_shoulder": {11: 1.0},
    "left_elbow": {13: 1.0},
    "left_wrist": {15: 1.0},
    "right_shoulder": {12: 1.0},
    "right_elbow": {14: 1.0},
    "right_wrist": {16: 1.0},
}

_MEDIAPIPE33_EXTRA = {
    "nose": 0,
    "left_eye": 2,
    "right_eye": 5,
    "left_ear": 7,
    "right_ear": 8,
    "left_mouth": 9,
    "right_mouth": 10,
    "left_heel": 29,
    "right_heel": 30,
    "left_toe": 31,
    "right_toe": 32,
}


def mediapipe33(points: Floats, visibility: Floats) -> MappedKeypoints:
    """MediaPipe Pose landmarks (frames, 33, 2) and their visibility (frames, 33) -> the 17 joints.

    A built joint is as certain as its least certain source; NaN in a source gives NaN. Face points,
    heels and toes are passed on as extra points. Landmark order: MediaPipe's Pose documentation;
    left and right are the person's.
    """
    blends = [_MEDIAPIPE33[joint] for joint in HUMAN36M.joints]
    extra = list(_MEDIAPIPE33_EXTRA.values())
    return MappedKeypoints(
        points=_blended(points, blends),
        confidence=_least(visibility, blends),
        extra_points=points[:, extra].astype(np.float32),
        extra_names=tuple(_MEDIAPIPE33_EXTRA),
        extra_confidence=visibility[:, extra].astype(np.float32),
    )


def _blended(points: Floats, blends: list[Blend]) -> Floats32:
    joints = [sum(w * points[:, p] for p, w in blend.items()) for blend in blends]
    return np.stack(joints, axis=1).astype(np.float32)


def _least(visibility: Floats, blends: list[Blend]) -> Floats32:
    return np.stack([visibility[:, list(b)].min(axis=1) for b in blends], axis=1).astype(np.float32)
