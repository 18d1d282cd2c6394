"""The twist of upper arms and thighs: where the hinge of elbow or knee points, in every frame.

A bent limb shows its hinge axis; a nearly straight one does not, and there the axis is carried on
smoothly. Everything happens in the frame of the limb's parent (chest or pelvis), so that a turning
body turns no limb. Knows no bones; limbs are rows of arrays.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....shared.arrays import Floats
from .frames import smoothstep
from .smooth import smooth
from .vectors import across, between, cross, dot, length, mul, turned, unit

STRAIGHT, BENT = 0.1, 0.3
"""Sine of the flexion below which the hinge is nothing but noise, and from which it counts fully:
with the square of the sine, as its error is that of the joints divided by the sine."""

SURE = 0.15
"""Confidence from which an axis decides in which turn the angles around it are read."""

TWIST_TIME_S = 0.06
"""Twists faster than this are smoothed away."""

REST_HINGE_TOLERANCE = np.cos(np.radians(60.0))


@dataclass(frozen=True)
class HingeJoint:
    """What anatomy says of an elbow or a knee.

    reach  radians: how far its axis can be twisted away from where pure swing leaves it. It bends
           one way only (sign of the axis at rest); what is seen beyond reach is a noisy,
           overstretched joint and is ignored.
    pull   weight of the twist of pure swing, where a joint bent by a right angle has 1
    """

    reach: float
    pull: float


ELBOW = HingeJoint(np.radians(140.0), 0.005)
KNEE = HingeJoint(np.radians(80.0), 0.05)
"""Thighs twist little. Upper arms twist a lot, and pure swing from a T-pose says little of it."""


def hinge_at_rest(upper: Floats, lower: Floats, anatomical: Floats) -> Floats:
    """Hinge axis of limbs (..., 3) of a rest pose.

    The bend's own axis where there is a plausible bend, else the `anatomical` one, made
    perpendicular to the upper bone. `upper`, `lower`: unit vectors (..., 3).
    """
    bend = cross(upper, lower)
    default, measured = unit(across(anatomical, upper)), unit(bend)
    likely = (length(bend) > STRAIGHT) & (dot(measured, default) > REST_HINGE_TOLERANCE)
    return np.where(likely[..., None], measured, default)


def hinge_track(
    upper: Floats,
    lower: Floats,
    rest_upper: Floats,
    rest_hinge: Floats,
    joints: tuple[HingeJoint, ...],
    fps: float,
) -> Floats:
    """Hinge axes (F, K, 3) of K limbs, perpendicular to the upper bone, in the parent's frame.

    upper, lower            (F, K, 3) unit directions of both bones in the parent's frame
    rest_upper, rest_hinge  (K, 3) the same at rest

    The twist angle is measured against a reference carried along without twisting, then solved for
    all frames: confidence x (angle - measured)^2 + a weak pull to pure swing + a penalty on its
    acceleration.
    """
    bend = cross(upper, lower)
    sine = length(bend)
    swing = turned(between(rest_upper, upper), rest_hinge)
    swing_trust = smoothstep(0.0, 0.5, 1 + dot(rest_upper, upper))
    first = _carried(upper, swing[0])
    second = cross(upper, first)

    measured = _angle(bend, first, second)
    swung = _angle(swing, first, second)
    beyond = (np.abs(_wrapped(measured - swung)) > np.array([joint.reach for joint in joints])) & (
        swing_trust > 0.5
    )
    confidence = np.where(beyond, 0.0, sine**2 * smoothstep(STRAIGHT, BENT, sine))
    branch = _branch(measured, swung, confidence)
    measured, swung = branch + _wrapped(measured - branch), branch + _wrapped(swung - branch)

    pull = np.array([joint.pull for joint in joints]) * swing_trust
    weights = confidence + pull
    target = (confidence * measured + pull * swung) / np.maximum(weights, 1e-9)
    angle = smooth(target, weights, (TWIST_TIME_S * fps) ** 4)[..., None]
    return np.cos(angle) * first + np.sin(angle) * second


def _carried(directions: Floats, start: Floats) -> Floats:
    """Vectors (F, K, 3) from `start` (K, 3) on, led by directions (F, K, 3) without twisting."""
    carried = np.empty_like(directions)
    carried[0] = start
    steps = between(directions[:-1], directions[1:])
    reach = 1
    while reach < len(steps):  # steps[i] becomes the product of the last 2 * reach steps up to i
        steps[reach:] = mul(steps[reach:], steps[:-reach])
        reach *= 2
    carried[1:] = turned(steps, start)
    return unit(across(carried, directions))


def _branch(measured: Floats, swung: Floats, confidence: Floats) -> Floats:
    """A rough continuous angle (F, K): it says in which turn to read the measured ones."""
    branch = np.unwrap(swung, axis=0)
    for limb in range(measured.shape[1]):
        sure = np.flatnonzero(confidence[:, limb] > SURE)
        if len(sure):
            track = np.unwrap(measured[sure, limb])
            branch[:, limb] = np.interp(np.arange(len(measured)), sure, track)
    return branch


def _angle(vectors: Floats, first: Floats, second: Floats) -> Floats:
    return np.arctan2(dot(vectors, second), dot(vectors, first))


def _wrapped(angles: Floats) -> Floats:
    return (angles + np.pi) % (2 * np.pi) - np.pi
