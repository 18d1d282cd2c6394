"""Turns of clavicles, arms and legs: directions of the bones as the source has them, twist by the
hinges of elbows and knees. Feet and hands are not here: 17 joints do not show them.
"""

from __future__ import annotations

import numpy as np

from ....shared.arrays import Floats
from . import frames
from .frames import direction
from .landmarks import LIMB_JOINTS, Body
from .twist import ELBOW, KNEE, hinge_at_rest, hinge_track
from .vectors import (
    between,
    cross,
    dot,
    length,
    mul,
    partway,
    side_by_side,
    transposed,
    turned,
    unit,
)

Turns = dict[str, Floats]

CLAVICLE_FREE, CLAVICLE_SHARE = np.radians(12.0), 0.5
"""A clavicle follows the seen shoulder fully up to this angle from its place at rest, and half of
the way beyond: joint 8 is too roughly defined to trust it all."""

CLAVICLE_MOST = np.radians(30.0)
"""It goes no further."""


def clavicle_turns(joints: Floats, body: Body, chest: Floats) -> Turns:
    """Turns (F, 3, 3) under those of the chest for joints (F, 17, 3)."""
    turns: Turns = {}
    for bone, shoulder in ((body.bone_map.left.clavicle, 11), (body.bone_map.right.clavicle, 14)):
        if bone:
            head = body.rest.heads[body.bone(bone)]
            to_head = turned(chest, head - body.rest_joints[8])
            own = turned(chest, body.rest_joints[shoulder] - head)
            wanted = aimed(direction(joints, 8, shoulder), to_head, length(own))
            turns[bone] = _damped(chest, unit(own), unit(wanted))
    return turns


def aimed(along: Floats, start: Floats, size: Floats) -> Floats:
    """Vectors (F, 3) of length `size` (F,) from `start` (F, 3) onto the ray `along` from 0.

    They lead as near to the ray as they can where it is too far away.
    """
    half = dot(along, start)
    room = np.maximum(half**2 - dot(start, start) + size**2, 0.0)
    return (half + np.sqrt(room))[..., None] * along - start


def _damped(chest: Floats, at_rest: Floats, wanted: Floats) -> Floats:
    """The clavicle's turn that brings its direction from `at_rest` towards `wanted` (F, 3)."""
    angle = np.arctan2(length(cross(at_rest, wanted)), dot(at_rest, wanted))
    kept = np.where(
        angle < CLAVICLE_FREE, angle, CLAVICLE_FREE + CLAVICLE_SHARE * (angle - CLAVICLE_FREE)
    )
    share = np.minimum(kept, CLAVICLE_MOST) / np.maximum(angle, 1e-9)
    return partway(chest, mul(between(at_rest, wanted), chest), share)


def limb_turns(joints: Floats, body: Body, trunk: Turns, fps: float) -> Turns:
    """Turns (F, 3, 3) of upper and lower arms and legs."""
    chest, pelvis = trunk[body.bone_map.chest], trunk[body.bone_map.hips]
    parents = side_by_side([chest, chest, pelvis, pelvis], 2)
    upper_rest, lower_rest = _directions(body.rest_joints)
    hinge_rest = rest_hinges(body)
    upper, lower = (turned(transposed(parents), along) for along in _directions(joints))
    hinge = hinge_track(upper, lower, upper_rest, hinge_rest, (ELBOW, ELBOW, KNEE, KNEE), fps)
    both: list[Floats] = []
    for now, rest in ((upper, upper_rest), (lower, lower_rest)):
        axis = turned(between(upper, now), hinge) if both else hinge
        axis_rest = turned(between(upper_rest, rest), hinge_rest) if both else hinge_rest
        at_rest = transposed(frames.limb(rest, axis_rest))
        both.append(mul(parents, mul(frames.limb(now, axis), at_rest)))
    return {
        name: turns[:, limb]
        for limb, names in enumerate(body.limb_bones)
        for name, turns in zip(names, both, strict=False)
    }


def rest_hinges(body: Body) -> Floats:
    """(4, 3) axes of elbows and knees in the rest pose."""
    upper, lower = _directions(body.rest_joints)
    return hinge_at_rest(upper, lower, _anatomical_hinges(body, upper))


def _directions(joints: Floats) -> tuple[Floats, Floats]:
    """Unit directions (..., 4, 3) of the upper and of the lower bones of the four limbs."""
    pairs = [[limb[i : i + 2] for limb in LIMB_JOINTS] for i in (0, 1)]
    if joints.ndim == 2:
        upper, lower = (np.stack([direction(joints, *pair) for pair in own]) for own in pairs)
    else:
        upper, lower = (side_by_side([direction(joints, *p) for p in own]) for own in pairs)
    return upper, lower


def _anatomical_hinges(body: Body, upper_rest: Floats) -> Floats:
    """(4, 3): elbows bend the forearm forwards, knees the shin backwards.

    Upwards where the arm itself points forwards.
    """
    left, up, forward = body.axes[:, 0], body.axes[:, 1], body.axes[:, 2]
    sideways: Floats = np.cross(upper_rest[:2], forward)
    pointing_forward = np.linalg.norm(sideways, axis=-1, keepdims=True) < 0.3
    elbows = np.where(pointing_forward, np.cross(upper_rest[:2], up), sideways)
    return np.concatenate([elbows, [left, left]])
