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
    positive definite, `right_sides` (tracks, frames, 3). Tracks follow each other in one system,
    with nothing between them.
    """
    tracks, frames = right_sides.shape[:2]
    near, one, two = np.tile(second_difference_bands(frames), tracks)
    own = np.moveaxis(matrices.reshape(-1, 3, 3), 0, -1) + np.diag(bending)[..., None] * near
    row = right_sides.reshape(-1, 3).T[:, None]
    solved = solve_bands(own, bending[:, None] * one, bending[:, None] * two, row)
    return solved[:, 0].T.reshape(right_sides.shape)


def second_difference_bands(frames: int) -> Floats:
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


def solve_bands(own: Floats, near: Floats, far: Floats, right_sides: Floats) -> Floats:
    """x (k, m, n): n unknown vectors in a row, for m right sides (k, m, n) at once.

    own (k, k, n) is symmetric and positive definite; near and far (k, n) couple each component with
    its own in the next vector and in the one after it, 0 where there is none. That reaches two
    vectors far, so that pairs of them form a block tridiagonal system.
    """
    size, even, odd = len(own), np.s_[..., 0::2], np.s_[..., 1::2]
    if own.shape[-1] % 2:
        near, far, more = (
            np.append(band, np.zeros((*band.shape[:-1], 1)), axis=-1)
            for band in (near, far, right_sides)
        )
        own = np.append(own, np.eye(size)[..., None], axis=-1)
        return solve_bands(own, near, far, more)[..., :-1]
    near, far = (np.eye(size)[..., None] * band for band in (near, far))
    diagonal = _blocks(own[even], near[even], near[even], own[odd])
    coupling = _blocks(far[even], np.zeros_like(far[even]), near[odd], far[odd])
    sides = np.concatenate([right_sides[even], right_sides[odd]])
    answer, solved = np.empty_like(right_sides), solve_block_tridiagonal(diagonal, coupling, sides)
    answer[even], answer[odd] = solved[:size], solved[size:]
    return answer


def _blocks(first: Floats, second: Floats, third: Floats, fourth: Floats) -> Floats:
    """(2k, 2k, n) of two rows of two (k, k, n)."""
    upper, lower = (np.concatenate(row, axis=1) for row in ((first, second), (third, fourth)))
    return np.concatenate([upper, lower])


def solve_block_tridiagonal(diagonal: Floats, coupling: Floats, right_sides: Floats) -> Floats:
    """x (k, m, n) of a positive definite system of n blocks: diagonal and coupling (k, k, n), right
    sides (k, m, n).

    coupling[..., i] stands right of diagonal[..., i] (the last one is not used). Cyclic reduction:
    every second block is eliminated, which leaves a system of the same form and half the size, in
    few large numpy calls. They run over long rows of blocks.
    """
    size, count = len(diagonal), diagonal.shape[-1]
    if count == 1:
        return _solve_positive(diagonal, right_sides)
    left, right = coupling[..., 0 : count - 1 : 2], coupling[..., 1::2].copy()
    if count % 2 == 0:
        right[..., -1] = 0.0
    known = np.concatenate([left.swapaxes(0, 1), right, right_sides[..., 1::2]], axis=1)
    solved = _solve_positive(diagonal[..., 1::2], known)
    before, after, constant = np.split(solved, (size, 2 * size), axis=1)
    even, even_sides = diagonal[..., 0::2].copy(), right_sides[..., 0::2].copy()
    followed, preceded = count // 2, even.shape[-1] - 1
    left = np.ascontiguousarray(left)
    even[..., :followed] -= _product(left, before)
    even_sides[..., :followed] -= _product(left, constant)
    back = right[..., :preceded].swapaxes(0, 1)
    even[..., 1:] -= _product(back, after[..., :preceded])
    even_sides[..., 1:] -= _product(back, constant[..., :preceded])
    bridges = np.zeros_like(even)
    bridges[..., :preceded] = -_product(left[..., :preceded], after[..., :preceded])
    reduced = solve_block_tridiagonal(even, bridges, even_sides)
    answer = np.empty_like(right_sides)
    answer[..., 0::2] = reduced
    constant -= _product(before, reduced[..., :followed])
    constant[..., :preceded] -= _product(after[..., :preceded], reduced[..., 1:])
    answer[..., 1::2] = constant
    return answer


def _product(first: Floats, second: Floats) -> Floats:
    """Matrix products (i, k, n) of (i, j, n) and (j, k, n)."""
    return np.einsum("ijn,jkn->ikn", first, second)


def _solve_positive(matrices: Floats, right_sides: Floats) -> Floats:
    """x (k, m, n) of n small symmetric positive definite systems (k, k, n) x = (k, m, n).

    Gauss-Jordan elimination, which needs no pivoting here, of all systems at once.
    `np.linalg.solve` calls LAPACK once per system, and on a busy machine its threads wait for each
    other every time: a thousand times slower was measured.
    """
    work = np.concatenate([matrices, right_sides], axis=1)
    for pivot in range(len(work)):
        rest = work[:, pivot + 1 :]
        rest[pivot] /= work[pivot, pivot]
        for row in range(len(work)):
            if row != pivot:
                rest[row] -= work[row, pivot] * rest[pivot]
    return work[:, len(work) :]
