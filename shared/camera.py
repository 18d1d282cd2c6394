"""The pinhole camera of a clip, and two ways to normalise 2D keypoints for the model.

Camera frame: x right, y down, z forward, metres. Image: pixels, origin top left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .arrays import Floats
from .errors import RetakeError


@dataclass(frozen=True)
class Camera:
    """Intrinsics in pixels. A lens without distortion."""

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width <= 0 or self.height <= 0:
            raise RetakeError(
                f"The image size is {self.width} x {self.height}; both must be positive."
            )
        if not (self.fx > 0 and self.fy > 0 and math.isfinite(self.fx) and math.isfinite(self.fy)):
            raise RetakeError(
                f"The focal length is {self.fx} x {self.fy} pixels; both must be positive."
            )

    @staticmethod
    def with_default_focal(width: int, height: int) -> Camera:
        """Focal length = image diagonal (53 degrees across it): the usual guess without better."""
        focal = math.hypot(width, height)
        return Camera(focal, focal, width / 2, height / 2, width, height)

    def project(self, points: Floats) -> Floats:
        """Camera-frame points (..., 3) -> pixels (..., 2).

        Points must lie in front of the camera (z > 0).
        """
        return points[..., :2] / points[..., 2:] * (self.fx, self.fy) + (self.cx, self.cy)

    def rays(self, pixels: Floats) -> Floats:
        """Pixels (..., 2) -> x/z and y/z of their viewing rays (..., 2)."""
        return (pixels - (self.cx, self.cy)) / (self.fx, self.fy)


def normalise_screen(pixels: Floats, width: int, height: int) -> Floats:
    """x/w*2 - 1 and y/w*2 - h/w: the paper's input; the aspect ratio is kept.

    (..., 2) -> (..., 2).
    """
    return pixels / width * 2 - (1.0, height / width)


def normalise_person(pixels: Floats, root: int) -> Floats:
    """Keypoints (..., frames, joints, 2) of a window around the root, in units of body size.

    The unit is the root mean square distance of all joints from the root over the window. What
    remains does not depend on where the person stands in the picture or how large, so that a model
    trained on one range of cameras serves others. Absolute size cannot be seen in one camera
    anyway.
    """
    relative = pixels - pixels[..., root : root + 1, :]
    size = np.sqrt(
        np.mean(np.sum(relative**2, axis=-1, keepdims=True), axis=(-3, -2), keepdims=True)
    )
    return relative / np.maximum(size, 1e-6)
