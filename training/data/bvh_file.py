"""BVH files: a skeleton of offsets and channels, then one line of numbers per frame.

Reads them and walks down the hierarchy (forward kinematics). Knows no particular skeleton.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ...shared.arrays import Floats64
from ...shared.errors import RetakeError
from ..axes import about_axis

AXES = {"X": 0, "Y": 1, "Z": 2}


@dataclass
class Joint:
    """`channels` as written, for example ("Zrotation", "Yrotation", "Xrotation")."""

    name: str
    parent: int
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    channels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bvh:
    """joints: parents before children, end sites left out. values (F, channels): degrees, units."""

    joints: list[Joint]
    values: Floats64
    fps: float

    def poses(self) -> tuple[Floats64, Floats64]:
        """World positions (F, joints, 3) and rotations (F, joints, 3, 3) of all joints."""
        frames = len(self.values)
        positions = np.zeros((frames, len(self.joints), 3))
        rotations = np.zeros((frames, len(self.joints), 3, 3))
        column = 0
        for index, joint in enumerate(self.joints):
            place = np.tile(np.array(joint.offset), (frames, 1))
            turn = np.tile(np.eye(3), (frames, 1, 1))
            for channel in joint.channels:
                axis, values = AXES[channel[0]], self.values[:, column]
                if channel.endswith("position"):
                    place[:, axis] = values
                else:
                    turn = turn @ about_axis(axis, np.radians(values))
                column += 1
            if joint.parent < 0:
                positions[:, index], rotations[:, index] = place, turn
            else:
                above = rotations[:, joint.parent]
                positions[:, index] = positions[:, joint.parent] + np.einsum(
                    "fij,fj->fi", above, place
                )
                rotations[:, index] = above @ turn
        return positions, rotations

    def at_rest(self) -> Floats64:
        """Positions (joints, 3) without any rotation: the pose the offsets describe."""
        rest = np.zeros((len(self.joints), 3))
        for index, joint in enumerate(self.joints):
            if joint.parent >= 0:
                rest[index] = rest[joint.parent] + joint.offset
        return rest


def read_bvh(path: Path) -> Bvh:
    """RetakeError if `path` is missing or is not a whole BVH file."""
    try:
        words = path.read_text(encoding="utf-8", errors="replace").split()
        return _Parser(words).parse()
    except FileNotFoundError:
        raise RetakeError(f"There is no file {path}.") from None
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise RetakeError(f"{path} is not a whole BVH file: {error}.") from None


@dataclass
class _Parser:
    words: list[str]
    at: int = 0
    joints: list[Joint] = field(default_factory=list[Joint])

    def parse(self) -> Bvh:
        self.expect("HIERARCHY")
        self.expect("ROOT")
        self.joint(parent=-1)
        if self.peek() == "ROOT":
            raise ValueError("it has more than one skeleton")
        self.expect("MOTION")
        self.expect("Frames:")
        frames = int(self.next())
        self.expect("Frame")
        self.expect("Time:")
        seconds = float(self.next())
        channels = sum(len(joint.channels) for joint in self.joints)
        values = np.array(self.words[self.at : self.at + frames * channels], float)
        if frames < 1 or values.size != frames * channels or not np.isfinite(values).all():
            raise ValueError(f"{values.size} numbers for {frames} frames of {channels} channels")
        if not 0 < seconds < 10:
            raise ValueError(f"a frame takes {seconds} s")
        return Bvh(self.joints, values.reshape(frames, channels), 1 / seconds)

    def joint(self, parent: int) -> None:
        """NAME { ... } with everything below it; `ROOT` or `JOINT` has been read."""
        joint = Joint(self.next(), parent)
        index = len(self.joints)
        self.joints.append(joint)
        self.expect("{")
        while (word := self.next()) != "}":
            if word == "OFFSET":
                joint.offset = (float(self.next()), float(self.next()), float(self.next()))
            elif word == "CHANNELS":
                joint.channels = tuple(self.channel() for _ in range(int(self.next())))
            elif word == "JOINT":
                self.joint(index)
            elif word == "End":
                self.skip_end_site()
            else:
                raise ValueError(f"'{word}' in joint {joint.name}")

    def channel(self) -> str:
        word = self.next()
        if word[:1] not in AXES or word[1:] not in ("position", "rotation"):
            raise ValueError(f"'{word}' is no channel")
        return word

    def skip_end_site(self) -> None:
        while self.next() != "}":
            pass

    def next(self) -> str:
        self.at += 1
        return self.words[self.at - 1]

    def peek(self) -> str:
        return self.words[self.at]

    def expect(self, word: str) -> None:
        found = self.next()
        if found != word:
            raise ValueError(f"'{found[:30]}' where '{word}' should stand")
