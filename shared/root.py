"""Where the hip is: the root trajectory of every hypothesis from its keypoints and the camera.

All frames are solved at once. Each visible joint gives two equations in the root of its frame, and
a penalty on the root's acceleration ties the frames together, because the depth of a single frame
is far too noisy to be shown. It believes the size of the body and the focal length: a body 5 % too
large stands 5 % too far away (`body_scale` says by what factor to change it). Knows no floor.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .arrays import Bools, Floats
from .camera import Camera
from .errors import RetakeError
from .smooth_solver import solve_smooth

SMOOTHNESS_S = 0.1
"""Seconds. Movements across the picture that take much less time than this are smoothed away,
movements in depth sooner: they show in the picture only as a change of size. Animators lower it for
jumps."""

DEPTH_SMOOTHNESS = 2.0
"""Depth is smoothed over this many times the time. On dances and walks with noisy keypoints that
took a fifth off the wavering in depth and nothing off the movements across the picture."""

POSE_SHARE = 0.5
"""Share of a residual's variance that is the pose's fault, the rest being the keypoint's. About
even for 5 px and 40 mm, 5 m away (f = 1145 px)."""

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

FRAMES_AT_ONCE = 4096
"""Hypotheses are solved in groups of about so many frames in all: few large numpy calls for short
clips, little memory for long ones."""


class CameraPath(NamedTuple):
    """Where a camera is in every frame: world = turn . (point in the camera frame) + place."""

    turns: Floats
    """(frames, 3, 3)"""
    places: Floats
    """(frames, 3), metres"""

    def along(self, axes: Floats) -> CameraPath:
        """The same in a world whose axes are the columns of `axes` (3, 3)."""
        return CameraPath(axes.T @ self.turns, self.places @ axes)

    def to_world(self, matrices: Floats, right_sides: Floats) -> tuple[Floats, Floats]:
        """Normal equations (H, frames, 3, 3) and (H, frames, 3) for world places."""
        turned = self.turns @ matrices @ np.swapaxes(self.turns, -1, -2)
        sides = self.turns @ right_sides[..., None] + turned @ self.places[..., None]
        return turned, sides[..., 0]

    def to_camera(self, points: Floats) -> Floats:
        """World points (H, frames, 3) in the camera frame."""
        return ((points - self.places)[..., None, :] @ self.turns)[..., 0, :]


class _View(NamedTuple):
    """What is known about every joint; the picture is in units of the focal length.

    Joints come first and frames last, so that sums over joints run over long rows of frames. Of two
    hypotheses only the poses differ.
    """

    poses: Floats
    """(3, joints, hypotheses, frames), relative to the root, metres"""
    seen: Floats
    """(2, joints, 1, frames): x/z and y/z of the viewing ray; 0 where the keypoint is missing"""
    weight: Floats
    """(joints, 1, frames): the keypoint's confidence; 0 where it is missing"""


def solve_root(
    poses: Floats,
    pixels: Floats,
    confidence: Floats,
    camera: Camera,
    fps: float,
    smoothness: float = SMOOTHNESS_S,
    path: CameraPath | None = None,
) -> Floats:
    """Root positions (..., frames, 3) in the camera frame, metres.

    `poses` (..., frames, joints, 3) are root-relative metres in the camera frame, of one hypothesis
    or of many, each solved as if it were alone. `pixels` (frames, joints, 2) may hold NaN for
    missing joints, `confidence` is (frames, joints). It minimises

        sum over frames, joints of confidence * huber(e)
        + sum over frames of |smoothness^2 * acceleration|^2

    where e is the reprojection error in pixels, expressed in metres at the clip's median depth,
    and the smoothness in depth is `DEPTH_SMOOTHNESS` times that across the picture. With that unit
    `smoothness` is a time in seconds which means the same at every frame rate, resolution, focal
    length and distance. Frames without visible joints are bridged with the least acceleration.

    With the `path` of a camera that moves acceleration is that of world places. Its depth turns
    then, so that every world axis is smoothed as it is on average over the frames.

    Poses are noisy too, and noise makes a body look larger, hence farther, just as noisy keypoints
    make it look nearer where the errors are measured at the body instead (MeTRAbs' equations).
    Errors in both need a gradient between the two: that at the point `POSE_SHARE` of the way from
    the projected joint to its keypoint.

    The error is not linear in the root, so that it is linearised at the solution of the round
    before (Gauss-Newton), and the weights of Huber's rule are renewed as well. The first guess is
    the apparent size of the body (weak perspective), whose depth is positive. When pose and picture
    contradict each other the best fit may still lie behind the camera or at the horizon: a frame
    that is solved there is taken for unseen from then on, so that its neighbours, or at worst the
    first guess, decide; what still comes too near is moved to `NEAREST_M`.

    Raises RetakeError if no joint is visible in any frame.
    """
    visible = np.isfinite(pixels).all(axis=-1) & (confidence > 0)
    if not visible.any():
        raise RetakeError(
            "No joint is visible in any frame, so that the person cannot be placed in space."
        )
    seen = np.where(visible[..., None], camera.rays(pixels.astype(np.float64)), 0.0)
    seen = np.ascontiguousarray(seen.transpose(2, 1, 0)[:, :, None])
    weight = np.ascontiguousarray(np.where(visible, confidence, 0.0).T[:, None])
    bending, path = _bending(smoothness * fps, path)
    hypotheses = poses.reshape(-1, *poses.shape[-3:])
    group = max(1, FRAMES_AT_ONCE // len(pixels))
    roots = np.empty((*hypotheses.shape[:2], 3))
    for first in range(0, len(hypotheses), group):
        some = hypotheses[first : first + group].astype(np.float64)
        view = _View(np.ascontiguousarray(some.transpose(3, 2, 0, 1)), seen, weight)
        roots[first : first + group] = _solve(view, bending, path)
    return roots.reshape(*poses.shape[:-2], 3)


def _bending(frames: float, path: CameraPath | None) -> tuple[Floats, CameraPath | None]:
    """What acceleration costs (3,), along the axes in which it counts apart from each other.

    `frames`: the time of smoothing. Those of the camera, or of the world on average over a path.
    """
    bending = (frames * np.array([1.0, 1.0, DEPTH_SMOOTHNESS])) ** 4
    if path is None:
        return bending, None
    stiff = (path.turns * bending) @ np.swapaxes(path.turns, -1, -2)
    bending, axes = np.linalg.eigh(stiff.mean(axis=0))
    return bending, path.along(axes)


def _solve(view: _View, bending: Floats, path: CameraPath | None) -> Floats:
    """The roots (hypotheses, frames, 3) of one group of hypotheses."""
    nearest = NEAREST_M - np.minimum(view.poses[2].min(axis=0), 0)
    guess = root = _weak_perspective(view, nearest)
    scale = np.median(guess[..., 2], axis=1, keepdims=True)
    trusted = np.broadcast_to(view.weight.max(axis=0) > 0, nearest.shape).copy()
    for _ in range(ROUNDS):
        matrices, right_sides = _normal_equations(root, view, scale)
        anchor = _bridged(root, trusted, guess)
        matrices = matrices * trusted[..., None, None] + ANCHOR * np.eye(3)
        right_sides = right_sides * trusted[..., None] + ANCHOR * anchor
        if path is None:
            root = solve_smooth(matrices, right_sides, bending)
        else:
            root = path.to_camera(solve_smooth(*path.to_world(matrices, right_sides), bending))
        trusted &= (root[..., 2] > nearest) & (root[..., 2] < FARTHEST * guess[..., 2])
        root[..., 2] = np.maximum(root[..., 2], nearest)
    return root


def _weak_perspective(view: _View, nearest: Floats) -> Floats:
    """First guess (hypotheses, frames, 3): depth = size of the body / size of its picture, never
    negative.

    Sizes are medians, so that single wrong keypoints do not matter. Frames that show too few joints
    are bridged.
    """
    visible = view.weight > 0
    count = visible.sum(axis=0)
    body_centre, body_size = _place_and_size(view.poses[:2], visible)
    picture_centre, picture_size = _place_and_size(view.seen, visible)
    depth = np.maximum(body_size / np.maximum(picture_size, 1e-4), nearest)
    root = np.stack([*(picture_centre * depth - body_centre), depth], axis=-1)
    full = np.broadcast_to(count >= min(ENOUGH_JOINTS, count.max()), depth.shape)
    return _bridged(root, full, root)


def _place_and_size(points: Floats, visible: Bools) -> tuple[Floats, Floats]:
    """Centre (2, H, frames) and size (H, frames) of points (2, joints, H, frames): medians."""
    centre = _median(points, visible)
    return centre, _median(np.linalg.norm(points - centre[:, None], axis=0), visible)


def _median(values: Floats, visible: Bools) -> Floats:
    """Median over the visible joints of (..., joints, H, frames); 0 where there are none."""
    ordered = np.sort(np.where(visible, values, np.inf), axis=-3)
    count = np.broadcast_to(visible.sum(axis=0), values.shape[-2:])
    lower, upper = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, len(visible) - 1)
    middle = [
        np.take_along_axis(ordered, np.broadcast_to(at, (*values.shape[:-3], 1, *at.shape)), -3)
        for at in (lower, upper)
    ]
    return np.where(count > 0, (middle[0] + middle[1])[..., 0, :, :] / 2, 0.0)


def _bridged(values: Floats, known: Bools, otherwise: Floats) -> Floats:
    """(H, frames, 3) with unknown frames interpolated linearly, constant at the ends.

    A hypothesis without known frames gets `otherwise`.
    """
    if known.all():
        return values
    bridged, frames = values.copy(), np.arange(values.shape[1])
    for h, mask in enumerate(known):
        if not mask.any():
            bridged[h] = otherwise[h]
        else:
            columns = [np.interp(frames, frames[mask], column[mask]) for column in values[h].T]
            bridged[h] = np.column_stack(columns)
    return bridged


def _normal_equations(root: Floats, view: _View, scale: Floats) -> tuple[Floats, Floats]:
    """Normal equations (H, frames, 3, 3) and (H, frames, 3) of every frame, around `root`.

    With the image point p = (x/z, y/z) of a joint, a small movement d of the root moves it by
    (d_xy - p d_z) / z. All errors are multiplied by the depth `scale` (H, 1), which turns them into
    metres.
    """
    depth = np.maximum(view.poses[2] + root[..., 2], NEAREST_M)
    x, y = (view.poses[:2] + np.moveaxis(root[..., :2], -1, 0)[:, None]) / depth
    error_x, error_y = view.seen[0] - x, view.seen[1] - y
    robust = _huber(scale * np.hypot(error_x, error_y), view.weight > 0)
    weight = view.weight * robust * (scale / depth) ** 2
    matrices = np.zeros((*root.shape[:2], 3, 3))
    matrices[..., 0, 0] = matrices[..., 1, 1] = weight.sum(axis=0)
    matrices[..., 0, 2] = matrices[..., 2, 0] = -(weight * x).sum(axis=0)
    matrices[..., 1, 2] = matrices[..., 2, 1] = -(weight * y).sum(axis=0)
    matrices[..., 2, 2] = (weight * (x**2 + y**2)).sum(axis=0)
    # An outlier must not draw the gradient to itself: `robust` holds it back.
    robust *= POSE_SHARE
    x += robust * error_x
    y += robust * error_y
    weight *= depth
    error_x *= weight
    error_y *= weight
    towards = (error_x, error_y, -(x * error_x + y * error_y))
    right_sides = np.stack([part.sum(axis=0) for part in towards], axis=-1)
    return matrices, (matrices @ root[..., None])[..., 0] + right_sides


def _huber(distance: Floats, visible: Bools) -> Floats:
    """Weights (joints, H, frames) of errors in metres: 1, falling off beyond a threshold.

    The threshold is twice the median error of the hypothesis, so that it suits good and bad
    detections alike.
    """
    known = np.broadcast_to(visible, distance.shape)
    medians = [np.median(distance[:, h][known[:, h]]) for h in range(distance.shape[1])]
    threshold = np.maximum(2 * np.array(medians), SMALLEST_THRESHOLD_M)[:, None]
    return np.minimum(1.0, threshold / np.maximum(distance, 1e-9))
