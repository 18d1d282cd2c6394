"""Semantic frames of body parts from the 17 Human3.6M joints: the recipes of the retargeting.

A recipe turns joint positions (..., 17, 3) into an orthonormal frame (..., 3, 3). The same recipe
measures the motion and the rig's own rest pose, so that rest pose and bone roll cancel: turn =
frame now x frame at rest, transposed. Knows no bones and no rig; z may point anywhere.
"""

from __future__ import annotations

import numpy as np

from ....shared.arrays import Floats
from ....shared.bones import SHORTEST_BONE
from .vectors import across, frame, length, unit

HEAD_FROM_CHEST = 0.5
"""Weight of the chest's forward direction against that of the nose point, which lies 0.5 to 0.8 (in
lengths of joint 9 to 10) in front of the neck: how far the head is turned is hardly seen in 17
joints."""


def pelvis(joints: Floats) -> Floats:
    """Columns: left along the hips, up the lumbar spine, forward."""
    return frame(_between(joints, 1, 4), _between(joints, 0, 7))


def chest(joints: Floats) -> Floats:
    """Columns: up the thoracic spine, left along the shoulders, back."""
    return frame(_between(joints, 7, 8), _between(joints, 14, 11))


def head(joints: Floats, chest_forward: Floats) -> Floats:
    """Columns: up through the head, forward, right. `chest_forward` (..., 3) is a unit vector."""
    up = _between(joints, 9, 10)
    size = np.maximum(length(up), SHORTEST_BONE)[..., None]
    nose = across(_between(joints, 8, 9) / size, unit(up))
    return frame(up, nose + HEAD_FROM_CHEST * chest_forward)


def limb(direction: Floats, hinge: Floats) -> Floats:
    """Columns: along the bone, the hinge axis of elbow or knee, across both.

    (..., 3) each -> (..., 3, 3).
    """
    return frame(direction, hinge)


def direction(joints: Floats, start: int, end: int) -> Floats:
    """Unit vectors (..., 3) from one joint to another."""
    return unit(_between(joints, start, end))


def smoothstep(low: float, high: float, values: Floats) -> Floats:
    """0 below `low`, 1 above `high`, smooth between."""
    t = np.clip((values - low) / (high - low), 0.0, 1.0)
    return t * t * (3 - 2 * t)


def _between(joints: Floats, start: int, end: int) -> Floats:
    return joints[..., end, :] - joints[..., start, :]
