"""Feet that stay: planted feet hold their place, none goes through the floor, knees give way.

After Kovar, Schreiner and Gleicher (Footskate Cleanup, 2002): plants are met exactly, the body
moves first, two-bone solutions do the rest, and before and after a plant the change fades smoothly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Bools, Floats
from ...shared.rotations import frame
from .frames import direction, smoothstep, turned
from .kinematics import partway
from .landmarks import LIMB_JOINTS, Body
from .plants import EASE_S, eased, find_plants
from .smooth import most, smooth
from .standing import flat_share
from .two_bone import STRETCH, reach

BODY_S, BODY_PULL = np.array([0.2, 0.2, 0.04]), 0.02
"""Time scale per axis on which the body follows its planted feet, and the weight of not following
at all. Upwards it follows fast: the height of a hip above a straight leg hardly depends on noise in
the leg's direction, but a knee that has to make up for a wrong height bends visibly."""

FLAT_S = 0.04
"""Faster changes between a foot that lies flat and one that hangs are smoothed away."""

NEAR_S = 0.08
"""Feet are lifted over the floor, and hips lowered, from so long before until so long after."""

LEGS = LIMB_JOINTS[2:]


@dataclass(frozen=True)
class Footing:
    """turns: of thighs, shins and feet; move (F, 3): of the whole body, world units."""

    turns: dict[str, Floats]
    move: Floats


@dataclass(frozen=True)
class _Standing:
    """Where ankles are held: wanted (F, 2, 3), held (F, 2); facing (F, 2, 3): each foot's left."""

    wanted: Floats
    held: Bools
    facing: Floats


def stand(
    joints: Floats,
    posed: Floats,
    body: Body,
    turns: dict[str, Floats],
    hinges: Floats,
    contacts: Bools,
    fps: float,
    floor: float,
) -> Footing:
    """Feet on the floor at height `floor` where `contacts` (F, 2: left, right) says so.

    joints (F, 17, 3) source; posed (F, 17, 3) the rig's joints in the world under `turns`; hinges
    (2, 3) axes of the knees at rest.
    """
    standing = _standing(posed, body, turns, contacts, fps, floor)
    move = _body_move(posed, standing, fps)
    targets = posed[:, _ankles()] + move[:, None]
    for foot in range(2):
        gap = standing.wanted[:, foot] - targets[:, foot]
        targets[:, foot] += eased(gap, standing.held[:, foot], EASE_S, fps)
    feet = _feet(joints, body, turns, standing, fps)
    feet, lifts = _above_floor(feet, targets[..., 2] - floor, body, standing, fps)
    targets[..., 2] += lifts
    move[:, 2] -= _stretched(posed + move[:, None], targets, standing.held, fps)
    return Footing(_legs(posed + move[:, None], targets, body, turns, hinges) | feet, move)


def _ankles() -> list[int]:
    return [leg[2] for leg in LEGS]


def _foot_heights(body: Body) -> Floats:
    """(2,): each ankle above its own sole when the foot lies flat."""
    return np.array([-float((points @ body.up).min()) for points in body.soles])


def _standing(
    posed: Floats,
    body: Body,
    turns: dict[str, Floats],
    contacts: Bools,
    fps: float,
    floor: float,
) -> _Standing:
    ankles = posed[:, _ankles()]
    wanted, held = ankles.copy(), np.zeros(contacts.shape, bool)
    wanted[..., 2] = floor + _foot_heights(body)
    shins = [names[1] for names in body.limb_bones[2:]]
    facing = np.stack([turned(turns[shin], body.axes[:, 0]) for shin in shins], axis=1)
    for foot in range(2):
        own = facing[:, foot].copy()
        for plant in find_plants(ankles[:, foot], contacts[:, foot], body.leg_length, fps):
            frames = slice(plant.start, plant.stop)
            held[frames, foot] = True
            wanted[frames, foot, :2] = plant.place
            facing[frames, foot] = own[frames].mean(axis=0)
        change = facing[:, foot] - own
        facing[:, foot] = own + eased(change, held[:, foot], EASE_S, fps)
    return _Standing(wanted, held, facing)


def _body_move(posed: Floats, standing: _Standing, fps: float) -> Floats:
    """(F, 3): the body goes where its planted feet pull it on average, smoothly."""
    gaps = np.where(standing.held[..., None], standing.wanted - posed[:, _ankles()], 0.0)
    count = standing.held.sum(axis=1)[:, None]
    mean = gaps.sum(axis=1) / np.maximum(count, 1)
    weights = np.repeat(count + BODY_PULL, 3, axis=1)
    return smooth(mean * count / (count + BODY_PULL), weights, (BODY_S * fps) ** 4)


def _feet(
    joints: Floats, body: Body, turns: dict[str, Floats], standing: _Standing, fps: float
) -> dict[str, Floats]:
    """Feet follow the shin; planted or near the floor they lie flat and keep their heading."""
    near = smooth(flat_share(joints), np.ones((len(joints), 2)), (FLAT_S * fps) ** 4)
    feet: dict[str, Floats] = {}
    for foot, ((_, knee, ankle), names) in enumerate(zip(LEGS, body.limb_bones[2:], strict=True)):
        upright = smoothstep(0.3, 0.7, -direction(joints, knee, ankle)[:, 2])
        planted = eased(np.ones((len(joints), 1)), standing.held[:, foot], EASE_S, fps)[:, 0]
        planted = np.clip(planted, 0.0, 1.0) * upright
        share = np.clip(near[:, foot], 0.0, 1.0)
        share = (share + (1 - share) * planted) * _level(standing.facing[:, foot])
        feet[names[2]] = partway(turns[names[1]], _flat(body, standing, foot), share[:, None])
    return feet


def _level(facing: Floats) -> Floats:
    """1 where a foot's left lies in the plane of the floor, 0 where it points up or down."""
    return smoothstep(0.3, 0.7, np.linalg.norm(facing[:, :2], axis=-1))


def _flat(body: Body, standing: _Standing, foot: int) -> Floats:
    """Turns (F, 3, 3) of a foot that lies flat and keeps its heading."""
    upright = np.broadcast_to([0.0, 0.0, 1.0], standing.facing[:, foot].shape)
    return frame(upright, standing.facing[:, foot]) @ frame(body.up, body.axes[:, 0]).T


def _above_floor(
    feet: dict[str, Floats],
    heights: Floats,
    body: Body,
    standing: _Standing,
    fps: float,
) -> tuple[dict[str, Floats], Floats]:
    """Feet turned towards flat as far as the floor demands, and what their ankles still lack.

    heights (F, 2) of the ankles above the floor; the lifts have the same shape.
    """
    around = max(1, round(NEAR_S * fps))
    lifts = np.zeros_like(heights)
    raised: dict[str, Floats] = {}
    for foot, names in enumerate(body.limb_bones[2:]):
        turn, height = feet[names[2]], heights[:, foot]
        flat = _flat(body, standing, foot)
        low, low_flat = (height + _lowest(t, body.soles[foot]) for t in (turn, flat))
        share = np.clip(-low / np.maximum(low_flat - low, 1e-6), 0.0, 1.0)
        share *= _level(standing.facing[:, foot])
        turn = partway(turn, flat, np.minimum(most(share[:, None], around), 1.0))
        below = np.maximum(-height - _lowest(turn, body.soles[foot]), 0.0)[:, None]
        free = np.where(standing.held[:, foot, None], 0.0, 1.0)
        lifts[:, foot] = np.maximum(below, most(below, around) * free)[:, 0]
        raised[names[2]] = turn
    return raised, lifts


def _lowest(turn: Floats, points: Floats) -> Floats:
    """(F,) height of the lowest of points (N, 3) under turns (F, 3, 3)."""
    return (turn[:, 2] @ points.T).min(axis=1)


def _stretched(moved: Floats, targets: Floats, held: Bools, fps: float) -> Floats:
    """(F,) how far the body must sink for its legs to reach planted feet."""
    need = np.zeros(held.shape)
    for foot, (hip, knee, ankle) in enumerate(LEGS):
        length = np.linalg.norm(np.diff(moved[0, [hip, knee, ankle]], axis=0), axis=-1).sum()
        way = moved[:, hip] - targets[:, foot]
        own = np.linalg.norm(moved[:, hip] - moved[:, ankle], axis=-1)
        room = np.maximum(
            np.maximum(STRETCH * length, own) ** 2 - np.sum(way[:, :2] ** 2, axis=1), 0
        )
        need[:, foot] = np.maximum(way[:, 2] - np.sqrt(room), 0.0) * held[:, foot]
    return most(need.max(axis=1, keepdims=True), max(1, round(NEAR_S * fps)))[:, 0]


def _legs(
    moved: Floats, targets: Floats, body: Body, turns: dict[str, Floats], hinges: Floats
) -> dict[str, Floats]:
    names = [limb[:2] for limb in body.limb_bones[2:]]
    axes = np.stack(
        [turned(turns[thigh], hinge) for (thigh, _), hinge in zip(names, hinges, strict=True)], 1
    )
    start, hinge, end = (moved[:, [leg[i] for leg in LEGS]] for i in range(3))
    upper, lower = reach(start, hinge, end, targets, axes)
    bent: dict[str, Floats] = {}
    for foot, (thigh, shin) in enumerate(names):
        bent |= {thigh: upper[:, foot] @ turns[thigh], shin: lower[:, foot] @ turns[shin]}
    return bent
