"""An armature's rest pose as plain arrays: what the solver needs to know of a rig.

Knows neither Blender nor which bone is which limb.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ....shared.arrays import Floats
from ....shared.errors import RetakeError

EVEN_SCALE = 0.01
"""Relative difference between the axes' scales up to which an object counts as evenly scaled."""

_APPLY_SCALE = "Apply its scale (Ctrl A), then try again."


@dataclass(frozen=True)
class RestPose:
    """Bones of one armature in its rest pose.

    name      the armature object's name, for messages
    bones     bone names; `parents` holds an index into them per bone, -1 for none
    matrices  (B, 4, 4) rest matrices in armature space (`bone.matrix_local`), without scale
    tails     (B, 3) armature space
    world     (4, 4) the armature object's matrix: armature space -> world, in Blender units
    """

    name: str
    bones: tuple[str, ...]
    parents: tuple[int, ...]
    matrices: Floats
    tails: Floats
    world: Floats

    def __post_init__(self) -> None:
        count = len(self.bones)
        if len(self.parents) != count:
            raise ValueError(f"{count} bones but {len(self.parents)} parents")
        for field, shape in (("matrices", (count, 4, 4)), ("tails", (count, 3)), ("world", (4, 4))):
            if getattr(self, field).shape != shape:
                raise ValueError(f"{field}: expected {shape}, got {getattr(self, field).shape}")

    @property
    def heads(self) -> Floats:
        """(B, 3) armature space."""
        return self.matrices[:, :3, 3]

    @property
    def rotations(self) -> Floats:
        """(B, 3, 3) rest orientations in armature space."""
        return self.matrices[:, :3, :3]

    @cached_property
    def index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.bones)}

    @cached_property
    def parents_first(self) -> tuple[int, ...]:
        """Every bone after its parent."""
        return tuple(sorted(range(len(self.bones)), key=lambda bone: len(self.ancestors(bone))))

    @cached_property
    def scale(self) -> float:
        """World units per armature unit.

        RetakeError if the object is mirrored, flat or unevenly scaled.
        """
        axes = np.linalg.norm(self.world[:3, :3], axis=0)
        if np.linalg.det(self.world[:3, :3]) <= 0:
            raise RetakeError(
                f"The armature '{self.name}' has a negative or zero scale. {_APPLY_SCALE}"
            )
        if axes.max() > axes.min() * (1 + EVEN_SCALE):
            raise RetakeError(
                f"The armature '{self.name}' is scaled unevenly: {axes.round(3).tolist()}. "
                f"{_APPLY_SCALE}"
            )
        return float(np.cbrt(np.linalg.det(self.world[:3, :3])))

    def ancestors(self, bone: int) -> tuple[int, ...]:
        """Parent, grandparent and so on of a bone."""
        way: list[int] = []
        while (bone := self.parents[bone]) >= 0:
            way.append(bone)
        return tuple(way)

    def descendants(self, bone: int) -> tuple[int, ...]:
        return tuple(other for other in range(len(self.bones)) if bone in self.ancestors(other))

    def in_world(self) -> RestPose:
        """The same rest pose with the object's matrix carried out: `world` is the identity."""
        turn = self.world[:3, :3] / self.scale
        matrices = np.tile(np.eye(4), (len(self.bones), 1, 1))
        matrices[:, :3, :3] = turn @ self.rotations
        matrices[:, :3, 3] = self.to_world(self.heads)
        return replace(self, matrices=matrices, tails=self.to_world(self.tails), world=np.eye(4))

    def to_world(self, points: Floats) -> Floats:
        """Points (..., 3) in armature space -> world."""
        return points @ self.world[:3, :3].T + self.world[:3, 3]

    def only(self, names: set[str]) -> RestPose:
        """Those bones and all their ancestors; the order is kept."""
        wanted = {self.index[name] for name in names}
        kept = sorted(wanted.union(*(self.ancestors(bone) for bone in wanted)))
        place = {old: new for new, old in enumerate(kept)}
        return replace(
            self,
            bones=tuple(self.bones[i] for i in kept),
            parents=tuple(place.get(self.parents[i], -1) for i in kept),
            matrices=self.matrices[kept],
            tails=self.tails[kept],
        )
