"""Motions of the scene's takes on its rig, kept: flipping between takes solves each of them once.

What a motion depends on names it, so that nobody has to say when it is old. Knows no preview.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from ...shared.keypoints import KeypointTrack
from ...shared.takes import Takes
from ..rig.apply_take import Solved, Wearer, read_wearer, solve_for
from ..rig.wishes import Wishes
from .choice_track import ChoiceTrack
from .surroundings import Piece, takes_in, track_in, wishes_in

LEG = ("thigh", "shin", "foot", "toe")

MOST_KEPT = 12
"""A motion of 10,000 frames has some ten megabytes."""

Kept = dict[tuple[str, int, int], Solved]
"""(decisions, first frame, frame after the last) -> the motion, the one used last at the end."""

_made_of: tuple[Any, ...] = ()
_kept: Kept = {}


@dataclass(frozen=True)
class Asked:
    """What is put on a rig. `start_frame`: of the scene, for the clip's first frame."""

    takes: Takes
    scene_fps: float
    start_frame: float
    wishes: Wishes
    track: KeypointTrack | None


@dataclass(frozen=True)
class Solves:
    """The motions of one rig as it stands now."""

    rig: Any
    wearer: Wearer
    asked: Asked
    kept: Kept

    def whole(self, choice: ChoiceTrack) -> Solved:
        """Raises RetakeError as `solve_for` does."""
        return self._solved(choice, self.asked, 0)

    def around(self, choice: ChoiceTrack, piece: Piece) -> Solved:
        """Of a piece of the clip only, from the piece's own frame of the scene on."""
        asked = self.asked
        takes = takes_in(asked.takes, piece, asked.scene_fps)
        part = Asked(
            takes,
            asked.scene_fps,
            asked.start_frame + piece.key,
            wishes_in(asked.wishes, piece, takes.times),
            track_in(asked.track, piece, takes.times) if asked.track else None,
        )
        return self._solved(choice, part, piece.frames.start)

    @property
    def legs(self) -> frozenset[str]:
        """Bones and controls that carry the legs."""
        sides = (self.wearer.bone_map.left, self.wearer.bone_map.right)
        bones = [name for side in sides for part, name in vars(side).items() if part in LEG]
        controls = [n for limb in self.wearer.limbs if limb.limb > 1 for n in (limb.end, limb.pole)]
        return frozenset(name for name in (*bones, *controls) if name)

    @property
    def arm_controls(self) -> frozenset[str]:
        """Controls that arms hang on, if the rig has any."""
        arms = [limb for limb in self.wearer.limbs if limb.limb <= 1]
        return frozenset(name for limb in arms for name in (limb.end, limb.pole))

    def _solved(self, choice: ChoiceTrack, asked: Asked, first: int) -> Solved:
        key = (choice.to_json(), first, first + asked.takes.frame_count)
        found = self.kept.pop(key, None)
        if found is None:
            at = (asked.scene_fps, asked.start_frame, asked.wishes, asked.track)
            found = solve_for(self.rig, self.wearer, asked.takes, choice, *at)
        self.kept[key] = found
        while len(self.kept) > MOST_KEPT:
            del self.kept[next(iter(self.kept))]
        return found


def solves_for(rig: Any, asked: Asked) -> Solves:
    """Kept motions count as long as rig, takes, wishes and track are the same. Raises RetakeError
    if the rig cannot wear takes."""
    global _made_of
    wearer, track = read_wearer(rig), asked.track
    seen = (track.points, track.confidence, track.times) if track else ()
    made_of = (wearer, asked.scene_fps, asked.start_frame, asked.wishes, seen)
    if not _made_of or asked.takes is not _made_of[0] or not same(made_of, _made_of[1]):
        _made_of = (asked.takes, made_of)
        _kept.clear()
    return Solves(rig, wearer, asked, _kept)


def same(one: Any, other: Any) -> bool:
    """Whether two nests of dataclasses, tuples, dicts and arrays hold the same."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other)
    if is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def forget() -> None:
    """Free the memory."""
    global _made_of
    _made_of = ()
    _kept.clear()
