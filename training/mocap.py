"""World-space motion capture as arrays, and windows and bodies drawn from it. Knows no cameras."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..shared.arrays import Floats
from ..shared.bones import decompose, recompose
from ..shared.errors import RetakeError
from ..shared.npz import read_npz
from ..shared.skeleton import HUMAN36M

STATURE_SPREAD = 0.05
BONE_SPREAD = 0.035
"""Standard deviations of a random body's size and bones (Drillis and Contini 1966)."""


@dataclass(frozen=True)
class MocapSet:
    """Clips at 50 fps in one array.

    positions  (N, 17, 3) float16, metres, relative to the hip, y up, right-handed
    root       (N, 3) float32, metres, the hip in the world; the floor is y = 0
    start      (clips + 1,) clip k is frames start[k]:start[k + 1]
    subjects   one name per clip
    """

    positions: npt.NDArray[np.float16]
    root: npt.NDArray[np.float32]
    start: npt.NDArray[np.int32]
    subjects: tuple[str, ...]

    @staticmethod
    def load(path: Path) -> MocapSet:
        arrays = read_npz(path, ("pos", "root", "start", "subject"), "a set of joint positions")
        if arrays["pos"].shape[1:] != (HUMAN36M.joint_count, 3):
            raise RetakeError(
                f"{path}: 'pos' has shape {arrays['pos'].shape}; expected (frames, 17, 3)."
            )
        return MocapSet(
            arrays["pos"], arrays["root"], arrays["start"], tuple(str(s) for s in arrays["subject"])
        )

    def clip(self, index: int) -> Floats:
        """World positions (F, 17, 3) of one clip."""
        frames = slice(self.start[index], self.start[index + 1])
        return self.positions[frames].astype(np.float32) + self.root[frames, None]

    def draw_windows(self, rng: np.random.Generator, count: int, frames: int) -> Floats:
        """World positions (count, frames, 17, 3); every possible window is equally likely.

        A clip shorter than a window counts once and is continued by its last frame.
        """
        lengths = np.diff(self.start)
        places = np.maximum(lengths - frames + 1, 1)
        clips = rng.choice(len(lengths), count, p=places / places.sum())
        first = rng.integers(0, places[clips])
        index = first[:, None] + np.arange(frames)
        index = self.start[clips][:, None] + np.minimum(index, lengths[clips][:, None] - 1)
        return self.positions[index].astype(np.float32) + self.root[index][:, :, None]


def random_bodies(rng: np.random.Generator, world: Floats) -> Floats:
    """The motions (B, F, 17, 3) of other people: directions kept, lengths changed, left = right."""
    lengths, directions = decompose(world, HUMAN36M)
    bones = rng.normal(1, BONE_SPREAD, (len(world), HUMAN36M.joint_count))
    bones[:, HUMAN36M.right] = bones[:, HUMAN36M.left]
    stature = rng.normal(1, STATURE_SPREAD, (len(world), 1))
    factors = (bones * stature).clip(0.8, 1.2)[:, None, :, None].astype(np.float32)
    root = world[..., HUMAN36M.root, None, :] * stature[:, None, None].astype(np.float32)
    return recompose(lengths * factors, directions, HUMAN36M) + root
