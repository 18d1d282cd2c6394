"""World-space motion capture in `.npz` files, as arrays. Knows no cameras.

pos (N, 17, 3)     metres, relative to the hip, Human3.6M's joints, y up, right-handed
root (N, 3)        metres, the hip in the world; the floor is y = 0
start (K + 1,)     clip k is frames start[k]:start[k + 1]
subject (K,)       who moves; optional: name (K,), action (K,), fps (50 if absent), up ("y")
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ..shared.arrays import AnyArray, Floats
from ..shared.errors import RetakeError
from ..shared.npz import read_npz
from ..shared.resample import MODEL_FPS
from ..shared.skeleton import HUMAN36M


@dataclass(frozen=True)
class MocapSet:
    """The clips of one file; see the top of this module for the arrays."""

    positions: npt.NDArray[np.float16]
    root: npt.NDArray[np.float32]
    start: npt.NDArray[np.int32]
    subjects: tuple[str, ...]
    names: tuple[str, ...]
    actions: tuple[str, ...]
    fps: float

    @staticmethod
    def load(path: Path) -> MocapSet:
        """RetakeError if `path` is missing, damaged, or its arrays do not fit together."""
        arrays = read_npz(path, ("pos", "root", "start", "subject"), "a set of joint positions")
        _check(path, arrays)
        count = len(arrays["subject"])
        names = arrays.get("name", np.arange(count))
        actions = arrays.get("action", np.full(count, ""))
        return MocapSet(
            arrays["pos"],
            arrays["root"],
            arrays["start"],
            *(tuple(str(s) for s in texts) for texts in (arrays["subject"], names, actions)),
            fps=float(arrays.get("fps", MODEL_FPS)),
        )

    def clip(self, index: int) -> Floats:
        """World positions (F, 17, 3) of one clip."""
        frames = slice(self.start[index], self.start[index + 1])
        return self.positions[frames].astype(np.float32) + self.root[frames, None]


def _check(path: Path, arrays: dict[str, AnyArray]) -> None:
    pos, root, start = arrays["pos"], arrays["root"], arrays["start"]
    if pos.ndim != 3 or pos.shape[1:] != (HUMAN36M.joint_count, 3):
        raise RetakeError(f"{path}: 'pos' has shape {pos.shape}; expected (frames, 17, 3).")
    if root.shape != (len(pos), 3):
        raise RetakeError(f"{path}: 'root' has shape {root.shape}; expected ({len(pos)}, 3).")
    lengths = np.diff(start)
    if start[:1] != 0 or start[-1:] != len(pos) or (lengths < 1).any():
        raise RetakeError(f"{path}: 'start' does not cut the {len(pos)} frames into clips.")
    if len(arrays["subject"]) != len(lengths):
        raise RetakeError(f"{path}: {len(arrays['subject'])} subjects for {len(lengths)} clips.")
    if str(arrays.get("up", "y")) != "y":
        raise RetakeError(f"{path}: the axis that points up is {arrays['up']}; expected y.")
