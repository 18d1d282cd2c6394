"""The keypoints of one frame as lines and dots with colours. Knows no Blender.

Sides have colours, the same as in `retake detect --preview`: the person's left is blue, the right
orange. The less certain, the more transparent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Floats, Floats32
from ...shared.skeleton import HUMAN36M

LEFT, RIGHT, MIDDLE = (0.25, 0.61, 1.0), (1.0, 0.55, 0.13), (0.94, 0.94, 0.94)

FAINTEST = 0.25
"""Opacity of a keypoint without any confidence."""


@dataclass(frozen=True)
class Figure:
    """line_ends (2 L, 2) and dots (D, 2) in pixels of the video, origin top left; RGBA of each.

    dot_joints (D,) says which joint a dot is.
    """

    line_ends: Floats32
    line_colours: Floats32
    dots: Floats32
    dot_colours: Floats32
    dot_joints: tuple[int, ...]


def _base_colours() -> Floats:
    colours = np.tile(np.array(MIDDLE), (HUMAN36M.joint_count, 1))
    colours[list(HUMAN36M.left)], colours[list(HUMAN36M.right)] = LEFT, RIGHT
    return colours


COLOURS = _base_colours()
BONES = np.array(HUMAN36M.bones)


def figure_of(points: Floats32, confidence: Floats32) -> Figure:
    """Of one frame: points (17, 2), confidence (17,). What is missing is left out."""
    seen = np.isfinite(points).all(axis=-1)
    alpha = FAINTEST + (1 - FAINTEST) * confidence
    bones = BONES[seen[BONES].all(axis=1)]
    # A bone has the side of its far joint, and the confidence of its worse end.
    bone_colours = np.column_stack([COLOURS[bones[:, 1]], alpha[bones].min(axis=1)])
    dots = np.flatnonzero(seen)
    return Figure(
        line_ends=points[bones].reshape(-1, 2).astype(np.float32),
        line_colours=np.repeat(bone_colours, 2, axis=0).astype(np.float32),
        dots=points[dots].astype(np.float32),
        dot_colours=np.column_stack([COLOURS[dots], alpha[dots]]).astype(np.float32),
        dot_joints=tuple(dots.tolist()),
    )


def frame_at(times: Floats, seconds: float) -> int | None:
    """The frame that is shown at a time of the clip; None before the first and after the last."""
    step = float(np.median(np.diff(times)))
    if not times[0] - step / 2 <= seconds <= times[-1] + step / 2:
        return None
    return int(np.argmin(np.abs(times - seconds)))


def on_quad(pixels: Floats, size: tuple[int, int], corners: Floats) -> Floats:
    """Pixels (N, 2) of the video -> places in a region where its picture is seen.

    corners (4, 2): lower left, lower right, upper right, upper left of the picture, a rectangle or
    nearly one.
    """
    across = pixels[:, 0:1] / size[0]
    up = 1 - pixels[:, 1:2] / size[1]
    low = corners[0] + across * (corners[1] - corners[0])
    high = corners[3] + across * (corners[2] - corners[3])
    return low + up * (high - low)


def off_quad(place: Floats, size: tuple[int, int], corners: Floats) -> Floats:
    """The pixel (2,) of the video at a place (2,) of the region; the inverse of `on_quad`."""
    axes = np.column_stack([corners[1] - corners[0], corners[3] - corners[0]])
    across, up = np.linalg.solve(axes, np.asarray(place, float) - corners[0])
    return np.array([across * size[0], (1 - up) * size[1]])
