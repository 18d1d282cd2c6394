"""Cameras of data sets: projection with lens distortion, and a camera found from its pictures.

A lens is nine numbers: fx, fy, cx, cy, then k1, k2, k3 (radial) and p1, p2 (tangential), in the
unit of the image points (pixels, or normalised screen coordinates).

Human3.6M's files come without cameras. They need not be copied from anywhere: the exact projections
in `data_2d_h36m_gt.npz` and the positions they are made of determine each camera to a fraction of a
thousandth of a millimetre (`resect`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Floats, Floats64
from ...shared.errors import RetakeError

ROUNDS = 60
SETTLED = 1e-9
"""Relative gain in the squared error below which a fit has come to its end."""


@dataclass(frozen=True)
class PlacedCamera:
    """x_camera = rotation (3, 3) @ x_world + translation (3,), and the lens (9,)."""

    rotation: Floats64
    translation: Floats64
    lens: Floats64

    def to_camera(self, world: Floats) -> Floats64:
        """(..., 3) -> (..., 3)."""
        return world @ self.rotation.T + self.translation


def project(points: Floats, lens: Floats) -> Floats:
    """Camera-frame points (..., 3) -> image points (..., 2), with distortion.

    The model of Brown (1971) with Human3.6M's convention that each tangential term multiplies its
    own axis. Rays more than 45 degrees off are cut there, as every evaluation on it does.
    """
    rays = (points[..., :2] / points[..., 2:]).clip(-1, 1)
    focal, centre, radial, tangential = np.split(np.asarray(lens), [2, 4, 7])
    r2 = (rays**2).sum(axis=-1, keepdims=True)
    factor = 1 + (radial * np.concatenate([r2, r2**2, r2**3], axis=-1)).sum(-1, keepdims=True)
    factor = factor + (tangential * rays).sum(axis=-1, keepdims=True)
    return focal * (rays * factor + tangential * r2) + centre


def resect(world: Floats, pixels: Floats) -> tuple[PlacedCamera, float]:
    """The camera that saw world points (N, 3) at pixels (N, 2), and its mean error in pixels.

    First the linear solution (direct linear transform, Abdel-Aziz and Karara 1971), then least
    squares of the projection error over all fifteen parameters (Levenberg and Marquardt).
    RetakeError if the points lie in one plane or on one line.
    """
    scale = float(np.abs(pixels - pixels.mean(0)).max())
    offset = pixels.mean(0)
    rotation, translation, lens = _linear_camera(world.astype(float), (pixels - offset) / scale)

    def camera(step: Floats64) -> PlacedCamera:
        return PlacedCamera(_turn(step[:3]) @ rotation, translation + step[3:6], lens + step[6:])

    def errors(step: Floats64) -> Floats64:
        placed = camera(step)
        seen = project(placed.to_camera(world), placed.lens)
        return (seen - (pixels - offset) / scale).ravel()

    found = camera(least_squares(errors, np.zeros(15)))
    in_pixels = found.lens.copy()
    in_pixels[:2] *= scale
    in_pixels[2:4] = in_pixels[2:4] * scale + offset
    found = PlacedCamera(found.rotation, found.translation, in_pixels)
    error = project(found.to_camera(world), in_pixels) - pixels
    return found, float(np.linalg.norm(error, axis=-1).mean())


def pinhole(points: Floats, pixels: Floats) -> tuple[Floats64, float]:
    """Lens (9,) without distortion for camera-frame points (N, 3), and its mean error in pixels."""
    rays = points[:, :2] / points[:, 2:]
    lens = np.zeros(9)
    for axis in range(2):
        slope, centre = np.polyfit(rays[:, axis].astype(float), pixels[:, axis].astype(float), 1)
        lens[axis], lens[2 + axis] = slope, centre
    return lens, float(np.linalg.norm(project(points, lens) - pixels, axis=-1).mean())


def least_squares(errors: Callable[[Floats64], Floats64], start: Floats64) -> Floats64:
    """Minimises the sum of squares of `errors(x)` from `start` (Marquardt 1963)."""
    x, damping = start, 1e-3
    residual = errors(x)
    for _ in range(ROUNDS):
        jacobian = _jacobian(errors, x)
        normal, gradient = jacobian.T @ jacobian, jacobian.T @ residual
        while damping < 1e12:
            step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-12), gradient)
            tried = errors(x - step)
            if tried @ tried < residual @ residual:
                break
            damping *= 10
        else:
            return x
        gain = 1 - (tried @ tried) / (residual @ residual)
        x, residual, damping = x - step, tried, max(damping / 10, 1e-15)
        if gain < SETTLED or residual @ residual == 0:
            break
    return x


def _jacobian(errors: Callable[[Floats64], Floats64], x: Floats64) -> Floats64:
    """Forward differences: all parameters here are of the order of one."""
    h, here = 1e-7, errors(x)
    return np.stack([(errors(x + step) - here) / h for step in np.eye(len(x)) * h], axis=1)


def _linear_camera(world: Floats64, points: Floats64) -> tuple[Floats64, Floats64, Floats64]:
    """Rotation, translation and lens without distortion from the 3 x 4 projection matrix."""
    middle, size = world.mean(0), world.std()
    ones = np.ones((len(world), 1))
    known = np.hstack([(world - middle) / size, ones])
    zero = np.zeros_like(known)
    rows = np.vstack(
        [
            np.hstack([known, zero, -points[:, :1] * known]),
            np.hstack([zero, known, -points[:, 1:] * known]),
        ]
    )
    values, vectors = np.linalg.eigh(rows.T @ rows)
    if values[1] < 1e-9 * values[-1]:
        raise RetakeError("A camera cannot be found from points that lie in one plane.")
    matrix = vectors[:, 0].reshape(3, 4)
    # Undo the normalisation of the world, then make the depth of what was seen positive.
    matrix = np.hstack(
        [matrix[:, :3] / size, (matrix[:, 3] - matrix[:, :3] @ middle / size)[:, None]]
    )
    matrix = matrix / np.linalg.norm(matrix[2, :3])
    if (matrix[2, :3] @ middle + matrix[2, 3]) < 0:
        matrix = -matrix
    upper, rotation = _rq(matrix[:, :3])
    lens = np.zeros(9)
    lens[:4] = upper[0, 0], upper[1, 1], upper[0, 2], upper[1, 2]
    return rotation, np.linalg.solve(upper, matrix[:, 3]), lens


def _rq(matrix: Floats64) -> tuple[Floats64, Floats64]:
    """matrix = upper triangle with positive diagonal @ rotation."""
    q, r = np.linalg.qr(matrix[::-1].T)
    upper, rotation = r.T[::-1, ::-1], q.T[::-1]
    signs = np.sign(np.diag(upper))
    upper, rotation = upper * signs, rotation * signs[:, None]
    return np.asarray(upper / upper[2, 2], float), np.asarray(rotation, float)


def _turn(vector: Floats64) -> Floats64:
    """Rotation matrix about `vector` by its length in radians (Rodrigues 1840)."""
    angle = float(np.linalg.norm(vector))
    x, y, z = vector / max(angle, 1e-300)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
