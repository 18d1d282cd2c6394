"""How far two motions of the same curves are apart: degrees of bones, centimetres of places.

Curves are what Blender keeps: quaternions, angles in a bone's own order, locations.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from ....shared.arrays import Floats
from ....shared.rotations import matrix_from_quaternion, normalise
from ..armature.limits import matrix_from_euler
from ..armature.rest_pose import RestPose

OBJECT = ""
"""In place of a bone: the armature object itself."""


@dataclass(frozen=True)
class Curves:
    """The columns first to last (excluded) of some values (F, C), and what they say of a bone.

    kind  "QUATERNION", "AXIS_ANGLE", an Euler order, or "LOCATION"
    axes  (3, 3) a location times this is along the bone's own axes, in armature units
    """

    bone: str
    kind: str
    first: int
    last: int
    axes: Floats = field(default_factory=lambda: np.eye(3))

    def rotations(self, values: Floats) -> Floats:
        """(F, 3, 3)"""
        own = values[:, self.first : self.last]
        if self.kind == "QUATERNION":
            return matrix_from_quaternion(normalise(own))
        if self.kind == "AXIS_ANGLE":
            half = own[:, :1] / 2
            axis = normalise(own[:, 1:])
            return matrix_from_quaternion(np.concatenate([np.cos(half), np.sin(half) * axis], 1))
        return matrix_from_euler(own, self.kind)

    def locations(self, values: Floats) -> Floats:
        """(F, 3)"""
        return values[:, self.first : self.last] @ self.axes


@dataclass(frozen=True)
class Errors:
    """Largest per frame (F,), and where the largest of all are."""

    degrees: Floats
    centimetres: Floats
    turned_bone: str
    moved_bone: str


@dataclass(frozen=True)
class Judge:
    """Compares values with the true ones.

    rest     of the bones whose places matter; bones with curves that are not in it are controls
    unit_cm  centimetres per unit of the armature
    """

    rest: RestPose
    curves: tuple[Curves, ...]
    unit_cm: float
    true: Floats

    def errors(self, values: Floats) -> Errors:
        turned = {c.bone: self._degrees(c, values) for c in self.curves if c.kind != "LOCATION"}
        moved = {c.bone: self._moved(c, values) for c in self.curves if c.kind == "LOCATION"}
        moved |= self._places_off(values)
        degrees, turned_bone = _largest(turned)
        centimetres, moved_bone = _largest(moved)
        return Errors(degrees, centimetres, turned_bone, moved_bone)

    def _degrees(self, curves: Curves, values: Floats) -> Floats:
        apart = curves.rotations(values) - curves.rotations(self.true)
        chord = np.sqrt(np.sum(apart**2, axis=(1, 2)) / 8)
        return np.degrees(2 * np.arcsin(np.clip(chord, 0, 1)))

    def _moved(self, curves: Curves, values: Floats) -> Floats:
        apart = curves.locations(values) - curves.locations(self.true)
        return np.linalg.norm(apart, axis=1) * self.unit_cm

    def _places_off(self, values: Floats) -> dict[str, Floats]:
        """Bone -> (F,) how far its head or its tail is off."""
        apart = np.linalg.norm(self._places(values) - self._true_places, axis=-1).max(axis=-1)
        return dict(zip(self.rest.bones, apart.T * self.unit_cm, strict=True))

    @cached_property
    def _true_places(self) -> Floats:
        return self._places(self.true)

    def _places(self, values: Floats) -> Floats:
        """(F, B, 2, 3) heads and tails in armature space: pose = parent's pose x offset x basis."""
        rest = self.rest
        turn = {c.bone: c.rotations(values) for c in self.curves if c.kind != "LOCATION"}
        move = {c.bone: c.locations(values) for c in self.curves if c.kind == "LOCATION"}
        axes = np.empty((len(values), len(rest.bones), 3, 3))
        places = np.empty((len(values), len(rest.bones), 2, 3))
        for bone in rest.parents_first:
            name, parent, own = rest.bones[bone], rest.parents[bone], rest.rotations[bone]
            if parent < 0:
                axes[:, bone], places[:, bone, 0] = own, rest.heads[bone]
            else:
                above = rest.rotations[parent].T
                offset = above @ (rest.heads[bone] - rest.heads[parent])
                axes[:, bone] = axes[:, parent] @ (above @ own)
                places[:, bone, 0] = places[:, parent, 0] + axes[:, parent] @ offset
            if name in move:
                places[:, bone, 0] += np.einsum("fij,fj->fi", axes[:, bone], move[name])
            if name in turn:
                axes[:, bone] = axes[:, bone] @ turn[name]
            along = own.T @ (rest.tails[bone] - rest.heads[bone])
            places[:, bone, 1] = places[:, bone, 0] + axes[:, bone] @ along
        return places


def _largest(errors: dict[str, Floats]) -> tuple[Floats, str]:
    """Largest per frame, and whose is the largest of all."""
    every = np.stack(list(errors.values()))
    return every.max(axis=0), list(errors)[int(every.max(axis=1).argmax())]
