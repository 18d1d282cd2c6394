"""The smooth solver: equal to a dense one, and tracks do not touch each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from retake.shared.smooth_solver import solve_smooth

BENDING = np.array([3.0, 3.0, 48.0])


def _problem(tracks: int, frames: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(10 * frames + tracks)
    half = rng.normal(size=(tracks, frames, 3, 3))
    return half @ half.transpose(0, 1, 3, 2) + 0.1 * np.eye(3), rng.normal(size=(tracks, frames, 3))


def _dense(matrices: Any, right_sides: Any) -> Any:
    """One track by a dense solver: the penalty written as second differences squared."""
    frames = len(matrices)
    bend = np.zeros((max(frames - 2, 0), frames))
    for row in range(len(bend)):
        bend[row, row : row + 3] = 1, -2, 1
    whole = np.kron(bend.T @ bend, np.diag(BENDING))
    for frame, own in enumerate(matrices):
        whole[3 * frame : 3 * frame + 3, 3 * frame : 3 * frame + 3] += own
    return np.linalg.solve(whole, right_sides.reshape(-1)).reshape(-1, 3)


@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 8, 31])
@pytest.mark.parametrize("tracks", [1, 2, 3])
def test_every_track_is_solved_as_a_dense_solver_would(tracks: int, frames: int) -> None:
    matrices, right_sides = _problem(tracks, frames)
    expected = np.stack([_dense(*track) for track in zip(matrices, right_sides, strict=True)])
    np.testing.assert_allclose(solve_smooth(matrices, right_sides, BENDING), expected, atol=1e-9)
