"""Windows of a data set: evenly laid for camera space, drawn at random for world space."""

from __future__ import annotations

import numpy as np

from ...shared.arrays import Floats, Floats32, Ints
from ...shared.skeleton import HUMAN36M
from .motion_set import Clip, MotionSet


def laid_windows(clips: tuple[Clip, ...], length: int) -> tuple[Ints, Ints]:
    """Clip number and first frame (N,) of windows end to end, centred on each clip.

    The outer ones may reach over the clip's ends. So the released code trains (VideoPose3D).
    """
    numbers: list[Ints] = []
    starts: list[Ints] = []
    for number, clip in enumerate(clips):
        count = -(-clip.frames // length)
        starts.append(np.arange(count) * length - (count * length - clip.frames) // 2)
        numbers.append(np.full(count, number))
    return np.concatenate(numbers), np.concatenate(starts)


def random_windows(
    clips: tuple[Clip, ...], rng: np.random.Generator, count: int, length: int
) -> tuple[Ints, Ints]:
    """Clip number and first frame (count,); every possible window is equally likely.

    A clip shorter than a window counts once.
    """
    places = np.array([max(clip.frames - length + 1, 1) for clip in clips])
    numbers = rng.choice(len(clips), count, p=places / places.sum())
    return numbers, rng.integers(0, places[numbers])


def window_rows(clips: tuple[Clip, ...], numbers: Ints, starts: Ints, length: int) -> Ints:
    """Rows (B, length) of a set's arrays.

    Where a window reaches over an end of its clip, the edge frame is repeated.
    """
    frames = np.array([clips[n].frames for n in numbers])
    first = np.array([clips[n].first for n in numbers])
    inside = np.clip(starts[:, None] + np.arange(length), 0, frames[:, None] - 1)
    return first[:, None] + inside


def draw_world(data: MotionSet, rng: np.random.Generator, count: int, length: int) -> Floats32:
    """World positions (count, length, J, 3) of random windows."""
    numbers, starts = random_windows(data.clips, rng, count, length)
    return data.positions[window_rows(data.clips, numbers, starts, length)]


def root_relative(positions: Floats, root: int = HUMAN36M.root) -> Floats:
    """(..., J, 3) minus the root joint."""
    return positions - positions[..., root : root + 1, :]
