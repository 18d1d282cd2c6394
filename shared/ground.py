"""The floor and the world: how the camera stood, found from a person who touches the ground.

A plane is fitted to the places where the body rests, held by what is usual: cameras are level
sideways and tilted moderately, people are upright on average. Assumes a camera that does not move
and one floor; `settle` allows for steps above it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .arrays import Bools, Floats
from .rotations import normalise
from .skeleton import HUMAN36M

JOINT_HEIGHT = 0.09
"""Height of a standing ankle above the floor, as a fraction of hip-knee-ankle: 7 to 8 cm for an
adult. Taken for every joint that rests on the floor (wrists, knees, head), since flesh is about as
thick there."""

RESTING_SPEED = 0.4
"""m/s. A joint that moves faster does not rest."""

LOW = 0.05
"""Metres above the lowest joint of the second around: still a candidate for the floor."""

CELL = 0.25
"""Metres.

Resting joints in the same cell are one piece of evidence, however long somebody stands there.
"""

PLACE_ERROR = 0.06
"""Metres: standard deviation of the height of one such place, and Huber's threshold."""

ROLL_ERROR, PITCH_ERROR, BODY_ERROR = np.tan(np.radians((2.0, 20.0, 6.0)))
"""Standard deviations of a camera's roll, of its pitch, and of a clip's mean body against the
vertical (3.5 degrees in motion capture, the rest for errors of the poses). Roll has the long tails
of Cauchy's distribution: a camera is level or it is not."""

KNOWN_ROLL_ERROR = np.tan(np.radians(0.5))

UPRIGHT = 0.7
"""Cosine to the image's up direction from which a body is taken for upright: 45 degrees."""

STRAIGHTNESS = 30
"""Power of the cosine between torso and legs: 13 degrees of bend halve the weight of a frame."""

FLOOR_QUANTILE = 0.1

SETTLE_S, SUPPORT, STEP_M = 1.0, 0.2, 0.15
"""`settle`: the time in which somebody touches the floor for at least this share, and the height
in metres from which on a step is kept. Estimated depth seldom drifts so fast."""

ROUNDS = 5

IMAGE_UP = np.array([0.0, -1.0, 0.0])
LEFT_HIP, RIGHT_HIP, THORAX = (
    HUMAN36M.joints.index(n) for n in ("left_hip", "right_hip", "thorax")
)
LEFT_SHOULDER, RIGHT_SHOULDER = (HUMAN36M.joints.index(f"{s}_shoulder") for s in ("left", "right"))
ANKLES = (3, 6)
LEGS = ((1, 2, 3), (4, 5, 6))


@dataclass(frozen=True)
class Ground:
    """From the camera frame to the world: rotation (3, 3), then translation (3,), metres."""

    rotation: Floats
    translation: Floats

    def to_world(self, points: Floats) -> Floats:
        """(..., 3) camera frame -> (..., 3) z up, floor at 0."""
        return points @ self.rotation.T + self.translation


def find_ground(positions: Floats, fps: float, roll: float | None = None) -> Ground:
    """The world of one clip from its joints (frames, 17, 3): camera frame with root, metres.

    `roll` in radians is how far the world's up leans to the right in the picture, where that is
    known (a solved camera); None: probably not at all.

    In the world z points up, the floor is z = 0, the hip of the first frame is above the origin,
    and the character of the first frame has its left at +X, so that it faces -Y when it stands.
    """
    positions = positions.astype(np.float64)
    up = _find_up(positions, fps, roll)
    rotation = _axes(positions[0], up)
    turned = positions @ rotation.T
    translation = -turned[0, 0]
    translation[2] = joint_height(positions) - np.quantile(
        turned[..., 2].min(axis=1), FLOOR_QUANTILE
    )
    return Ground(rotation, translation)


def settle(world: Floats, fps: float, step: float = STEP_M) -> Floats:
    """World positions (..., frames, 17, 3) with slow floating and sinking taken out.

    The floor of a whole clip is flat, but estimated depth drifts, and with it the height of the
    body. Within about a second somebody touches the floor, jumps included: each frame is lowered
    by the clearance that its second shows. Clearance that changes by `step` metres or more within
    a second is no drift: somebody climbs stairs, a box, a chair, and stays up there.
    """
    clearance = world[..., 2].min(axis=-1) - joint_height(world)
    reach = max(1, round(SETTLE_S / 2 * fps))
    low = np.quantile(_around(clearance, reach), SUPPORT, axis=-1)
    drift = _around(low - _climbed(low, reach, step), reach).mean(axis=-1)
    settled = world.copy()
    settled[..., 2] -= drift[..., None]
    return settled


def _climbed(low: Floats, reach: int, step: float) -> Floats:
    """What of the support's height (..., frames) above the floor is real: 0 on the floor itself."""
    second = _around(low, reach)
    sure = np.clip(2 * np.abs(second[..., -1] - second[..., 0]) / step - 1, 0, 1)
    change = np.diff(low, axis=-1, prepend=0.0)
    change[..., 1:] *= np.maximum(sure[..., 1:], sure[..., :-1])
    height = np.cumsum(change, axis=-1)
    return height * np.clip(2 * np.abs(height) / step - 1, 0, 1)


def _around(values: Floats, reach: int) -> Floats:
    """(..., frames) -> (..., frames, 2 * reach + 1): every frame's neighbours, ends repeated."""
    padded = np.pad(values, [(0, 0)] * (values.ndim - 1) + [(reach, reach)], mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=-1)


def joint_height(positions: Floats) -> float:
    """Height of a resting joint above the floor, metres, for the body in (..., 17, 3)."""
    legs = [
        np.linalg.norm(positions[..., hip, :] - positions[..., knee, :], axis=-1)
        + np.linalg.norm(positions[..., knee, :] - positions[..., ankle, :], axis=-1)
        for hip, knee, ankle in LEGS
    ]
    return JOINT_HEIGHT * float(np.median(legs))


def joint_speed(positions: Floats, fps: float) -> Floats:
    """Speed (F, ...) in m/s of points (F, ..., 3), measured over about a tenth of a second."""
    frames = np.arange(len(positions))
    reach = max(1, round(0.05 * fps))
    before, after = np.maximum(frames - reach, 0), np.minimum(frames + reach, len(frames) - 1)
    seconds = np.maximum(after - before, 1).reshape(-1, *[1] * (positions.ndim - 2)) / fps
    return np.linalg.norm(positions[after] - positions[before], axis=-1) / seconds


@dataclass(frozen=True)
class _Usual:
    """What is expected of the floor's slope (2,) along x and z, before any resting joint is seen.

    The camera says 0 and how surely (precision, 2); the bodies say `body` with `body_precision`.
    """

    camera_precision: Floats
    body: Floats
    body_precision: float
    roll_known: bool

    def slope(self, at: Floats) -> tuple[Floats, Floats]:
        """Mean (2,) and precision (2,) of the slope, given that it is about `at`."""
        camera = self.camera_precision.copy()
        if not self.roll_known:
            camera[0] /= 1 + (at[0] / ROLL_ERROR) ** 2
        precision = camera + self.body_precision
        return self.body_precision * self.body / precision, precision


def _find_up(positions: Floats, fps: float, roll: float | None) -> Floats:
    """Unit vector (3,) against gravity.

    Each round looks for resting joints with the plane of the round before.
    """
    sine, cosine = np.sin(roll or 0.0), np.cos(roll or 0.0)
    level = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    positions = positions @ level.T
    usual = _usual(positions, roll is not None)
    slow = joint_speed(positions, fps) < RESTING_SPEED
    up = _normal(usual.slope(np.zeros(2))[0])
    for _ in range(ROUNDS):
        resting = slow & _low(positions @ up, fps)
        if resting.any():
            up = _fit(positions[resting], up, usual)
    return up @ level


def _normal(slope: Floats) -> Floats:
    """Up vector of the plane y = slope_x x + slope_z z + constant; y points down."""
    return normalise(np.array([slope[0], -1.0, slope[1]]))


def _usual(positions: Floats, roll_known: bool) -> _Usual:
    roll_error = KNOWN_ROLL_ERROR if roll_known else ROLL_ERROR
    camera = np.array([1 / roll_error**2, 1 / PITCH_ERROR**2])
    body = _mean_body(positions)
    if body is None:
        return _Usual(camera, np.zeros(2), 0.0, roll_known)
    slope = np.array([body[0], body[2]]) / -body[1]
    return _Usual(camera, slope, 1 / BODY_ERROR**2, roll_known)


def _mean_body(positions: Floats) -> Floats | None:
    """Mean direction (3,) of legs and torso where the head is up; None if it never is.

    A straight body counts most: who bends over or sits does not show where up is.
    """
    hip, feet = positions[:, 0], positions[:, ANKLES].mean(axis=1)
    torso, legs = normalise(positions[:, THORAX] - hip), normalise(hip - feet)
    straight = np.maximum(np.sum(torso * legs, axis=-1), 0) ** STRAIGHTNESS
    upright = straight * (torso @ IMAGE_UP > UPRIGHT) * (legs @ IMAGE_UP > UPRIGHT)
    if not upright.any():
        return None
    return (torso + legs).T @ upright


def _low(heights: Floats, fps: float) -> Bools:
    """Which joints of heights (frames, 17) are near the lowest one of the second around them."""
    lowest = heights.min(axis=1)
    reach = round(0.5 * fps)
    padded = np.pad(lowest, reach, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1).min(axis=-1)
    return heights < around[:, None] + LOW


def _fit(points: Floats, up: Floats, usual: _Usual) -> Floats:
    """Up vector of the plane through resting points (N, 3), near the usual slope; Huber's rule."""
    weights = _share_per_place(points) / PLACE_ERROR**2
    x, y, z = (points - np.median(points, axis=0)).T
    rows = np.column_stack([x, z, np.ones_like(x)])
    slope = np.array([up[0], up[2]]) / -up[1]
    constant = float(np.median(y - rows[:, :2] @ slope))
    for _ in range(ROUNDS):
        errors = np.abs(y - rows[:, :2] @ slope - constant)
        robust = weights * np.minimum(1.0, PLACE_ERROR / np.maximum(errors, 1e-9))
        mean, precision = usual.slope(slope)
        matrix = rows.T @ (rows * robust[:, None]) + np.diag([*precision, 1e-6])
        right_side = rows.T @ (robust * y) + np.array([*(precision * mean), 0.0])
        *slope, constant = np.linalg.solve(matrix, right_side)
        slope = np.array(slope)
    return _normal(slope)


def _share_per_place(points: Floats) -> Floats:
    """Weights (N,) that sum to one in every cell of the floor."""
    cells = np.floor(points[:, (0, 2)] / CELL).astype(np.int64)
    _, place, count = np.unique(cells, axis=0, return_inverse=True, return_counts=True)
    return 1.0 / count[place.reshape(-1)]


def _axes(first: Floats, up: Floats) -> Floats:
    """Rotation (3, 3) whose rows are the world's axes in the camera frame.

    X is the body's left, levelled. Of somebody who lies on the side it is what makes the body face
    -Y, as left and front cannot both be vertical.
    """
    left = normalise(
        first[LEFT_HIP] - first[RIGHT_HIP] + first[LEFT_SHOULDER] - first[RIGHT_SHOULDER]
    )
    if abs(left @ up) > 0.9:
        left = np.cross(up, np.cross(left, first[THORAX] - first[0]))
    x = normalise(left - (left @ up) * up)
    return np.stack([x, np.cross(up, x), up])
