"""Where the hip is: the root trajectory of one hypothesis from its keypoints and the camera.

All frames are solved at once. Each visible joint gives two linear equations in the root of its
frame, and a penalty on the root's acceleration ties the frames together, because the depth of a
single frame is far too noisy to be shown. Knows nothing of the floor, and believes the size of the
body and the focal length: a body 5 % too large stands 5 % too far away.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arrays import Bools, Floats
from .camera import Camera
from .errors import RetakeError

SMOOTHNESS_S = 0.1
"""Seconds. Movements across the picture that take much less time than this are smoothed away,
movements in depth sooner: they show in the picture only as a change of size. Animators lower it for
jumps."""

NEAREST_M = 0.3
"""Every joint lies at least this far in front of the camera."""

FARTHEST = 3.0
"""Times the depth that the apparent size of the body suggests."""

ENOUGH_JOINTS = 6
"""Visible joints from which on the apparent size of the body is worth something."""

ROUNDS = 5
ANCHOR = 1e-4
"""Weight, in visible joints, that holds what nothing else determines (a lone joint)."""

SMALLEST_THRESHOLD_M = 0.01


class _View(NamedTuple):
    """What is known about every joint; the picture is in units of the focal length."""

    poses: Floats
    """(frames, joints, 3), relative to the root, metres"""
    seen: Floats
    """(frames, joints, 2): x/z and y/z of the viewing ray; 0 where the keypoint is missing"""
    weight: Floats
    """(frames, joints): the keypoint's confidence; 0 where it is missing"""


def solve_root(
    poses: Floats,
    pixels: Floats,
    confidence: Floats,
    camera: Camera,
    fps: float,
    smoothness: float = SMOOTHNESS_S,
) -> Floats:
    """Root positions (frames, 3) in the camera frame, metres.

    `poses` (frames, joints, 3) are root-relative metres in the camera frame, `pixels` (frames,
    joints, 2) may hold NaN for missing joints, `confidence` is (frames, joints). It minimises

        sum over frames, joints of confidence * huber(e)
        + sum over frames of |smoothness^2 * acceleration|^2

    where e is the reprojection error in pixels, expressed in metres at the clip's median depth.
    With that unit `smoothness` is a time in seconds which means the same at every frame rate,
    resolution, focal length and distance. Frames without visible joints are bridged with the least
    acceleration.

    The error is not linear in the root, so that it is linearised at the solution of the round
    before (Gauss-Newton), and the weights of Huber's rule are renewed as well. The first guess is
    the apparent size of the body (weak perspective), whose depth is positive. When pose and picture
    contradict each other the best fit may still lie behind the camera or at the horizon: a frame
    that is solved there is taken for unseen from then on, so that its neighbours, or at worst the
    first guess, decide; what still comes too near is moved to `NEAREST_M`.

    Raises RetakeError if no joint is visible in any frame.
    """
    view = _view(poses, pixels, confidence, camera)
    nearest = NEAREST_M - np.minimum(view.poses[..., 2].min(axis=1), 0)
    guess = root = _weak_perspective(view, nearest)
    scale = float(np.median(guess[:, 2]))
    trusted = view.weight.max(axis=1) > 0
    for _ in range(ROUNDS):
        matrices, right_sides = _normal_equations(root, view, scale)
        anchor = _bridged(root, trusted) if trusted.any() else guess
        matrices = matrices * trusted[:, None, None] + ANCHOR * np.eye(3)
        right_sides = right_sides * trusted[:, None] + ANCHOR * anchor
        root = _solve_smooth(matrices, right_sides, (smoothness * fps) ** 4)
        trusted &= (root[:, 2] > nearest) & (root[:, 2] < FARTHEST * guess[:, 2])
        root[:, 2] = np.maximum(root[:, 2], nearest)
    return root


def _view(poses: Floats, pixels: Floats, confidence: Floats, camera: Camera) -> _View:
    visible = np.isfinite(pixels).all(axis=-1) & (confidence > 0)
    if not visible.any():
        raise RetakeError(
            "No joint is visible in any frame, so that the person cannot be placed in space."
        )
    seen = np.where(visible[..., None], camera.rays(pixels.astype(np.float64)), 0.0)
    return _View(poses.astype(np.float64), seen, np.where(visible, confidence, 0.0))


def _weak_perspective(view: _View, nearest: Floats) -> Floats:
    """First guess (frames, 3): depth = size of the body / size of its picture, never negative.

    Sizes are medians, so that single wrong keypoints do not matter. Frames that show too few joints
    are bridged.
    """
    count = (view.weight > 0).sum(axis=1)
    full = count >= min(ENOUGH_JOINTS, count.max())
    mask = np.where(view.weight[full] > 0, 1.0, np.nan)[..., None]
    body, picture = view.poses[full, :, :2] * mask, view.seen[full] * mask
    body_centre, picture_centre = (np.nanmedian(v, axis=1, keepdims=True) for v in (body, picture))
    body_size, picture_size = (
        np.nanmedian(np.linalg.norm(v, axis=-1), axis=1)
        for v in (body - body_centre, picture - picture_centre)
    )
    root = np.zeros((len(count), 3))
    root[full, 2] = np.maximum(body_size / np.maximum(picture_size, 1e-4), nearest[full])
    root[full, :2] = picture_centre[:, 0] * root[full, 2:] - body_centre[:, 0]
    return _bridged(root, full)


def _bridged(values: Floats, known: Bools) -> Floats:
    """(frames, 3) with the unknown frames interpolated linearly, constant at the ends."""
    frames = np.arange(len(values))
    return np.column_stack([np.interp(frames, frames[known], column[known]) for column in values.T])


def _normal_equations(root: Floats, view: _View, scale: float) -> tuple[Floats, Floats]:
    """Normal equations (frames, 3, 3) and (frames, 3) of every frame, around `root`.

    With the image point p = (x/z, y/z) of a joint, a small movement d of the root moves it by (d_xy
    - p d_z) / z. All errors are multiplied by the depth `scale`, which turns them into metres.
    """
    frames, joints = view.weight.shape
    points = view.poses + root[:, None]
    depth = np.maximum(points[..., 2:], NEAREST_M)
    projected = points[..., :2] / depth
    errors = scale * (view.seen - projected)
    rows = np.zeros((frames, joints, 2, 3))
    rows[..., (0, 1), (0, 1)] = 1.0
    rows[..., 2] = -projected
    rows *= (scale / depth)[..., None]
    wanted = errors + (rows @ root[:, None, :, None])[..., 0]
    rows, wanted = rows.reshape(frames, 2 * joints, 3), wanted.reshape(frames, 2 * joints, 1)
    weighted = rows * np.repeat(view.weight * _huber(errors, view.weight > 0), 2, axis=1)[..., None]
    weighted = weighted.transpose(0, 2, 1)
    return weighted @ rows, (weighted @ wanted)[..., 0]


def _huber(errors: Floats, visible: Bools) -> Floats:
    """Weights (frames, joints) of errors (frames, joints, 2): 1, falling off beyond a threshold.

    The threshold is twice the clip's own median error, so that it suits good and bad detections
    alike.
    """
    distance = np.linalg.norm(errors, axis=-1)
    threshold = max(2 * float(np.median(distance[visible])), SMALLEST_THRESHOLD_M)
    return np.minimum(1.0, threshold / np.maximum(distance, 1e-9))


def _solve_smooth(matrices: Floats, right_sides: Floats, bending: float) -> Floats:
    """(frames, 3): the frames' own equations plus `bending` x squared second differences.

    Second differences reach two frames far, so that pairs of frames form a block tridiagonal
    system.
    """
    frames = len(matrices)
    near, one, two = _second_difference_bands(frames, bending)
    identity = np.eye(3)
    pairs = (frames + 1) // 2
    diagonal = np.tile(np.eye(6), (pairs, 1, 1))
    coupling = np.zeros((pairs, 6, 6))
    own = matrices + near[:, None, None] * identity
    diagonal[:, :3, :3] = own[0::2]
    diagonal[: frames // 2, 3:, 3:] = own[1::2]
    diagonal[: frames // 2, :3, 3:] = diagonal[: frames // 2, 3:, :3] = (
        one[: frames - 1 : 2, None, None] * identity
    )
    coupling[:, :3, :3] = two[0 : 2 * pairs : 2, None, None] * identity
    coupling[:, 3:, :3] = one[1 : 2 * pairs : 2, None, None] * identity
    coupling[:, 3:, 3:] = two[1 : 2 * pairs : 2, None, None] * identity
    padded = np.zeros((2 * pairs, 3))
    padded[:frames] = right_sides
    return _solve_block_tridiagonal(diagonal, coupling, padded.reshape(pairs, 6)).reshape(-1, 3)[
        :frames
    ]


def _second_difference_bands(frames: int, bending: float) -> tuple[Floats, Floats, Floats]:
    """Diagonal (frames,) and both bands beside it (frames + 1), zero outside the matrix."""
    near, one, two = np.zeros(frames), np.zeros(frames + 1), np.zeros(frames + 1)
    if frames > 2:
        for offset, factor in enumerate((1, 4, 1)):
            near[offset : frames - 2 + offset] += factor
        one[: frames - 2] -= 2
        one[1 : frames - 1] -= 2
        two[: frames - 2] = 1
    return bending * near, bending * one, bending * two


def _solve_block_tridiagonal(diagonal: Floats, coupling: Floats, right_sides: Floats) -> Floats:
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
    answer[0::2] = _solve_block_tridiagonal(even, bridges, even_sides)
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
