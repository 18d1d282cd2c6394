"""Motions of the scene's takes on its rig, kept: flipping between takes solves each of them once.

What a motion depends on names it, so that nobody has to say when it is old. A thread may solve what
will be asked for soon. Knows no preview.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

from ...shared.keypoints import KeypointTrack
from ...shared.takes import Takes
from ..rig.apply_take import Solved, Switches, Wearer, read_wearer, solve_read, switches_of
from ..rig.wishes import Wishes
from .choice_track import ChoiceTrack
from .surroundings import Piece, takes_in, track_in, wishes_in

LEG = ("thigh", "shin", "foot", "toe")

MOST_KEPT = 12
"""A motion of 10,000 frames has some ten megabytes."""

Key = tuple[str, int, int]
"""Decisions, first frame, frame after the last."""
Kept = dict[Key, Solved]
"""The one used last is at the end."""

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
    switches: Switches
    asked: Asked
    kept: Kept

    def whole(self, choice: ChoiceTrack) -> Solved:
        """Raises RetakeError as `solve_for` does."""
        return self.of(choice, None)

    def of(self, choice: ChoiceTrack, piece: Piece | None) -> Solved:
        """Of the whole clip, or of a piece from the piece's own frame of the scene on."""
        key = self._key(choice, piece)
        self.keep({key: self.kept.pop(key, None) or self._solved(choice, piece)})
        return self.kept[key]

    def missing(self, choices: Iterable[ChoiceTrack], piece: Piece | None) -> list[ChoiceTrack]:
        """Of these, those that are not solved yet."""
        return [choice for choice in choices if self._key(choice, piece) not in self.kept]

    def solved(self, choices: Iterable[ChoiceTrack], piece: Piece | None) -> Kept:
        """For a thread: neither looked up nor kept. Raises RetakeError."""
        return {self._key(choice, piece): self._solved(choice, piece) for choice in choices}

    def keep(self, found: Kept) -> None:
        self.kept.update(found)
        while len(self.kept) > MOST_KEPT:
            del self.kept[next(iter(self.kept))]

    def _asked_of(self, piece: Piece | None) -> Asked:
        asked = self.asked
        if piece is None:
            return asked
        takes = takes_in(asked.takes, piece, asked.scene_fps)
        return Asked(
            takes,
            asked.scene_fps,
            asked.start_frame + piece.key,
            wishes_in(asked.wishes, piece, takes.times),
            track_in(asked.track, piece, takes.times) if asked.track else None,
        )

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

    def _key(self, choice: ChoiceTrack, piece: Piece | None) -> Key:
        frames = piece.frames if piece else slice(0, self.asked.takes.frame_count)
        return choice.to_json(), frames.start, frames.stop

    def _solved(self, choice: ChoiceTrack, piece: Piece | None) -> Solved:
        asked = self._asked_of(piece)
        at = (asked.scene_fps, asked.start_frame, asked.wishes, asked.track)
        return solve_read(self.wearer, self.switches, asked.takes, choice, *at)


def solves_for(rig: Any, asked: Asked) -> Solves:
    """Kept motions count as long as rig, takes, wishes and track are the same. Raises RetakeError
    if the rig cannot wear takes."""
    global _made_of, _kept
    wearer, track = read_wearer(rig), asked.track
    seen = (track.points, track.confidence, track.times) if track else ()
    made_of = (wearer, asked.scene_fps, asked.start_frame, asked.wishes, seen)
    if not _made_of or asked.takes is not _made_of[0] or not same(made_of, _made_of[1]):
        _made_of, _kept = (asked.takes, made_of), {}  # a thread may still hold the old one
    return Solves(rig, wearer, switches_of(rig, wearer, asked.wishes), asked, _kept)


def same(one: Any, other: Any) -> bool:
    """Whether two nests of dataclasses, tuples, dicts and arrays hold the same."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=one.dtype.kind == "f")
    if is_dataclass(one):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def forget() -> None:
    """Free the memory."""
    global _made_of, _kept
    _made_of, _kept = (), {}
