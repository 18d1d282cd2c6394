"""Tracks that are as smooth as their frames allow: the frames' own equations plus a penalty on
second differences, solved exactly for all frames at once. Knows nothing of bodies and cameras.
"""

from __future__ import annotations

import numpy as np

from .arrays import Floats


def solve_smooth(matrices: Floats, right_sides: Floats, bending: Floats) -> Floats:
    """x (tracks, frames, 3) that minimises, for every track by itself,

        sum over frames of x . (matrix x) - 2 right_side . x
        + bending . sum over frames of (x[f - 1] - 2 x[f] + x[f + 1])^2

    `bending` (3,) holds one weight per axis; `matrices` (tracks, frames, 3, 3) are symmetric and
    positive definite, `right_sides` (tracks, frames, 3). Second differences reach two frames far,
    so that pairs of frames form a block tridiagonal system. Tracks follow each other in one such
    system, with nothing between them.
    """
    tracks, frames = right_sides.shape[:2]
    near, one, two = (
        np.append(np.tile(band, tracks), 0.0) for band in _second_difference_bands(frames)
    )
    total, stiff = tracks * frames, np.diag(bending)
    pairs = (total + 1) // 2
    diagonal = np.tile(np.eye(6), (pairs, 1, 1))
    coupling = np.zeros((pairs, 6, 6))
    own = matrices.reshape(-1, 3, 3) + near[:-1, None, None] * stiff
    diagonal[:, :3, :3] = own[0::2]
    diagonal[: total // 2, 3:, 3:] = own[1::2]
    diagonal[: total // 2, :3, 3:] = diagonal[: total // 2, 3:, :3] = (
        one[: total - 1 : 2, None, None] * stiff
    )
    coupling[:, :3, :3] = two[0 : 2 * pairs : 2, None, None] * stiff
    coupling[:, 3:, :3] = one[1 : 2 * pairs : 2, None, None] * stiff
    coupling[:, 3:, 3:] = two[1 : 2 * pairs : 2, None, None] * stiff
    padded = np.zeros((2 * pairs, 3))
    padded[:total] = right_sides.reshape(-1, 3)
    solved = solve_block_tridiagonal(diagonal, coupling, padded.reshape(pairs, 6))
    return solved.reshape(-1, 3)[:total].reshape(right_sides.shape)


def _second_difference_bands(frames: int) -> Floats:
    """(3, frames): diagonal and the two bands above it; row f holds what couples f to f + 1, f + 2.

    Zero where that would reach beyond the last frame.
    """
    near, one, two = bands = np.zeros((3, frames))
    if frames > 2:
        for offset, factor in enumerate((1, 4, 1)):
            near[offset : frames - 2 + offset] += factor
        one[: frames - 2] -= 2
        one[1 : frames - 1] -= 2
        two[: frames - 2] = 1
    return bands


def solve_block_tridiagonal(diagonal: Floats, coupling: Floats, right_sides: Floats) -> Floats:
    """x (n, k) of a positive definite system: diagonal and coupling (n, k, k), b (n, k).

    coupling[i] stands right of diagonal[i] (the last one is not used). Cyclic reduction: every
    second block is eliminated, which leaves a system of the same form and half the size, in few
    large numpy calls.
    """
    count = len(diagonal)
    if count == 1:
        return _solve_positive(diagonal, right_sides[..., None])[..., 0]
    odd, left = diagonal[1::2], coupling[0 : count - 1 : 2]
    right = coupling[1::2].copy()
    if count % 2 == 0:
        right[-1] = 0.0
    known = np.concatenate([left.transpose(0, 2, 1), right, right_sides[1::2, :, None]], axis=-1)
    size = diagonal.shape[-1]
    before, after, constant = np.split(_solve_positive(odd, known), (size, 2 * size), axis=-1)
    even, even_sides = diagonal[0::2].copy(), right_sides[0::2].copy()
    followed = len(odd)
    even[:followed] -= left @ before
    even_sides[:followed] -= (left @ constant)[..., 0]
    preceded = len(even) - 1
    right_t = right[:preceded].transpose(0, 2, 1)
    even[1:] -= right_t @ after[:preceded]
    even_sides[1:] -= (right_t @ constant[:preceded])[..., 0]
    bridges = np.zeros_like(even)
    bridges[:preceded] = -left[:preceded] @ after[:preceded]
    answer = np.empty_like(right_sides)
    answer[0::2] = solve_block_tridiagonal(even, bridges, even_sides)
    answer[1::2] = constant[..., 0] - (before @ answer[0::2][:followed, :, None])[..., 0]
    answer[1::2][:preceded] -= (after[:preceded] @ answer[0::2][1:, :, None])[..., 0]
    return answer


def _solve_positive(matrices: Floats, right_sides: Floats) -> Floats:
    """x (n, k, m) of n small symmetric positive definite systems (n, k, k) x = (n, k, m).

    Gauss-Jordan elimination, which needs no pivoting here, of all systems at once.
    `np.linalg.solve` calls LAPACK once per system, and on a busy machine its threads wait for each
    other every time: a thousand times slower was measured.
    """
    size = matrices.shape[-1]
    work = np.concatenate([matrices, right_sides], axis=-1)
    for pivot in range(size):
        work[:, pivot] /= work[:, pivot, pivot, None]
        factors = work[:, :, pivot].copy()
        factors[:, pivot] = 0.0
        work -= factors[..., None] * work[:, None, pivot]
    return work[..., size:]
