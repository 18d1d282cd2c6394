"""The vocabulary: for every limb group, what can be said of it and from which number on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ..arrays import Floats, Ints
from .posture import Measure, bend, facing, head_turn, offset


@dataclass(frozen=True)
class Quality:
    """One thing that can be said of a posture.

    `words` says it for numbers below `limits`, below the next one, and above the last. Where two
    postures fall between the same limits, `less` and `more` still tell them apart.
    """

    measure: Measure
    limits: tuple[float, ...]
    words: tuple[str, ...]
    less: str
    more: str
    clearness: float = 1.0
    """How gladly it is said: a difference counts this many times its number."""
    level: Quality | None = None
    """Fills in `{level}` in the words."""

    def step_of(self, numbers: Floats) -> Ints:
        """Which of `words` holds: (K,) -> (K,)."""
        return np.searchsorted(np.array(self.limits), numbers, side="right")

    def phrases(self, poses: Floats, numbers: Floats) -> list[str]:
        """What is said of each of the poses (K, 17, 3), whose numbers are (K,)."""
        words = [self.words[step] for step in self.step_of(numbers)]
        if self.level is None:
            return words
        levels = self.level.phrases(poses, self.level.measure(poses))
        return [word.format(level=level) for word, level in zip(words, levels, strict=True)]


@cache
def qualities_of(group: str) -> tuple[Quality, ...]:
    """What can be said of a limb group (a key of `shared.takes.LIMB_GROUPS`)."""
    if group == "torso_head":
        return (*_TORSO_HEAD, *_FACING)
    side, part = group.split("_")
    if part == "arm":
        return (*_hand(side), *_elbow(side), *_FACING)
    return (*_knee(side), *_foot(side), *_FACING)


def _hand(side: str) -> tuple[Quality, ...]:
    arm, hand = _chain(side, "shoulder", "elbow", "wrist"), f"{side} hand"
    shoulder, _, wrist = arm
    height, heights = offset("up", wrist, shoulder, arm), (-0.75, -0.35, 0.1)
    level = Quality(height, heights, ("hip", "belly", "chest", "head"), "lower", "higher")
    return (
        Quality(
            offset("forward", wrist, shoulder, arm),
            (-0.15, 0.2, 0.7),
            (
                f"{hand} behind back",
                f"{hand} beside body",
                f"{hand} in front of {{level}}",
                f"{hand} far in front",
            ),
            f"{hand} further back",
            f"{hand} further in front",
            1.2,
            level,
        ),
        Quality(
            height,
            (*heights, 0.45),
            (
                f"{hand} hanging down",
                f"{hand} at belly height",
                f"{hand} at chest height",
                f"{hand} at head height",
                f"{hand} above head",
            ),
            f"{hand} lower",
            f"{hand} higher",
        ),
        Quality(
            offset(side, wrist, shoulder, arm),
            (-0.3, 0.25, 0.7),
            (
                f"{hand} across body",
                f"{hand} close to body",
                f"{hand} away from body",
                f"{hand} far out to the side",
            ),
            f"{hand} further in",
            f"{hand} further out",
        ),
    )


def _elbow(side: str) -> tuple[Quality, ...]:
    arm = _chain(side, "shoulder", "elbow", "wrist")
    shoulder, elbow, wrist = arm
    upper = (shoulder, elbow)
    return (
        Quality(
            offset("forward", elbow, shoulder, upper),
            (-0.35, 0.35),
            (f"{side} elbow behind body", f"{side} elbow beside body", f"{side} elbow in front"),
            f"{side} elbow further back",
            f"{side} elbow further in front",
            0.9,
        ),
        Quality(
            offset(side, elbow, shoulder, upper),
            (-0.15, 0.5),
            (f"{side} elbow across body", f"{side} elbow close to body", f"{side} elbow out"),
            f"{side} elbow further in",
            f"{side} elbow further out",
            0.8,
        ),
        Quality(
            bend(*arm),
            (0.45, 1.2, 2.1),
            (
                f"{side} arm straight",
                f"{side} elbow a little bent",
                f"{side} elbow bent",
                f"{side} elbow bent sharply",
            ),
            f"{side} elbow straighter",
            f"{side} elbow bent more",
            0.3,
        ),
        _towards_camera(wrist, shoulder, arm, f"{side} hand"),
    )


def _knee(side: str) -> tuple[Quality, ...]:
    leg = _chain(side, "hip", "knee", "foot")
    hip, knee, _ = leg
    thigh = (hip, knee)
    return (
        Quality(
            offset("forward", knee, hip, thigh),
            (-0.25, 0.3, 0.8),
            (
                f"{side} knee behind body",
                f"{side} knee below hip",
                f"{side} knee bent forward",
                f"{side} knee raised in front",
            ),
            f"{side} knee further back",
            f"{side} knee further forward",
        ),
        Quality(
            offset(side, knee, hip, thigh),
            (-0.25, 0.35),
            (f"{side} knee turned in", f"{side} knee in line with hip", f"{side} knee turned out"),
            f"{side} knee further in",
            f"{side} knee further out",
        ),
        Quality(
            bend(*leg),
            (0.35, 1.0, 1.9),
            (
                f"{side} leg straight",
                f"{side} knee a little bent",
                f"{side} knee bent",
                f"{side} knee bent sharply",
            ),
            f"{side} knee straighter",
            f"{side} knee bent more",
            0.3,
        ),
    )


def _foot(side: str) -> tuple[Quality, ...]:
    other, name = "right" if side == "left" else "left", f"{side} foot"
    leg = _chain(side, "hip", "knee", "foot")
    hip, _, foot = leg
    return (
        Quality(
            offset("forward", foot, f"{other}_foot", leg),
            (-0.12, 0.12),
            (
                f"{name} behind {other}",
                f"{name} level with {other}",
                f"{name} in front of {other}",
            ),
            f"{name} further back",
            f"{name} further forward",
            1.2,
        ),
        Quality(
            offset("up", foot, f"{other}_foot", leg),
            (-0.12, 0.12),
            (f"{name} lower than {other}", f"{name} as high as {other}", f"{name} raised"),
            f"{name} lower",
            f"{name} higher",
        ),
        Quality(
            offset(side, foot, hip, leg),
            (-0.2, 0.25),
            (f"{name} across body", f"{name} below hip", f"{name} out to the side"),
            f"{name} further in",
            f"{name} further out",
        ),
        _towards_camera(foot, hip, leg, name),
    )


def _chain(side: str, *joints: str) -> tuple[str, ...]:
    return tuple(f"{side}_{joint}" for joint in joints)


def _towards_camera(end: str, start: str, chain: tuple[str, ...], name: str) -> Quality:
    """What every difference in depth shows, but is not how anybody thinks of a posture."""
    return Quality(
        offset("to_camera", end, start, chain),
        (-0.2, 0.2),
        (f"{name} away from camera", f"{name} as far as body", f"{name} towards camera"),
        f"{name} further from camera",
        f"{name} nearer to camera",
        0.5,
    )


_TORSO, _HEAD = ("hip", "thorax"), ("thorax", "head")

_TORSO_HEAD = (
    Quality(
        head_turn,
        (-0.4, 0.4),
        ("head turned right", "head straight", "head turned left"),
        "head further right",
        "head further left",
        0.6,  # the nose is but a few centimetres from the axis
    ),
    Quality(
        offset("forward", "head", "thorax", _HEAD),
        (-0.1, 0.5),
        ("head tilted back", "head upright", "head bent forward"),
        "head further back",
        "head further forward",
    ),
    Quality(
        offset("left", "head", "thorax", _HEAD),
        (-0.25, 0.25),
        ("head tilted right", "head not tilted", "head tilted left"),
        "head more to the right",
        "head more to the left",
    ),
    Quality(
        offset("level_forward", "thorax", "hip", _TORSO),
        (-0.15, 0.2, 0.6),
        ("leaning back", "torso upright", "leaning forward", "bent forward"),
        "leaning further back",
        "leaning further forward",
        1.2,
    ),
    Quality(
        offset("level_left", "thorax", "hip", _TORSO),
        (-0.15, 0.15),
        ("leaning right", "not leaning sideways", "leaning left"),
        "leaning further right",
        "leaning further left",
    ),
    Quality(
        offset("forward", "spine", "hip", _TORSO),
        (-0.08, 0.08),
        ("back rounded", "back straight", "back hollow"),
        "back rounder",
        "back hollower",
        0.9,
    ),
    Quality(
        offset("to_camera", "thorax", "hip", _TORSO),
        (-0.15, 0.15),
        ("leaning away from camera", "not leaning in depth", "leaning towards camera"),
        "leaning further from camera",
        "leaning nearer to camera",
        0.5,
    ),
)

_FACING = (
    Quality(
        facing("to_camera"),
        (-0.4, 0.4),
        ("facing away from camera", "seen from the side", "facing camera"),
        "facing further away",
        "facing the camera more",
        0.5,
    ),
    Quality(
        facing("to_right"),
        (-0.4, 0.4),
        ("facing left of picture", "facing along the view", "facing right of picture"),
        "facing further left",
        "facing further right",
        0.45,
    ),
)
"""Limbs that are the same to the body differ in space when the body is turned: said of any group,
but only where nothing of its own tells more."""
