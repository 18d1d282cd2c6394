"""What speaks against a take at a glance: sliding feet, wrong knees, limbs through the body, joints
that turn too far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Floats
from ...shared.contacts import STANDS
from ...shared.rotations import normalise
from ...shared.takes import Takes
from .collisions import through_itself
from .held import Held, Limited, held_back
from .ranges import beyond

REACH_S = 0.1
"""Seconds before and after a frame over which its speed is measured."""

FEET = ((6, (0, 1)), (3, (2, 3)))
"""Ankle and its columns of `Takes.contacts`."""

LEGS = ((4, 5, 6), (1, 2, 3))
LEFT_HIP, RIGHT_HIP = 4, 1

LOOKS_PER_S = 12.5
"""Limbs stay in the body for longer than that; more frames would only take longer."""

STRAIGHT = float(np.sin(np.radians(15)))
"""Knees of noisy poses bend the wrong way by so much and mean nothing."""


@dataclass(frozen=True)
class Costs:
    """Of every hypothesis (H,).

    slide_cm_s   mean speed of ankles while their foot stands, over a fifth of a second: jitter that
                 comes back to its place is no sliding
    wrong_knees  part of all frames in which a knee bends forward by more than 15 degrees
    through      part of all frames in which a limb passes through the body
    too_far      part of all frames in which a joint turns further than a person's
    joints       the joint that does so most; empty: none
    held         hypothesis -> how the rig's limits hold it back: of the takes with names
    """

    slide_cm_s: Floats
    wrong_knees: Floats
    through: Floats
    too_far: Floats
    joints: tuple[str, ...]
    held: Mapping[int, Held]


def costs_of(takes: Takes, rig: Limited | None = None) -> Costs:
    """`rig`: who wears them, if it has limits."""
    slides, knees, through, too_far = np.zeros((4, takes.hypothesis_count))
    joints: list[str] = []
    step = max(1, round(takes.fps / LOOKS_PER_S))
    for hypothesis in range(takes.hypothesis_count):
        pose = takes.poses[hypothesis].astype(np.float64)
        slides[hypothesis] = _slide(pose + takes.root[hypothesis][:, None], takes)
        knees[hypothesis] = _wrong_knees(pose)
        through[hypothesis] = through_itself(pose[::step]).mean()
        too_far[hypothesis], joint = _too_far(pose[::step])
        joints.append(joint)
    return Costs(slides, knees, through, too_far, tuple(joints), _held(takes, rig))


def _held(takes: Takes, rig: Limited | None) -> dict[int, Held]:
    if rig is None:
        return {}
    named = {takes.best["torso_head"], *(row.hypothesis for row in takes.whole)}
    found = {hypothesis: held_back(takes, hypothesis, rig) for hypothesis in sorted(named)}
    return {hypothesis: held for hypothesis, held in found.items() if held is not None}


def _too_far(pose: Floats) -> tuple[float, str]:
    """Part of the frames, and the joint that is furthest beyond its range."""
    degrees = beyond(pose)
    most = {joint: float(each.max()) for joint, each in degrees.items()}
    worst = max(most, key=lambda joint: most[joint])
    share = float(np.any([each > 0 for each in degrees.values()], axis=0).mean())
    return share, worst if share else ""


def _slide(joints: Floats, takes: Takes) -> float:
    """Centimetres per second; 0 if no foot ever stands."""
    apart = max(1, round(2 * REACH_S * takes.fps))
    steps = takes.times[apart:] - takes.times[:-apart]
    speeds: list[Floats] = []
    for ankle, columns in FEET:
        stands = takes.contacts[:, columns].max(axis=1) > STANDS
        both = stands[apart:] & stands[:-apart]
        way = joints[apart:, ankle] - joints[:-apart, ankle]
        speeds.append((np.linalg.norm(way, axis=-1) / steps)[both])
    every = np.concatenate(speeds)
    return 100 * float(every.mean()) if len(every) else 0.0


def _wrong_knees(pose: Floats) -> float:
    """Shins turn about the pelvis' axis from left to right, one way only."""
    across = normalise(pose[:, LEFT_HIP] - pose[:, RIGHT_HIP])
    wrong = np.zeros(len(pose), dtype=np.bool_)
    for hip, knee, foot in LEGS:
        thigh, shin = (
            normalise(pose[:, knee] - pose[:, hip]),
            normalise(pose[:, foot] - pose[:, knee]),
        )
        wrong |= np.sum(np.cross(thigh, shin) * across, axis=-1) < -STRAIGHT
    return float(wrong.mean())
