"""Turns of hips and spine: a weighted fit of all directions of the trunk at once.

Wahba's problem for a body that bends: the directions of the line of the hips, of both pieces of the
source's spine and of the line of the shoulders are met by the turns of pelvis and chest and by a
sideways bend between them (Gauss-Newton on the rig's own bones). What a rig can show is met.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ....shared.arrays import Floats
from . import frames
from .landmarks import Body
from .smooth import smooth
from .vectors import (
    across,
    cross,
    dot,
    length,
    mul,
    partway,
    small_turn,
    turned,
    unit,
)

Turns = dict[str, Floats]

ROUNDS = 8
ENOUGH = 1e-4
"""Radians: a smaller step ends the search, which gains a digit or more in every round."""

DAMPING = 1e-4
"""Against weights of 1: what nothing determines stays where it was."""

PINNED = 1e6

STRAIGHT_PULL = 1e-4
"""Of the bend, against weights of 1."""

EASY_BEND, BEND_PULL = np.radians(15.0), 0.1
"""What is beyond this sideways bend is pulled back. Where a single bone carries it, as on generated
Rigify, a few centimetres at joint 7 would otherwise break the spine by 40 degrees; the pelvis takes
2 of them instead."""

LARGEST_STEP, BEND_MOST = 0.4, np.radians(50.0)
"""Radians: of a round, and of the whole sideways bend. Some joints show a trunk that the rig cannot
take; the search would go on for ever there."""

STUCK, DAMPER = 0.5, 10.0
"""A frame whose step is more than this share of the one before gets so many times the damping
(Levenberg and Marquardt)."""

BEND_S = 0.01
"""Seconds: time scale of the sideways bend where it moves joint 7 fully. It is longer where it does
less."""

SHORTEST_LEVER = 0.01

YAW_WEIGHT = 0.4
"""Of the shoulders' line against a piece of the spine, where a rig cannot show both."""

HIPS, SHOULDERS = (1, 4), (14, 11)
"""Joints of both lines, from right to left."""

LOWER_SPINE, UPPER_SPINE = 0.2, 0.76
"""Between these fractions of the way from hips to neck the spine goes over from pelvis to chest."""


@dataclass(frozen=True)
class _Piece:
    """A straight piece (3,) of the rig's spine at rest, and how it follows pelvis and bend."""

    offset: Floats
    bone: str
    pelvis: float
    bend: float


def trunk_turns(joints: Floats, body: Body, fps: float) -> Turns:
    """Turns (F, 3, 3) of hips and spine for joints (F, 17, 3)."""
    fit = _Fit(joints, body)
    fit.search()
    if len(body.bone_map.spine) > 1:
        fit.steady_bend(fps)
        fit.search(free_bend=False)
    return fit.turns()


class _Fit:
    """Turns of pelvis and chest (F, 3, 3), and how far the spine is bent sideways (F,), radians."""

    def __init__(self, joints: Floats, body: Body) -> None:
        rest, self.body = body.rest_joints, body
        self.pelvis = mul(frames.pelvis(joints), frames.pelvis(rest).T)
        self.chest = mul(frames.chest(joints), frames.chest(rest).T)
        self.bend = np.zeros(len(joints))
        self.damping = np.full(len(joints), DAMPING)
        self.step = np.full(len(joints), np.inf)
        self.hips, self.lower, self.upper, self.shoulders = (
            frames.direction(joints, a, b) for a, b in (HIPS, (0, 7), (7, 8), SHOULDERS)
        )
        self.lines = [frames.direction(rest, *pair) for pair in (HIPS, SHOULDERS)]
        self.forward = unit(cross(self.hips, self.lower))
        self.pieces = _pieces(body)

    def search(self, free_bend: bool = True) -> None:
        for _ in range(ROUNDS):
            if self.improve(free_bend) < ENOUGH:
                break

    def improve(self, free_bend: bool) -> float:
        """One round; returns the largest step in radians."""
        turns, names = self.turns(), self.body.bone_map
        system = _System(self.forward, self.damping)
        if not free_bend:
            system.matrix[3, 3] += PINNED
        hips, shoulders = (
            turned(turns[name], line)
            for name, line in zip((names.hips, names.chest), self.lines, strict=True)
        )
        system.add(self.hips, hips, [hips, None, None])
        system.add_pieces(self.lower, self.pieces[0], turns)
        system.add_pieces(self.upper, self.pieces[1], turns)
        system.add_yaw(self.shoulders, shoulders, self.upper)
        system.prefer_straight(self.bend)
        pelvis, bend, chest = system.solved()
        step = np.maximum(np.maximum(length(pelvis), length(chest)), np.abs(bend))
        stuck = step > STUCK * self.step
        self.damping, self.step = self.damping * DAMPER**stuck, step
        share = np.minimum(LARGEST_STEP / np.maximum(step, 1e-9), 1.0)
        pelvis, bend, chest = pelvis * share[:, None], bend * share, chest * share[:, None]
        self.pelvis = mul(small_turn(pelvis), self.pelvis)
        self.chest = mul(small_turn(chest), self.chest)
        self.bend = np.clip(self.bend + bend, -BEND_MOST, BEND_MOST)
        return float(step.max())

    def steady_bend(self, fps: float) -> None:
        """The less the bend moves joint 7, the more it makes of noise there, and the more slowly
        it may change."""
        sizes = [float(length(piece.offset)) for piece in self.pieces[0]]
        bent = sum(size * p.bend for size, p in zip(sizes, self.pieces[0], strict=True))
        lever = max(bent / max(sum(sizes), 1e-9), SHORTEST_LEVER)
        weights = np.full((len(self.bend), 1), lever**2)
        self.bend = smooth(self.bend[:, None], weights, (BEND_S * fps) ** 4)[:, 0]

    def turns(self) -> Turns:
        """Of hips and spine."""
        names = self.body.bone_map
        turns = {names.hips: self.pelvis}
        bend = small_turn(2 * np.tan(self.bend / 2)[:, None] * self.forward)
        for name, share in zip(names.spine[:-1], _shares(self.body), strict=False):
            turns[name] = mul(bend, partway(self.pelvis, self.chest, share))
        return turns | {names.chest: self.chest}


class _System:
    """Normal equations (7, 7) of three small turns, for all frames: pelvis and chest about any
    axis, the bend between them sideways alone, about `forward` (F, 3). Forwards and in twist two
    pieces of a spine leave nothing for it to do.
    """

    def __init__(self, forward: Floats, damping: Floats) -> None:
        self.forward = forward
        self.matrix = np.zeros((7, 7, len(forward)))
        self.right = np.zeros((7, len(forward)))
        for i in range(7):
            self.matrix[i, i] = damping

    def prefer_straight(self, bend: Floats) -> None:
        """A weak pull of the bend (F,) to none, for what the rig cannot show at all, and a strong
        one where it is no longer easy."""
        past = bend - np.clip(bend, -EASY_BEND, EASY_BEND)
        self.matrix[3, 3] += STRAIGHT_PULL + BEND_PULL * (past != 0)
        self.right[3] -= STRAIGHT_PULL * bend + BEND_PULL * past

    def add_pieces(self, wanted: Floats, pieces: list[_Piece], turns: Turns) -> None:
        """The direction of a chain of the rig's bones."""
        moved = [turned(turns[piece.bone], piece.offset) for piece in pieces]
        shown = sum(moved[1:], moved[0])
        size = length(shown)[..., None]
        shares = ([p.pelvis, p.bend, 1 - p.pelvis] for p in pieces)
        arms: list[Floats | None] = []
        for own in zip(*shares, strict=True):
            parts = [share * way for share, way in zip(own, moved, strict=True) if share]
            arms.append(sum(parts[1:], parts[0]) / size if parts else None)
        self.add(wanted, shown / size, arms)

    def add(self, wanted: Floats, shown: Floats, arms: list[Floats | None]) -> None:
        """A unit vector `shown` (F, 3) that a small turn w of an arm (F, 3) moves by w x arm.

        Both sides are written as turns: shown x (w x arm) = w (shown . arm) - arm (shown . w).
        """
        error = cross(shown, wanted)
        columns: dict[int, Floats] = {}
        for place, arm in zip((0, 3, 4), arms, strict=True):
            if arm is not None:
                along = dot(shown, arm)[..., None]
                axes = (self.forward,) if place == 3 else np.eye(3)
                for i, axis in enumerate(axes):
                    columns[place + i] = along * axis - arm * dot(shown, axis)[..., None]
        for i, first in columns.items():
            self.right[i] += dot(first, error)
            for j, second in columns.items():
                if j >= i:
                    self.matrix[i, j] += dot(first, second)

    def add_yaw(self, wanted: Floats, shown: Floats, axis: Floats) -> None:
        """How far the chest is turned about `axis` (F, 3) is all that the shoulders' line says:
        clavicles tilt it.
        """
        shown = across(shown, axis)
        error = np.arctan2(dot(axis, cross(shown, wanted)), dot(shown, wanted))
        for i in range(3):
            self.right[4 + i] += YAW_WEIGHT * axis[..., i] * error
            for j in range(i, 3):
                self.matrix[4 + i, 4 + j] += YAW_WEIGHT * axis[..., i] * axis[..., j]

    def solved(self) -> tuple[Floats, Floats, Floats]:
        """Small turns of pelvis, bend (F,) and chest, (F, 3) each, in radians.

        Gauss elimination of all frames at once; of symmetric matrices the upper half is enough.
        """
        left, right = self.matrix, self.right
        for pivot in range(7):
            for row in range(pivot + 1, 7):
                factor = left[pivot, row] / left[pivot, pivot]
                left[row, row:] -= factor * left[pivot, row:]
                right[row] -= factor * right[pivot]
        for row in reversed(range(7)):
            for known in range(row + 1, 7):
                right[row] -= left[row, known] * right[known]
            right[row] /= left[row, row]
        pelvis, chest = (np.moveaxis(right[i : i + 3], 0, -1) for i in (0, 4))
        return pelvis, right[3], chest


def _shares(body: Body) -> list[float]:
    """How far each spine bone below the chest has gone over from pelvis to chest."""
    return frames.smoothstep(LOWER_SPINE, UPPER_SPINE, body.spine_shares)[:-1].tolist()


def _pieces(body: Body) -> tuple[list[_Piece], list[_Piece]]:
    """The rig's way from joint 0 to joint 7, and from there to joint 8."""
    names = body.bone_map
    bones = [names.hips, *names.spine]
    pelvis = [1.0, *(1 - share for share in _shares(body)), 0.0]
    bends = [0.0, *([1.0] * (len(names.spine) - 1)), 0.0]
    points, (segment, share) = body.spine_points, body.middle_of_spine
    ways = [
        _Piece(end - start, bone, own, bend)
        for (start, end), bone, own, bend in zip(
            pairwise(points), bones, pelvis, bends, strict=True
        )
    ]
    cut = ways[segment]
    below, above = (
        _Piece(part * cut.offset, cut.bone, cut.pelvis, cut.bend) for part in (share, 1 - share)
    )
    return [*ways[:segment], below], [above, *ways[segment + 1 :]]
