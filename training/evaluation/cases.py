"""What a model is measured on: pieces of clips, cut and counted as each data set's protocol says.

Human3.6M: windows end to end, the last one the clip's last frames. Frames that two windows share
count twice, as do the repeated last frames of a clip shorter than a window.
MPI-INF-3DHP: the same windows; a frame counts once, by the last window, and if it is valid.
World space: whole clips, each in two fixed virtual cameras, with exact or with noisy keypoints.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ...shared.arrays import Bools, Floats, Ints
from ...shared.skeleton import HUMAN36M
from ..data.motion_set import Clip, MotionSet
from ..data.windows import random_windows, root_relative, window_rows
from ..detector_noise import corrupt
from ..virtual_camera import picture, place

CAMERA_SEED = 2024
CAMERAS_PER_CLIP = 2
LONG_SIDE = 1000
"""Pixels of the virtual picture."""


@dataclass(frozen=True)
class Case:
    """B windows of L frames of one clip in one camera.

    pixels (B, L, J, 2), positions (B, L, J, 3) metres in the camera's frame, counts (B, L): the
    frames that count. `group` is the row of the table that it belongs to.
    """

    group: str
    pixels: Floats
    positions: Floats
    counts: Bools
    lens: Floats
    size: tuple[int, int]
    fps: float
    root: int

    @property
    def truth(self) -> Floats:
        """Positions relative to the root joint."""
        return root_relative(self.positions, self.root)


def tiled_starts(frames: int, length: int) -> Ints:
    """First frames of windows end to end, the last one over the clip's last frames."""
    if frames <= length:
        return np.array([0])
    starts = np.arange(0, frames, length)
    return np.minimum(starts, frames - length)


def tiled_cases(data: MotionSet, length: int) -> Iterator[Case]:
    """Every clip of a set in camera space, in windows as the released code lays them."""
    assert data.keypoints is not None
    twice = data.skeleton is HUMAN36M
    for clip in data.clips:
        starts = tiled_starts(clip.frames, length)
        rows = window_rows((clip,), np.zeros(len(starts), int), starts, length)
        counts = np.ones(rows.shape, bool)
        if not twice:
            counts = _last_of_each(starts, clip.frames, length) & data.valid[rows]
        yield Case(
            clip.action,
            data.keypoints[rows],
            data.positions[rows],
            counts,
            np.array(clip.lens),
            (clip.width, clip.height),
            clip.fps,
            data.skeleton.root,
        )


def window_cases(data: MotionSet, length: int, count: int, seed: int) -> Iterator[Case]:
    """At most `count` random windows, each a case of its own, as a track of a video would be.

    Camera space: of those that `tiled_cases` lays, none twice. World space: any window, in a random
    camera, with a detector's noise.
    """
    rng = np.random.default_rng([seed, count])
    if data.space == "world":
        numbers, starts = random_windows(data.clips, rng, count, length)
        for number, start in zip(numbers, starts, strict=True):
            rows = window_rows(data.clips, np.array([number]), np.array([start]), length)
            yield _virtual_case(rng, data.clips[number], data.positions[rows], noisy=True)
        return
    laid = [(c, s) for c in data.clips for s in tiled_starts(c.frames, length)]
    for at in rng.permutation(len(laid))[:count]:
        clip, start = laid[at]
        piece = replace(clip, first=clip.first + int(start), frames=min(length, clip.frames))
        yield next(tiled_cases(replace(data, clips=(piece,)), length))


def _last_of_each(starts: Ints, frames: int, length: int) -> Bools:
    """(B, length): true where no later window has the same frame and the clip has it at all."""
    following = np.append(starts[1:], frames)
    place = starts[:, None] + np.arange(length)
    return place < following[:, None]


def virtual_cases(data: MotionSet, noisy: bool) -> Iterator[Case]:
    """Every clip of a set in world space, whole, in `CAMERAS_PER_CLIP` fixed cameras."""
    for number, clip in enumerate(data.clips):
        world = data.motion(clip)[None]
        for camera in range(CAMERAS_PER_CLIP):
            yield _virtual_case(
                np.random.default_rng([CAMERA_SEED, number, camera]), clip, world, noisy
            )


def _virtual_case(rng: np.random.Generator, clip: Clip, world: Floats, noisy: bool) -> Case:
    positions, focal = place(rng, world)
    points = picture(positions, focal)
    if noisy:
        points = corrupt(rng, points, clean_share=0)
    middle = LONG_SIDE / 2
    lens = np.array([focal[0] * LONG_SIDE] * 2 + [middle] * 2 + [0.0] * 5)
    return Case(
        clip.subject,
        points.astype(float) * LONG_SIDE + middle,
        positions,
        np.ones(positions.shape[:2], bool),
        lens,
        (LONG_SIDE, LONG_SIDE),
        clip.fps,
        HUMAN36M.root,
    )
