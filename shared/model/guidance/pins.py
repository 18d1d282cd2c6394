"""Pins: a joint at given frames on a point, or somewhere on a line (a camera ray).

The limbs reach for it (`ik`), frames around it take part with a soft fall-off, all others stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ...arrays import Floats, Floats64, Ints
from ..representation import Bones
from .anatomy import elasticity, slightly_bent
from .bones import Body
from .falloff import fall_off
from .ik import Limbs, solve

FALL_OFF = 15
"""Frames on either side of a pin that take part: 0.3 s."""

MET_M = 0.01
"""A pin is met when its joint is no farther from it than this."""

COMPLIANCE = 1e-5
SOFTNESS = 2e-5
"""Compliance (`ik`) of a pin, and what is added where its weight is 1/2. A weak pin must let go of
its joint, or it would hold it against other pins from one frame to the next."""

SLIGHTEST = 1e-4
"""Share of a pin's fall-off below which a frame is left alone."""


@dataclass(frozen=True)
class Pin:
    """`joint` at `frame` lies at `point` (3,), or on the line through it in direction `along` (3,).

    Root-relative metres, camera frame; `along` is a unit vector, zero for a point. Frames are those
    of the model's rate.
    """

    joint: int
    frame: int
    point: Floats64
    along: Floats64


@dataclass(frozen=True)
class Miss:
    """A pin that a hypothesis does not meet; `distance` in metres."""

    joint: int
    frame: int
    hypothesis: int
    distance: float


class _Pull(NamedTuple):
    """What the pins of one joint ask of n frames."""

    weight: Floats
    """(n,): 1 at a pin, falling off to 0"""
    wanted: Tensor
    """(H, n, 3): how far the joint should move, metres"""
    along: Tensor
    """(n, 3): the direction in which it may move as it likes"""


@dataclass(frozen=True)
class Pins:
    """Moves pinned joints to their pins, and their neighbours in time with them.

    `fall_off` frames before and after a pin take part, as far as the next pin of the same joint.
    Only frames `first` to `last` and the bones that end at `joints` move, and lengths are kept.
    Computed in float64 on the CPU, for the frames concerned.
    """

    pins: tuple[Pin, ...]
    body: Body
    first: int
    last: int
    joints: tuple[int, ...]
    fall_off: int = FALL_OFF

    @property
    def reach(self) -> int:
        return self.fall_off

    def __call__(self, positions: Tensor, first_frame: int, t: int) -> Tensor:
        frames = np.arange(first_frame, first_frame + positions.shape[1])
        near = self._near(frames)
        if not len(near):
            return positions
        exact = positions.to("cpu", torch.float64)
        pulls = [self._pull(own, exact, frames) for own in self.by_joint.values()]
        weights = torch.from_numpy(np.stack([pull.weight[near] for pull in pulls], axis=-1))
        wanted = torch.stack([pull.wanted[:, near] for pull in pulls], dim=2)
        along = torch.stack([pull.along[near] for pull in pulls], dim=1)
        result = positions.clone()
        result[:, near] = self._reached(exact[:, near], weights, wanted, along).to(result)
        return result

    @cached_property
    def by_joint(self) -> dict[int, list[Pin]]:
        ordered = sorted(self.pins, key=lambda pin: (pin.joint, pin.frame))
        joints = dict.fromkeys(pin.joint for pin in ordered)
        return {joint: [pin for pin in ordered if pin.joint == joint] for joint in joints}

    @cached_property
    def _exact_body(self) -> Body:
        return Body(self.body.skeleton, Bones(self.body.skeleton).double())

    def _near(self, frames: Ints) -> Ints:
        """Places in `frames` that take part."""
        weights = [self._shares(own, frames).sum(axis=-1) for own in self.by_joint.values()]
        return np.flatnonzero(np.max(weights, axis=0) > SLIGHTEST)

    def _shares(self, own: Sequence[Pin], frames: Ints) -> Floats:
        """Weights (n, K) of one joint's K pins; a pin that is not among `frames` has none.

        Frames that such a pin could reach are context only.
        """
        pinned = np.array([pin.frame for pin in own])
        shares = fall_off(frames, pinned, self.fall_off, self.first, self.last)
        return shares * ((pinned >= frames[0]) & (pinned <= frames[-1]))

    def _pull(self, own: Sequence[Pin], positions: Tensor, frames: Ints) -> _Pull:
        shares = self._shares(own, frames)
        at = np.clip([pin.frame for pin in own] - frames[0], 0, len(frames) - 1)
        gaps, along = errors(own, positions[:, at, own[0].joint])
        mixed = torch.from_numpy(shares / np.maximum(shares.sum(axis=-1, keepdims=True), SLIGHTEST))
        direction = mixed @ along
        size = direction.norm(dim=-1, keepdim=True)
        direction = torch.where(size > 1e-3, direction / size.clamp_min(1e-3), 0.0)
        return _Pull(shares.sum(axis=-1), mixed @ gaps, direction)

    def _reached(self, poses: Tensor, weights: Tensor, wanted: Tensor, along: Tensor) -> Tensor:
        """Poses (H, m, J, 3) after weights (m, P), displacements (H, m, P, 3), lines (m, P, 3)."""
        skeleton, every = self.body.skeleton, poses.shape[:2]
        directions, lengths = self._exact_body.split(poses)
        stiffness, limit = elasticity(skeleton, self.by_joint)
        active = (weights > SLIGHTEST).to(poses)
        soft = COMPLIANCE + SOFTNESS * (1 / weights.clamp(SLIGHTEST, 1) - 1) ** 2
        limbs = Limbs(
            directions=directions.flatten(0, 1),
            lengths=lengths[..., 0].flatten(0, 1),
            stiffness=stiffness.expand(every.numel(), -1),
            limit=limit.expand(every.numel(), -1),
            member=_for_all(self._member * active[..., None], every),
            targets=(wanted * (active * weights)[..., None]).flatten(0, 1),
            free=_for_all(along, every),
            compliance=_for_all(soft, every),
        )
        bent = slightly_bent(skeleton, poses, directions).flatten(0, 1)
        return self._exact_body.join(solve(limbs, bent).view_as(poses), lengths, poses)

    @cached_property
    def _member(self) -> Tensor:
        """(P, J): 1 for the bones that may move a pinned joint."""
        member = torch.zeros(len(self.by_joint), self.body.skeleton.joint_count).double()
        for row, joint in zip(member, self.by_joint, strict=True):
            row[[b for b in self.body.skeleton.path(joint)[1:] if b in self.joints]] = 1
        return member


def errors(pins: Sequence[Pin], places: Tensor) -> tuple[Tensor, Tensor]:
    """How far places (H, K, 3) of K pinned joints are from their pins.

    (H, K, 3) metres, and the pins' lines (K, 3).
    """
    points = torch.from_numpy(np.stack([pin.point for pin in pins])).to(places)
    along = torch.from_numpy(np.stack([pin.along for pin in pins])).to(places)
    gaps = points - places
    return gaps - (gaps * along).sum(dim=-1, keepdim=True) * along, along


def missed(positions: Floats, pins: Sequence[Pin], tolerance: float = MET_M) -> tuple[Miss, ...]:
    """Pins that motions (H, F, J, 3), root-relative metres, leave by more than `tolerance` (m)."""
    if not pins:
        return ()
    frames, joints = [pin.frame for pin in pins], [pin.joint for pin in pins]
    gaps, _ = errors(pins, torch.from_numpy(positions[:, frames, joints].astype(np.float64)))
    distances = gaps.norm(dim=-1).tolist()
    return tuple(
        Miss(pin.joint, pin.frame, hypothesis, distance)
        for hypothesis, row in enumerate(distances)
        for pin, distance in zip(pins, row, strict=True)
        if distance > tolerance
    )


def _for_all(values: Tensor, every: torch.Size) -> Tensor:
    """(m, ...) repeated for all hypotheses: (H m, ...)."""
    return values.expand(*every, *values.shape[1:]).flatten(0, 1)
