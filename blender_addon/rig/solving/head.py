"""Turns of neck and head, under those of the trunk."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ....shared.arrays import Floats
from . import frames
from .landmarks import Body
from .limbs import aimed
from .smooth import smooth
from .trunk import SHORTEST_LEVER, Turns
from .vectors import (
    between,
    dot,
    length,
    matrix,
    mul,
    partway,
    quaternion,
    rows_of_frames,
    turned,
    unit,
)

NECK_S = 0.008
"""Seconds: time scale of the neck's swing; heads turn faster than trunks."""


def head_turns(joints: Floats, body: Body, trunk: Turns, fps: float) -> Turns:
    """Turns (F, 3, 3) of neck and head, under those of the trunk.

    The head's follows from its own frame; the neck then leads from the chest to where the source
    has joint 9, as far as its length allows.
    """
    chest = trunk[body.bone_map.chest]
    forward_rest = -frames.chest(body.rest_joints)[:, 2]
    head_now = frames.head(joints, turned(chest, forward_rest))
    head = mul(head_now, frames.head(body.rest_joints, forward_rest).T)
    neck = body.bone_map.neck
    turns = {name: partway(chest, head, (i + 1) / (len(neck) + 1)) for i, name in enumerate(neck)}
    if neck:
        swing = _neck_swing(joints, body, turns, head, fps)
        turns = {name: mul(swing, turn) for name, turn in turns.items()}
    return turns | {body.bone_map.head: head}


def _neck_swing(joints: Floats, body: Body, turns: Turns, head: Floats, fps: float) -> Floats:
    """Rotations (F, 3, 3) of the whole neck that bring joint 9 onto the source's way from 8.

    A neck that is short against the way to joint 9 makes much of noise, as the bend does.
    """
    names = (*turns, body.bone_map.head)
    points = [body.rest.heads[body.bone(name)] for name in names]
    ways = [turned(turns[n], b - a) for n, (a, b) in zip(turns, pairwise(points), strict=True)]
    neck = rows_of_frames(sum(ways[1:], ways[0]))
    nose = turned(head, body.rest_joints[9] - points[-1])
    wanted = aimed(frames.direction(joints, 8, 9), nose, length(neck))
    quat = quaternion(between(unit(neck), unit(wanted)))
    lever = float(np.median(length(neck) / (length(neck) + length(nose))))
    weights = np.full((len(quat), 1), max(lever, SHORTEST_LEVER) ** 2)
    axis = smooth(quat[:, 1:], weights, (NECK_S * fps) ** 4)
    cosine = np.sqrt(np.maximum(1 - dot(axis, axis), 0.0))
    return matrix(np.concatenate([cosine[:, None], axis], axis=1))
