"""Takes of a small figure that walks along: two answers for each arm, the rest agrees."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.keypoints import KeypointTrack
from retake.shared.rotations import matrix_from_quaternion
from retake.shared.takes import LIMB_GROUPS, Alternative, Takes

FIGURE = np.array(
    [
        (0.0, 0.0, 0.0),
        (-0.12, 0.0, 0.0),
        (-0.12, 0.42, 0.02),
        (-0.12, 0.82, 0.0),
        (0.12, 0.0, 0.0),
        (0.12, 0.42, 0.02),
        (0.12, 0.82, 0.0),
        (0.0, -0.24, 0.0),
        (0.0, -0.5, 0.0),
        (0.0, -0.6, -0.06),
        (0.0, -0.71, -0.06),
        (0.17, -0.48, 0.0),
        (0.17, -0.2, 0.0),
        (0.17, 0.05, 0.0),
        (-0.17, -0.48, 0.0),
        (-0.17, -0.2, 0.0),
        (-0.17, 0.05, 0.0),
    ]
)
"""Standing, in the camera frame (y down), metres, root at 0."""

FRAMES, HYPOTHESES, FPS = 60, 6, 25.0


def _turn(angles: Floats) -> Floats:
    """Rotations (F, 3, 3) about the camera's x axis: what one camera sees least."""
    zero = np.zeros_like(angles)
    return matrix_from_quaternion(
        np.stack([np.cos(angles / 2), np.sin(angles / 2), zero, zero], axis=-1)
    )


def _poses() -> Floats:
    """(H, F, 17, 3): odd hypotheses hold the left forearm forward in frames 20 to 39."""
    poses = np.tile(FIGURE, (HYPOTHESES, FRAMES, 1, 1))
    rise = np.clip(10 - np.abs(np.arange(FRAMES) - 29.5), 0, 1)
    for hypothesis in range(HYPOTHESES):
        forward = 1.5 if hypothesis % 2 else -0.3
        turn = _turn(rise * forward + 0.01 * hypothesis)
        upper = turn @ (FIGURE[12] - FIGURE[11])
        lower = turn @ (FIGURE[13] - FIGURE[12])
        poses[hypothesis, :, 12] = poses[hypothesis, :, 11] + upper
        poses[hypothesis, :, 13] = poses[hypothesis, :, 12] + lower
    return poses


@pytest.fixture
def clip(make_takes: Callable[..., Takes]) -> Takes:
    root = np.zeros((HYPOTHESES, FRAMES, 3), np.float32)
    root[..., 0] = np.linspace(-0.3, 0.3, FRAMES)
    root[..., 2] = 4
    return make_takes(
        _poses(),
        fps=FPS,
        root=root,
        groups={g: (Alternative("A", 0.5, 0), Alternative("B", 0.5, 1)) for g in LIMB_GROUPS},
    )


@pytest.fixture
def clip_track(clip: Takes) -> KeypointTrack:
    """What the camera sees of the first hypothesis."""
    points = clip.camera.project(clip.poses[0] + clip.root[0][:, None])
    return KeypointTrack(
        points=points.astype(np.float32),
        confidence=np.ones((FRAMES, 17), np.float32),
        times=clip.times,
        image_size=(640, 480),
        fps=FPS,
        source="a test",
    )
