"""What a rig allows its bones: limits and locks of rotation, locks of location; and what they take.

Angles are those of Blender's Euler orders, of a bone's own rotation (`matrix_basis`). Bones below
one that is held back keep their direction in the world as far as they can.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ....shared.arrays import Bools, Floats
from ..solving.vectors import transposed
from .rest_pose import RestPose

BINDS = np.radians(0.5)
"""A limit is reported where it takes more than this."""

MOVES = 1e-3
"""In leg lengths: a locked location is reported where it takes more than this."""

NOWHERE = np.full(3, np.nan)


@dataclass(frozen=True)
class Limits:
    """Of one bone: an Euler order such as "XYZ", and the least and the largest angles (3,).

    place: (3,) where its location is locked, in armature units along its own rest axes; NaN: free
    """

    order: str
    low: Floats
    high: Floats
    place: Floats = field(default_factory=NOWHERE.copy)

    def holds_turns(self) -> bool:
        return bool(np.isfinite([self.low, self.high]).any())


def limited(
    rest: RestPose, turns: Floats, limits: Mapping[str, Limits]
) -> tuple[Floats, dict[str, Bools]]:
    """Turns (F, B, 3, 3) that the rig allows, as near to `turns` as it goes bone by bone.

    Also, per bone whose limits bind, in which frames (F,).
    """
    limits = {bone: own for bone, own in limits.items() if own.holds_turns()}
    if not limits:
        return turns, {}
    allowed, bound = turns.copy(), dict[str, Bools]()
    for bone in rest.parents_first:
        own = limits.get(rest.bones[bone])
        if own is None:
            continue
        parent, rotation = rest.parents[bone], rest.rotations[bone]
        above = allowed[:, parent] if parent >= 0 else np.eye(3)[None]
        basis = rotation.T @ transposed(above) @ turns[:, bone] @ rotation
        angles = euler_from_matrix(basis, own.order)
        held = np.clip(angles, own.low, own.high)
        binding = np.abs(held - angles).max(axis=1) > BINDS
        if binding.any():
            bound[rest.bones[bone]] = binding
            fixed = above @ rotation @ matrix_from_euler(held, own.order) @ rotation.T
            allowed[:, bone] = np.where(binding[:, None, None], fixed, turns[:, bone])
            _carry(rest, turns, allowed, bone)
    return allowed, bound


def kept_in_place(
    locations: Mapping[str, Floats], limits: Mapping[str, Limits], leg_length: float
) -> tuple[dict[str, Floats], dict[str, Bools]]:
    """Locations (F, 3) of bones that the rig allows; `leg_length` in armature units.

    Also, per bone whose locks take something, in which frames (F,).
    """
    allowed, bound = dict(locations), dict[str, Bools]()
    for bone in locations.keys() & limits.keys():
        place = limits[bone].place
        allowed[bone] = np.where(np.isnan(place), locations[bone], place)
        taken = np.abs(allowed[bone] - locations[bone]).max(axis=1) > MOVES * leg_length
        if taken.any():
            bound[bone] = taken
    return allowed, bound


def _carry(rest: RestPose, turns: Floats, allowed: Floats, bone: int) -> None:
    """Bones that only follow their parent follow it to where it is held back, too."""
    for child in rest.parents_first:
        parent = rest.parents[child]
        if parent >= 0 and bone in rest.ancestors(child):
            same = np.abs(turns[:, child] - turns[:, parent]).max() < 1e-12
            if same:
                allowed[:, child] = allowed[:, parent]


def matrix_from_euler(angles: Floats, order: str) -> Floats:
    """Rotations (..., 3, 3) of angles (..., 3) about x, y, z, carried out in this order."""
    result = np.broadcast_to(np.eye(3), (*angles.shape[:-1], 3, 3))
    for letter in order:
        axis = "XYZ".index(letter)
        after, last = (axis + 1) % 3, (axis + 2) % 3
        turn = np.zeros((*angles.shape[:-1], 3, 3))
        cosine, sine = np.cos(angles[..., axis]), np.sin(angles[..., axis])
        turn[..., axis, axis] = 1.0
        turn[..., after, after] = turn[..., last, last] = cosine
        turn[..., last, after], turn[..., after, last] = sine, -sine
        result = turn @ result
    return result


def euler_from_matrix(matrices: Floats, order: str) -> Floats:
    """Angles (..., 3) about x, y, z of rotations (..., 3, 3); the middle one within 90 degrees."""
    first, middle, last = ("XYZ".index(letter) for letter in order)
    sign = 1.0 if (middle - first) % 3 == 1 else -1.0
    angles = np.empty(matrices.shape[:-1])
    angles[..., first] = np.arctan2(sign * matrices[..., last, middle], matrices[..., last, last])
    angles[..., middle] = np.arctan2(
        -sign * matrices[..., last, first],
        np.hypot(matrices[..., first, first], matrices[..., middle, first]),
    )
    angles[..., last] = np.arctan2(sign * matrices[..., middle, first], matrices[..., first, first])
    return angles
