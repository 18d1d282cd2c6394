"""What of a clip the demo shows and from where: frames, crops, cameras, the second take.

Numbers only. It knows no Blender and no picture. World: z up, the rig's units; a camera's axes are
Blender's (x right, y up, it looks along -z).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..blender_addon.choose.combine import choice_of, combine
from ..shared.arrays import Floats
from ..shared.ground import find_ground
from ..shared.rotations import frame
from ..shared.takes import Takes

CROP_MARGIN = 0.13
"""Free space around the person's path, as a part of its size."""

SIDE_ANGLE = np.radians(70.0)
SIDE_ELEVATION = np.radians(9.0)
SIDE_FIELD = np.radians(24.0)
SIDE_FILL = 0.9
"""Part of the picture that the two takes may fill, seen from the side."""

BESIDE = 1.1
"""Distance of the two rigs. The meta-rig is 2 units tall."""

FLIP = np.diag([1.0, -1.0, -1.0])
"""From a camera with y down that looks along z to Blender's."""

LEG = ((1, 2), (2, 3), (4, 5), (5, 6))


@dataclass(frozen=True)
class Box:
    """A part of an image, pixels, origin top left."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


@dataclass(frozen=True)
class View:
    """A camera.

    location (3,), axes in the columns of (3, 3), horizontal field of view in radians, shift of the
    image in widths of it, to the right and upwards.
    """

    location: Floats
    axes: Floats
    field: float
    shift: tuple[float, float] = (0.0, 0.0)


def shown_frames(frame_count: int, count: int) -> list[int]:
    """`count` frames evenly spread over the clip, neither the first nor the last."""
    return [int((i + 0.5) * frame_count / count) for i in range(count)]


def crop_around(points: Floats, image_size: tuple[int, int], aspect: float) -> Box:
    """The smallest box of width / height = `aspect` around all points (F, J, 2), with a margin.

    NaN is left out. It may reach beyond the image.
    """
    seen = points.reshape(-1, 2)
    low, high = np.nanmin(seen, axis=0), np.nanmax(seen, axis=0)
    size = float(max((high - low)[1], (high - low)[0] / aspect)) * (1 + 2 * CROP_MARGIN)
    size = min(max(size, 1.0), 2.0 * max(image_size))
    x, y = (low + high) / 2
    half_width, half_height = size * aspect / 2, size / 2
    return Box(x - half_width, y - half_height, x + half_width, y + half_height)


def aspect_of_path(points: Floats, low: float, high: float) -> float:
    """Width / height of the box around all points (F, J, 2), kept within `low` to `high`."""
    seen = points.reshape(-1, 2)
    width, height = np.nanmax(seen, axis=0) - np.nanmin(seen, axis=0)
    return float(np.clip(width / max(height, 1e-6), low, high))


def other_hypothesis(takes: Takes) -> int:
    """The hypothesis with depths unlike those of the best one; the best if there is no other."""
    best = combine(takes, choice_of(takes, None)) - takes.root[takes.best["torso_head"]][:, None]
    difference = np.abs(takes.poses[..., 2] - best[..., 2]).mean(axis=(1, 2))
    return int(np.argmax(difference))


def video_view(takes: Takes, frames: list[int], hips: Floats, leg_length: float) -> View:
    """The video's own camera in the world of a rig that wears the best take.

    hips (N, 3) is the rig's hip joint at `frames` of the clip, leg_length its thigh and shin. The
    rig is the source scaled by the ratio of leg lengths, and moved.
    """
    joints = combine(takes, choice_of(takes, None))
    ground = find_ground(joints, takes.fps)
    lengths = [np.linalg.norm(joints[:, a] - joints[:, b], axis=-1) for a, b in LEG]
    scale = leg_length / (float(np.median(lengths, axis=1).sum()) / 2)
    origin = np.mean(hips - scale * ground.to_world(joints[frames, 0]), axis=0)
    return View(
        location=ground.translation * scale + origin,
        axes=ground.rotation @ FLIP,
        field=2 * float(np.arctan(takes.camera.width / 2 / takes.camera.fx)),
    )


def cropped(view: View, image_size: tuple[int, int], crop: Box) -> View:
    """The same camera with a sensor that covers just the part `crop` of its image."""
    width, height = image_size
    right = (crop.left + crop.right - width) / 2 / crop.width
    down = (crop.top + crop.bottom - height) / 2 / crop.width
    field = 2 * np.arctan(np.tan(view.field / 2) * crop.width / width)
    return replace(view, field=float(field), shift=(right, -down))


def side_axes(video: View) -> Floats:
    """The axes of a camera that looks at the same from `SIDE_ANGLE` beside the video's."""
    heading = np.arctan2(video.axes[1, 2], video.axes[0, 2]) + SIDE_ANGLE
    level = np.cos(SIDE_ELEVATION)
    back = np.array([level * np.cos(heading), level * np.sin(heading), np.sin(SIDE_ELEVATION)])
    return frame(back, np.array([0.0, 0.0, 1.0]))[:, [2, 1, 0]] * (-1.0, 1.0, 1.0)


def beside(video: View) -> Floats:
    """Where the second rig stands, (3,) from the first.

    Away from the video's camera, so that the two stand side by side for the other.
    """
    right = side_axes(video)[:, 0]
    away = np.sign(right @ -video.axes[:, 2])
    return away * BESIDE * right


def side_view(points: Floats, axes: Floats, aspect: float) -> View:
    """A camera with these axes, as near as it can be to see all `points` (N, 3)."""
    centre = (points.min(axis=0) + points.max(axis=0)) / 2
    seen = (points - centre) @ axes
    slope = np.tan(SIDE_FIELD / 2) * SIDE_FILL
    reach = np.maximum(np.abs(seen[:, 0]), np.abs(seen[:, 1]) * aspect)
    distance = float((reach / slope + seen[:, 2]).max())
    return View(centre + axes[:, 2] * distance, axes, SIDE_FIELD)
