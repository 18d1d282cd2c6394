"""Moments: how every hypothesis holds the bones of a limb group, half a second at a time.

Two hypotheses are compared by the directions of their bones, averaged over one moment. The average
takes out jitter, and a difference that lasts for a second of a long clip counts in full, because
the rest of the clip is in other moments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..arrays import Floats, Ints
from ..bones import decompose
from ..skeleton import HUMAN36M
from ..takes import LIMB_GROUPS

MOMENT_S = 0.5
"""Seconds. What differs for a shorter time is no other take of a motion."""

STEPS_PER_MOMENT = 4
"""Moments overlap: each begins this part of its length after the one before."""


@dataclass(frozen=True)
class Moments:
    """One limb group at every moment of a clip.

    points       (T, H, 3 bones): the mean direction of every bone times `root_shares`, so that the
                 distance of two points is the chord of the angle between two hypotheses
    root_shares  (bones,) square roots of the bones' shares of the group's length
    first        (T,) the first frame of every moment
    length       frames of a moment
    """

    points: Floats
    root_shares: Floats
    first: Ints
    length: int

    def frames(self, moment: int) -> slice:
        return slice(int(self.first[moment]), int(self.first[moment]) + self.length)


def moments_of(
    poses: Floats, fps: float, groups: Mapping[str, tuple[int, ...]] = LIMB_GROUPS
) -> dict[str, Moments]:
    """The moments of every group of bones, named by the joints at their ends.

    poses (H, F, 17, 3), any unit. Goes through the hypotheses one by one, so that a long clip needs
    little memory beside itself.
    """
    frames, joints = poses.shape[1], HUMAN36M.joint_count
    length = min(max(round(MOMENT_S * fps), 1), frames)
    first = np.arange(0, frames - length + 1, max(length // STEPS_PER_MOMENT, 1))
    directions = np.empty((len(first), len(poses), joints, 3))
    lengths = np.zeros(joints)
    for h, pose in enumerate(poses):
        own, each = decompose(pose.astype(np.float64), HUMAN36M)
        lengths += own[..., 0].mean(axis=0)
        directions[:, h] = _means(each, first, length)
    return {
        name: _moments(directions[:, :, list(ends)], lengths[list(ends)], first, length)
        for name, ends in groups.items()
    }


def degrees_of(chord: Floats) -> Floats:
    """The angle between directions whose distance is `chord`; of several bones, weighted by their
    lengths, the angle that all of them together amount to."""
    return np.degrees(2 * np.arcsin(np.clip(chord / 2, 0, 1)))


def chord_of(degrees: float) -> float:
    """The inverse of `degrees_of`."""
    return 2 * float(np.sin(np.radians(degrees) / 2))


def _moments(directions: Floats, lengths: Floats, first: Ints, length: int) -> Moments:
    """directions (T, H, bones, 3), lengths (bones,) -> Moments.

    The root's slot, where a group has it, has no length and counts nothing.
    """
    root_shares = np.sqrt(lengths / max(float(lengths.sum()), 1e-12))
    points = (directions * root_shares[:, None]).reshape(*directions.shape[:2], -1)
    return Moments(points, root_shares, first, length)


def _means(values: Floats, first: Ints, length: int) -> Floats:
    """Means over `length` frames from every frame in `first`: (F, ...) -> (T, ...)."""
    total = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values, axis=0)])
    return (total[first + length] - total[first]) / length
