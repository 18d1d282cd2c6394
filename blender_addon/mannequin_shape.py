"""The body of a wooden artist's mannequin around any mapped rig, as plain arrays.

Every part is a loft along bones. Sizes follow the rig's own bones and leg length; there are no
assets. Knows no Blender and no motion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..shared.arrays import Floats
from ..shared.rotations import normalise
from .loft import Ints, Profile, loft, straight
from .rig.armature.rest_pose import RestPose
from .rig.mapping.bone_map import BoneMap, Side
from .rig.solving.landmarks import Body

LEG_M = 0.835
"""The leg length that the sizes below belong to: a body of 1.70 m (see `rig.landmarks`)."""

WOOD, JOINT = 0, 1
"""Material slots: the parts, and the balls between them."""

# Profiles of the parts, half widths and depths in metres.

THIGH = (
    (0.0, 0.3, 1.0),
    (0.078, 0.078, 0.050),
    (0.082, 0.082, 0.052),
)
SHIN = (
    (0.0, 0.3, 0.7, 1.0),
    (0.046, 0.052, 0.036, 0.031),
    (0.048, 0.056, 0.038, 0.033),
)
UPPER_ARM = (
    (0.0, 0.4, 1.0),
    (0.044, 0.043, 0.034),
    (0.047, 0.046, 0.036),
)
FOREARM = (
    (0.0, 0.25, 1.0),
    (0.034, 0.038, 0.024),
    (0.036, 0.040, 0.028),
)
NECK = (
    (0.0, 1.0),
    (0.050, 0.047),
    (0.050, 0.047),
)
PELVIS = (
    (0.0, 0.45, 0.75, 1.0),
    (0.112, 0.156, 0.150, 0.118),
    (0.085, 0.108, 0.105, 0.088),
)
TRUNK = (
    (0.0, 0.2, 0.5, 0.72, 0.87, 0.95, 1.0),
    (0.110, 0.112, 0.142, 0.164, 0.152, 0.110, 0.060),
    (0.080, 0.082, 0.102, 0.108, 0.094, 0.074, 0.050),
)
HEAD = (
    (0.0, 0.5, 1.0),
    (0.054, 0.075, 0.076),
    (0.066, 0.093, 0.097),
)
HAND = (
    (0.0, 0.4, 0.8, 1.0),
    (0.026, 0.043, 0.040, 0.030),
    (0.020, 0.020, 0.016, 0.013),
)
FOOT = (
    (0.0, 0.35, 0.7, 1.0),
    (0.032, 0.036, 0.047, 0.034),
    (0.040, 0.042, 0.026, 0.014),
)

HEAD_LENGTH, HEAD_FORWARD = 0.115, 0.028
HAND_LENGTH = 0.165
HEEL, FOOT_LENGTH = 0.055, 0.245
PELVIS_BELOW, PELVIS_ABOVE = 0.045, 0.075
WAIST_ABOVE = 0.05

BALLS = (
    {"upper_arm": 0.056, "forearm": 0.037, "hand": 0.027},
    {"thigh": 0.072, "shin": 0.050, "foot": 0.038},
)
"""Bone -> radius in metres of the ball at its head; arms, then legs."""


@dataclass(frozen=True)
class Shape:
    """A mesh in armature space.

    vertices  (V, 3)
    faces     (Q, 4) indices, counter-clockwise seen from outside; a triangle repeats its last one
    material  (Q,) `WOOD` or `JOINT`
    weights   bone -> (V,), 0 to 1; they sum to 1 for every vertex
    """

    vertices: Floats
    faces: Ints
    material: Ints
    weights: dict[str, Floats]


@dataclass(frozen=True)
class Part:
    """One closed surface. `bones`: the bones that hold it, with their weights (V,)."""

    vertices: Floats
    faces: Ints
    material: int
    bones: dict[str, Floats]


def build_shape(rest: RestPose, bone_map: BoneMap) -> Shape:
    """The mannequin in the rest pose. RetakeError if the rig's limbs have no length."""
    maker = Maker(Body.of(replace(rest, world=np.eye(4)), bone_map))
    return _joined(
        [
            *maker.trunk(),
            *maker.head(),
            *(part for side in (bone_map.left, bone_map.right) for part in maker.side(side)),
        ]
    )


@dataclass(frozen=True)
class Maker:
    """Makes the parts of one body, whose lengths are in armature units."""

    body: Body

    @cached_property
    def unit(self) -> float:
        """Armature units per metre of the tables above."""
        return self.body.leg_length / LEG_M

    def trunk(self) -> list[Part]:
        """Pelvis, and one smooth piece from waist to neck that bends with the spine."""
        left, up, _ = self.body.axes.T
        hip, neck = self.body.rest_joints[0], self.body.rest_joints[8]
        bones = self.body.bone_map
        span = np.linalg.norm(self._head_of(bones.left.thigh) - self._head_of(bones.right.thigh))
        wide = max(float(span) / 2 / self.unit / 0.088, 0.9)
        places, widths, depths = PELVIS
        pelvis = (places, tuple(wide * width for width in widths), depths)
        start, end = hip - PELVIS_BELOW * self.unit * up, hip + PELVIS_ABOVE * self.unit * up
        path = straight(hip + WAIST_ABOVE * self.unit * up, neck, 12)
        weights = self._spine_weights(path, hip, neck)
        return [
            self._loft(straight(start, end, 8), left, pelvis, {bones.hips: None}),
            self._loft(path, left, TRUNK, weights),
        ]

    def _spine_weights(self, path: Floats, hip: Floats, neck: Floats) -> dict[str, Floats | None]:
        """Hips, spine bones and chest share the trunk by the places of their middles."""
        bones = (self.body.bone_map.hips, *self.body.bone_map.spine)
        places = np.array([0.0, *self.body.spine_shares])
        way = (neck - hip) / np.sum((neck - hip) ** 2)
        return dict(zip(bones, _shared((path - hip) @ way, places), strict=True))

    def head(self) -> list[Part]:
        left, up, forward = self.body.axes.T
        bones = self.body.bone_map
        base, skull = self.body.rest_joints[8], self._head_of(bones.head)
        neck_bones = (bones.chest, *bones.neck, bones.head)
        path = straight(base - 0.02 * self.unit * up, skull + 0.03 * self.unit * up, 6)
        weights = _shared(np.linspace(0, 1, len(path)), np.linspace(0, 1, len(neck_bones)))
        chin = skull + (HEAD_FORWARD * forward + 0.012 * up) * self.unit
        crown = chin + HEAD_LENGTH * self.unit * up
        return [
            self._loft(path, left, NECK, dict(zip(neck_bones, weights, strict=True)), JOINT),
            self._loft(straight(chin, crown, 6), left, HEAD, {bones.head: None}),
        ]

    def side(self, side: Side) -> list[Part]:
        """Arm and leg of one side, with the balls in their joints."""
        limbs = (
            (side.upper_arm, side.forearm, UPPER_ARM),
            (side.forearm, side.hand, FOREARM),
            (side.thigh, side.shin, THIGH),
            (side.shin, side.foot, SHIN),
        )
        parts = [self._limb(start, end, profile) for start, end, profile in limbs]
        for table in BALLS:
            for name, radius in table.items():
                bone = getattr(side, name)
                parts.append(self._ball(bone, radius))
        return [*parts, self._hand(side), self._foot(side)]

    def _limb(self, bone: str, end_bone: str, profile: Profile) -> Part:
        start, end = self._head_of(bone), self._head_of(end_bone)
        path = straight(start + 0.06 * (end - start), end - 0.05 * (end - start), 8)
        return self._loft(path, self._across(end - start), profile, {bone: None})

    def _ball(self, bone: str, radius: float) -> Part:
        left, up, _ = self.body.axes.T
        path = np.repeat(self._head_of(bone)[None], 2, axis=0)
        path = path + np.outer((-1e-3, 1e-3), up) * self.unit
        round_ = ((0.0, 1.0), (radius, radius), (radius, radius))
        return self._loft(path, left, round_, {bone: None}, JOINT)

    def _hand(self, side: Side) -> Part:
        """A mitten along the hand bone, its back turned up or outwards."""
        start, tail = self._head_of(side.hand), self.body.rest.tails[self.body.bone(side.hand)]
        along = normalise(tail - start)
        path = straight(
            start + 0.02 * self.unit * along, start + HAND_LENGTH * self.unit * along, 7
        )
        _, up, forward = self.body.axes.T
        across = normalise(forward - (forward @ along) * along + 1e-6 * up)
        return self._loft(path, across, HAND, {side.hand: None})

    def _foot(self, side: Side) -> Part:
        """Flat on the rig's own floor, from behind the ankle to the tip of the toes."""
        body, unit = self.body, self.unit
        ankle = self._head_of(side.foot)
        _, _, forward = body.axes.T
        along = normalise(forward - (forward @ body.up) * body.up)
        floor = ankle - ((ankle - body.sole) @ body.up) * body.up
        heights = np.interp(np.linspace(0, 1, 12), FOOT[0], FOOT[2])
        path = straight(-HEEL * along, (FOOT_LENGTH - HEEL) * along, 12) * unit + floor
        path = path + np.outer(heights * unit, body.up)
        weights: dict[str, Floats | None] = {side.foot: None}
        if side.toe:
            ball = (self._head_of(side.toe) - floor) @ along
            toe = np.clip(((path - floor) @ along - ball) / (0.03 * unit) + 0.5, 0, 1)
            weights = {side.foot: 1 - toe, side.toe: toe}
        across = np.cross(along, body.up)
        part = self._loft(path, across, FOOT, weights)
        below = np.minimum((part.vertices - floor) @ body.up, 0)
        return replace(part, vertices=part.vertices - np.outer(below, body.up))

    def _across(self, along: Floats) -> Floats:
        """The body's left, or up where the limb itself points to the left: across the limb."""
        _, up, forward = self.body.axes.T
        across = np.cross(normalise(along), forward)
        return normalise(across if np.linalg.norm(across) > 0.3 else np.cross(along, up))

    def _head_of(self, bone: str) -> Floats:
        return self.body.rest.heads[self.body.bone(bone)]

    def _loft(
        self,
        path: Floats,
        across: Floats,
        profile: Profile,
        bones: dict[str, Floats | None],
        material: int = WOOD,
    ) -> Part:
        """A loft held by `bones`: weights (R,) along the path (R, 3), or None for all of it."""
        surface = loft(path, across, profile, self.unit)
        weights = {
            bone: np.ones(len(surface.vertices)) if given is None else given[surface.places]
            for bone, given in bones.items()
        }
        return Part(surface.vertices, surface.faces, material, weights)


def _shared(places: Floats, middles: Floats) -> list[Floats]:
    """Weights (R,) of each middle: 1 there, falling to 0 at its neighbours."""
    return [np.interp(places, middles, row) for row in np.eye(len(middles))]


def _joined(parts: Sequence[Part]) -> Shape:
    counts = [len(part.vertices) for part in parts]
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    weights: dict[str, Floats] = {}
    for part, start in zip(parts, starts, strict=True):
        for bone, values in part.bones.items():
            whole = weights.setdefault(bone, np.zeros(sum(counts)))
            whole[start : start + len(values)] = values
    return Shape(
        vertices=np.concatenate([part.vertices for part in parts]),
        faces=np.concatenate([p.faces + start for p, start in zip(parts, starts, strict=True)]),
        material=np.concatenate([np.full(len(part.faces), part.material) for part in parts]),
        weights=weights,
    )
