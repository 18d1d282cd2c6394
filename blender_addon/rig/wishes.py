"""What an animator may ask of a motion on a rig: plain data, checked when it is made.

Times are seconds of the clip, as in `Takes.times`. Knows no rig and no motion.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...shared.arrays import Floats
from ...shared.contact_spans import ContactSpans
from ...shared.errors import RetakeError
from ...shared.takes import LIMB_GROUPS

Controls = Literal["auto", "fk", "ik", "ik legs"]
Root = Literal["hips", "root", "object"]
Way = Literal["legs", "body"]

CONTROLS: tuple[Controls, ...] = ("auto", "fk", "ik", "ik legs")
ROOTS: tuple[Root, ...] = ("hips", "root", "object")
WAYS: tuple[Way, ...] = ("legs", "body")


@dataclass(frozen=True)
class Smoothing:
    """Movements faster than `seconds` are smoothed away where the takes are uncertain.

    groups  limb groups as in `LIMB_GROUPS`; empty: all of them
    first, last  the range it is about
    """

    seconds: float
    groups: tuple[str, ...] = ()
    first: float = -math.inf
    last: float = math.inf

    def __post_init__(self) -> None:
        if not 0 <= self.seconds < math.inf:
            raise RetakeError("Smoothing is a time: 0 seconds for none, or more.")
        unknown = set(self.groups) - set(LIMB_GROUPS)
        if unknown:
            raise RetakeError(
                f"There is no limb group '{min(unknown)}'; expected {', '.join(LIMB_GROUPS)}."
            )
        _check_range("A smoothing", self.first, self.last)


@dataclass(frozen=True)
class Reach:
    """From `first` to `last` the wrist of the "left" or "right" hand is at `place`, in the world.

    `place` is one point (3,) or one per frame of the motion (G, 3).
    """

    hand: str
    first: float
    last: float
    place: Floats

    def __post_init__(self) -> None:
        if self.hand not in ("left", "right"):
            raise RetakeError(f"A reach is of the '{self.hand}' hand; expected left or right.")
        _check_range("A reach", self.first, self.last)
        if np.shape(self.place)[-1:] != (3,) or not np.all(np.isfinite(self.place)):
            raise RetakeError("A reach needs a place: three finite numbers, or three per frame.")


@dataclass(frozen=True)
class Wishes:
    """What an animator may ask of a motion.

    smoothing  seconds for all, or several of which the later hold where they overlap
    neutral    second of the clip at which the trunk stands as in the rig's rest pose; None: nobody
               said so
    contacts   when feet stand; None: as the takes say
    reaches    where hands are
    controls   what drives arms and legs of a rig that has IK controls: "ik", "ik legs", or "auto",
               which is IK where that shows the pose exactly; IK and FK get keys, so that one may
               switch over. "fk": FK alone gets keys
    root       what carries the way over the floor: the "hips", the rig's "root" bone or its
               "object"
    way        what tells how far the rig goes: the "legs", whose steps fit it, or the whole "body",
               which is where the person was, as far as its proportions allow
    in_place   the way is left out
    scale      of the way over the floor against the source's metres; None: as `way` tells
    floor      height of the floor in the world; None: that of the rig's soles at rest
    path_s     seconds over which the way is smoothed, less for jumps, more for calm walks; None: as
               it was when the takes were made
    camera     (F, 4, 4) matrices, Blender camera to world, one per frame of the takes: a camera
               that moves, or one whose place is known. The motion is then where the camera saw it.
               None: a camera that stands still somewhere, and a motion that begins at the rig.
    """

    smoothing: float | tuple[Smoothing, ...] = 0.0
    neutral: float | None = None
    contacts: ContactSpans | None = None
    reaches: tuple[Reach, ...] = ()
    controls: Controls = "auto"
    root: Root = "hips"
    way: Way = "legs"
    in_place: bool = False
    scale: float | None = None
    floor: float | None = None
    path_s: float | None = None
    camera: Floats | None = None

    def __post_init__(self) -> None:
        for name, value, known in (
            ("controls", self.controls, CONTROLS),
            ("root", self.root, ROOTS),
            ("way", self.way, WAYS),
        ):
            if value not in known:
                raise RetakeError(f"The wish {name} is '{value}'; expected {', '.join(known)}.")
        if self.scale is not None and not 0 < self.scale < math.inf:
            raise RetakeError(f"The way's scale is {self.scale:g}; it must be positive.")
        if self.path_s is not None and not 0 < self.path_s < math.inf:
            raise RetakeError(f"The way is smoothed over {self.path_s:g} s; it must be positive.")
        if self.floor is not None and not math.isfinite(self.floor):
            raise RetakeError("The floor's height must be a number.")

    def smoothing_of(self, times: Floats) -> Floats:
        """Seconds (F, 17) per frame at `times` (F,) and joint."""
        several = self.smoothing
        if not isinstance(several, tuple):
            several = (Smoothing(float(several)),)
        seconds = np.zeros((len(times), 17))
        for one in several:
            inside = np.flatnonzero((times >= one.first) & (times <= one.last))
            for group in one.groups or tuple(LIMB_GROUPS):
                seconds[inside[:, None], list(LIMB_GROUPS[group])] = one.seconds
        return seconds


def _check_range(what: str, first: float, last: float) -> None:
    if math.isnan(first) or not first <= last:
        raise RetakeError(f"{what} goes from {first} to {last} s; expected the earlier time first.")
