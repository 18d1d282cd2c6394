"""Joints that turn further than a person's: what 17 joints show of it.

The ranges lie beyond what people do in 62,000 frames of CMU's motion capture (walks, dances,
acrobatics; in brackets: what one frame in 10,000 exceeds), so that a real motion is not marked.
Twists of limbs cannot be seen in joints, and knees that bend forward are counted for themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...shared.arrays import Floats
from ...shared.rotations import normalise

SIDES = {"left": ((4, 5, 6), (11, 12, 13), -1.0), "right": ((1, 2, 3), (14, 15, 16), 1.0)}
"""Leg, arm, and the sign of the way from there to the other side along the body's left."""

KNEE, ELBOW = 165.0, 157.0
"""Degrees off straight (168, 154)."""
THIGH_BACK, ARM_BACK = 55.0, 78.0
"""Degrees behind the plane of the body (51, 75)."""
ARM_ACROSS = 27.0
"""Degrees towards the other side behind the back (20)."""
SPINE_BEND, SPINE_TWIST = 70.0, 90.0
"""Degrees between lower and upper spine, and between hips and shoulders about it (68, 82)."""


def beyond(poses: Floats) -> dict[str, Floats]:
    """Degrees (F,) by which each joint of poses (F, 17, 3) is beyond its range; 0 within."""
    found: dict[str, Floats] = {}
    for joint, degrees, most in _angles(poses):
        found[joint] = np.maximum(found.get(joint, 0.0), np.maximum(degrees - most, 0.0))
    return found


def _angles(poses: Floats) -> Iterator[tuple[str, Floats, float]]:
    """(joint, degrees (F,), the most that a person does)."""
    hips, shoulders = _way(poses, 1, 4), _way(poses, 14, 11)
    lower, upper = _way(poses, 0, 7), _way(poses, 7, 8)
    before, chest_before = (np.cross(a, b) for a, b in ((hips, lower), (shoulders, upper)))
    yield "spine", between(lower, upper), SPINE_BEND
    yield "spine", between(_square(hips, lower), _square(shoulders, lower)), SPINE_TWIST
    for side, (leg, arm, inwards) in SIDES.items():
        thigh, upper_arm = _way(poses, *leg[:2]), _way(poses, *arm[:2])
        yield f"{side} knee", between(thigh, _way(poses, *leg[1:])), KNEE
        yield f"{side} hip", -_raised(thigh, before), THIGH_BACK
        yield f"{side} elbow", between(upper_arm, _way(poses, *arm[1:])), ELBOW
        back = -_raised(upper_arm, chest_before)
        yield f"{side} shoulder", back, ARM_BACK
        across = inwards * _raised(upper_arm, shoulders)
        yield f"{side} shoulder", np.where(back > 0, across, 0.0), ARM_ACROSS


def between(one: Floats, other: Floats) -> Floats:
    """Degrees (F,) between vectors (F, 3)."""
    sines = np.linalg.norm(np.cross(one, other), axis=-1)
    return np.degrees(np.arctan2(sines, np.sum(one * other, axis=-1)))


def _way(poses: Floats, start: int, end: int) -> Floats:
    return normalise(poses[:, end] - poses[:, start])


def _square(way: Floats, axis: Floats) -> Floats:
    return way - np.sum(way * axis, axis=-1, keepdims=True) * axis


def _raised(way: Floats, axis: Floats) -> Floats:
    """Degrees of a unit vector out of the plane across `axis`, which may have any length."""
    return np.degrees(np.arcsin(np.clip(np.sum(way * normalise(axis), axis=-1), -1, 1)))
