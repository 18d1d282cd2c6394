"""Feet that stay: planted feet hold their place, none goes through the floor, knees give way.

After Kovar, Schreiner and Gleicher (Footskate Cleanup, 2002): plants are met exactly, the body
moves first, two-bone solutions do the rest, and before and after a plant the change fades smoothly.
With the heel down a foot lies flat; on its toes alone it rolls about its ball as high as the
source's ankle goes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ....shared.arrays import Bools, Floats
from ..solving.frames import direction, smoothstep
from ..solving.landmarks import Body
from ..solving.smooth import most, smooth
from ..solving.vectors import columns, frame, mul, partway, turned
from .legs import LEGS, NEAR_S, bent_legs, in_easy_reach, sunk
from .plants import EASE_S, Contacts, eased, find_plants, given_plants
from .standing import flat_share, leg_length

BODY_S, BODY_PULL = np.array([0.2, 0.2, 0.04]), 0.02
"""Time scale per axis on which the body follows its planted feet, and the weight of not following
at all. Upwards it follows fast: the height of a hip above a straight leg hardly depends on noise in
the leg's direction, but a knee that has to make up for a wrong height bends visibly."""

FLAT_S = 0.04
"""Faster changes between a foot that lies flat and one that hangs are smoothed away."""

FLATTEN_ROUNDS, FLAT_ENOUGH = 12, 0.01
"""Rounds at most, and the share of the way to flat that is not worth one."""

SETTLE_S = 0.2
"""A heel that begins to rise, or comes down, takes so long to reach the height of the source's."""


@dataclass(frozen=True)
class Footing:
    """turns: of thighs, shins, feet and toes; move (F, 3): of the whole body, world units."""

    turns: dict[str, Floats]
    move: Floats


@dataclass(frozen=True)
class _Standing:
    """Where ankles are held: wanted (F, 2, 3), held (F, 2); flat, rolled: turns (F, 3, 3) of each
    foot that lies flat on the floor, and that stands as its contacts say; level (F, 2): 1 where the
    foot's left lies in the plane of the floor, 0 where it points up or down.
    """

    wanted: Floats
    held: Bools
    flat: tuple[Floats, Floats]
    rolled: tuple[Floats, Floats]
    level: Floats


def stand(
    joints: Floats,
    posed: Floats,
    body: Body,
    turns: dict[str, Floats],
    hinges: Floats,
    contacts: Contacts,
    fps: float,
    floor: float,
) -> Footing:
    """Feet on the floor at height `floor` where the contacts say so.

    joints (F, 17, 3) source; posed (F, 17, 3) the rig's joints in the world under `turns`; hinges
    (2, 3) axes of the knees at rest.
    """
    standing = _standing(joints, posed, body, turns, contacts, fps, floor)
    move = _body_move(posed, standing, fps)
    targets = posed[:, _ankles()] + move[:, None]
    for foot in range(2):
        gap = standing.wanted[:, foot] - targets[:, foot]
        targets[:, foot] += eased(gap, standing.held[:, foot], EASE_S, fps)
    feet = _feet(joints, body, turns, standing, fps)
    feet, shifts = _above_floor(feet, targets[..., 2] - floor, body, standing, fps)
    targets += shifts
    feet |= _toes(feet, targets[..., 2] - floor, body, standing, fps)
    move[:, 2] -= sunk(posed + move[:, None], targets, standing.held, fps)
    moved = posed + move[:, None]
    targets = in_easy_reach(moved, targets, standing.held)
    return Footing(bent_legs(moved, targets, body, turns, hinges) | feet, move)


def _ankles() -> list[int]:
    return [leg[2] for leg in LEGS]


def _standing(
    joints: Floats,
    posed: Floats,
    body: Body,
    turns: dict[str, Floats],
    contacts: Contacts,
    fps: float,
    floor: float,
) -> _Standing:
    ankles = posed[:, _ankles()]
    wanted, held = ankles.copy(), np.zeros((len(ankles), 2), bool)
    flats: list[Floats] = []
    rolled: list[Floats] = []
    level = np.empty((len(ankles), 2))
    for foot, (_, shin, _) in enumerate(body.limb_bones[2:]):
        heel, toe = contacts.spans[:, 2 * foot : 2 * foot + 2].T
        own, facing = body.feet[foot], turned(turns[shin], body.axes[:, 0])
        roll = _roll(own.roll(ankles[:, foot, 2] - floor), heel > 0, toe > 0, fps)
        level_turn = _foot_turn(body, facing, np.zeros_like(roll))
        rolling = turned(_foot_turn(body, facing, roll), own.ball) - turned(level_turn, own.ball)
        base = (ankles[:, foot] + rolling)[:, :2]  # where the ankle would be with the heel down
        if contacts.exact:
            plants = given_plants(base, heel, toe)
        else:
            seen = joints[:, LEGS[foot][2], :2]
            plants = find_plants(base, (heel > 0) | (toe > 0), seen, leg_length(joints), fps)
        places, turning = np.zeros((len(ankles), 3)), np.zeros(len(ankles))
        places[:, 2] = floor + own.ankle_height
        for plant in plants:
            frames = slice(plant.start, plant.stop)
            held[frames, foot] = True
            places[frames, :2] = plant.place
            turning[frames] = _heading(facing[frames].mean(axis=0), facing[frames])
        level[:, foot] = smoothstep(0.3, 0.7, np.linalg.norm(facing[:, :2], axis=-1))
        facing = _turned_by(facing, eased(turning[:, None], held[:, foot], EASE_S, fps)[:, 0])
        roll = eased(roll[:, None], held[:, foot], EASE_S, fps)[:, 0]
        flats.append(_foot_turn(body, facing, np.zeros_like(roll)))
        rolled.append(_foot_turn(body, facing, roll))
        on_ball = places + turned(flats[foot], own.ball) - turned(rolled[foot], own.ball)
        wanted[:, foot] = np.where(held[:, foot, None], on_ball, wanted[:, foot])
    return _Standing(wanted, held, (flats[0], flats[1]), (rolled[0], rolled[1]), level)


def _heading(wanted: Floats, now: Floats) -> Floats:
    """Radians (F,), -pi to pi, about the vertical from `now` (F, 3) to `wanted` (3,)."""
    across = now[:, 0] * wanted[1] - now[:, 1] * wanted[0]
    return np.arctan2(across, now[:, :2] @ wanted[:2])


def _turned_by(vectors: Floats, angles: Floats) -> Floats:
    """(F, 3) turned about the vertical by radians (F,)."""
    sine, cosine = np.sin(angles), np.cos(angles)
    x, y, z = vectors.T
    return np.stack([cosine * x - sine * y, sine * x + cosine * y, z], axis=-1)


def _roll(seen: Floats, heel: Bools, toe: Bools, fps: float) -> Floats:
    """Radians (F,) by which a heel is lifted: as seen where the toes stand alone, 0 with the heel
    down, and smooth in between.
    """
    free = toe & ~heel
    if not free.any():
        return np.zeros_like(seen)
    down = np.flatnonzero(heel)
    away = np.full(len(seen), np.inf)
    if len(down):
        after = np.searchsorted(down, np.arange(len(seen)))
        near = down[np.minimum(after, len(down) - 1)], down[np.maximum(after - 1, 0)]
        away = np.minimum(*(np.abs(np.arange(len(seen)) - other) for other in near))
    steady = smooth(seen[:, None], np.ones((len(seen), 1)), (FLAT_S * fps) ** 4)[:, 0]
    return np.where(free, np.maximum(steady, 0.0) * smoothstep(0.0, SETTLE_S * fps, away), 0.0)


def _foot_turn(body: Body, facing: Floats, roll: Floats) -> Floats:
    """Turns (F, 3, 3) of a foot that keeps its heading, its left `facing` (F, 3), its heel up by
    `roll` (F,)."""
    upright = np.broadcast_to([0.0, 0.0, 1.0], facing.shape)
    flat = frame(upright, facing)
    up, left, back = (flat[..., i] for i in range(3))
    sine, cosine = np.sin(roll)[:, None], np.cos(roll)[:, None]
    # The third column, up x left, points backwards; a rising heel lifts it.
    raised = columns(cosine * up - sine * back, left, cosine * back + sine * up)
    return mul(raised, frame(body.up, body.axes[:, 0]).T)


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
    """Feet follow the shin; planted or near the floor they lie on it and keep their heading."""
    near = smooth(flat_share(joints), np.ones((len(joints), 1)), (FLAT_S * fps) ** 4)
    feet: dict[str, Floats] = {}
    for foot, ((_, knee, ankle), names) in enumerate(zip(LEGS, body.limb_bones[2:], strict=True)):
        upright = smoothstep(0.3, 0.7, -direction(joints, knee, ankle)[:, 2])
        planted = eased(np.ones((len(joints), 1)), standing.held[:, foot], EASE_S, fps)[:, 0]
        planted = np.clip(planted, 0.0, 1.0) * upright
        share = np.clip(near[:, foot], 0.0, 1.0)
        share = (share + (1 - share) * planted) * standing.level[:, foot]
        feet[names[2]] = partway(turns[names[1]], standing.rolled[foot], share)
    return feet


def _above_floor(
    feet: dict[str, Floats],
    heights: Floats,
    body: Body,
    standing: _Standing,
    fps: float,
) -> tuple[dict[str, Floats], Floats]:
    """Feet turned towards flat as far as the floor demands, and how their ankles have to move then
    (F, 2, 3): balls that stand stay in their place, and what is still below the floor is lifted.

    heights (F, 2) of the ankles above the floor.
    """
    around = max(1, round(NEAR_S * fps))
    shifts = np.zeros((*heights.shape, 3))
    raised: dict[str, Floats] = {}
    for foot, names in enumerate(body.limb_bones[2:]):
        own, height = body.feet[foot], heights[:, foot]
        flat, level = standing.flat[foot], standing.level[:, foot]
        turn = _flattened(feet[names[2]], flat, height, own.lowest, level, around, 1)
        held = standing.held[:, foot]
        strayed = turned(standing.rolled[foot], own.ball) - turned(turn, own.ball)
        shifts[:, foot] = eased(strayed, held, EASE_S, fps)
        height = height + shifts[:, foot, 2]
        below = np.maximum(-height - own.lowest(turn), 0.0)[:, None]
        free = np.where(held[:, None], 0.0, 1.0)
        shifts[:, foot, 2] += np.maximum(below, most(below, around) * free)[:, 0]
        raised[names[2]] = turn
    return raised, shifts


def _toes(
    feet: dict[str, Floats], heights: Floats, body: Body, standing: _Standing, fps: float
) -> dict[str, Floats]:
    """Toes follow their foot, and bend where they would go through the floor."""
    around = max(1, round(NEAR_S * fps))
    toes: dict[str, Floats] = {}
    for foot, (names, side) in enumerate(
        zip(body.limb_bones[2:], (body.bone_map.left, body.bone_map.right), strict=True)
    ):
        own, turn = body.feet[foot], feet[names[2]]
        if side.toe:
            ball = heights[:, foot] + turned(turn, own.ball)[:, 2]
            flat, level = standing.flat[foot], standing.level[:, foot]
            toes[side.toe] = _flattened(turn, flat, ball, own.lowest_toe, level, around)
    return toes


def _flattened(
    turn: Floats,
    flat: Floats,
    height: Floats,
    lowest: Callable[[Floats], Floats],
    level: Floats,
    around: int,
    rounds: int = FLATTEN_ROUNDS,
) -> Floats:
    """A turn (F, 3, 3) on its way to `flat` as far as is needed for nothing to be below the floor.

    `height` (F,) is that of what it turns about, `lowest` says how far the rest reaches down (F,).
    The need is not quite linear in the way, so that it is asked for again.
    """
    low_flat = height + lowest(flat)
    for _ in range(rounds):
        low = height + lowest(turn)
        share = np.clip(-low / np.maximum(low_flat - low, 1e-6), 0.0, 1.0) * level
        if share.max() < FLAT_ENOUGH:
            break
        turn = partway(turn, flat, np.minimum(most(share[:, None], around)[:, 0], 1.0))
    return turn
