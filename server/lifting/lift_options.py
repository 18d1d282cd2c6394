"""What may be asked of a lift, and whether it fits the clip. Knows no model."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ...shared.body_height import HEIGHT_RANGE_M
from ...shared.camera import Camera
from ...shared.errors import FieldError
from ...shared.keypoints import MOST_FRAMES, KeypointTrack
from ...shared.resample import MODEL_FPS
from ...shared.steering import Steering

MOST_HYPOTHESES = 100
MOST_ITERATIONS = 50

FOCAL_RANGE = (0.2, 50.0)
"""Focal lengths in units of the picture's larger side: from a fisheye to a long telephoto lens."""

MOST_POSES = 1_000_000
"""Hypotheses x frames. Takes of this size (about 220 MB) still fit into one message."""


@dataclass(frozen=True, kw_only=True)
class LiftOptions:
    """What is asked of the model.

    focal     pixels; None = the usual guess (`Camera.with_default_focal`)
    height    metres of the person, standing; None = as the model sees it
    steering  what is known or wanted of the motion; by default nothing
    """

    model: str
    hypotheses: int = 5
    iterations: int = 5
    seed: int = 0
    focal: float | None = None
    height: float | None = None
    steering: Steering = field(default_factory=Steering)

    def __post_init__(self) -> None:
        """Raises FieldError."""
        _check_range("hypotheses", "number of hypotheses", self.hypotheses, 1, MOST_HYPOTHESES)
        _check_range("iterations", "number of iterations", self.iterations, 1, MOST_ITERATIONS)
        _check_range("seed", "seed", self.seed, 0, 2**63 - 1)
        if self.focal is not None and not (np.isfinite(self.focal) and self.focal > 0):
            raise FieldError(
                "focal", f"The focal length is {self.focal} pixels; it must be positive."
            )
        if self.height is not None:
            _check_range("height", "height in metres", self.height, *HEIGHT_RANGE_M)
            if self.steering.lengths is not None or self.steering.is_about_a_take:
                raise FieldError(
                    "height", "A height cannot be given beside lengths, pins or a range."
                )


def check_size(track: KeypointTrack, options: LiftOptions) -> None:
    """Raises FieldError if the clip is too long, or too long for so many hypotheses."""
    seconds = float(track.times[-1] - track.times[0])
    if seconds * MODEL_FPS > MOST_FRAMES:
        limit = MOST_FRAMES / MODEL_FPS
        raise FieldError(
            "times", f"The clip lasts {seconds:.0f} s; the limit is {limit:.0f} s. Cut it."
        )
    frames = max(track.frame_count, int(seconds * MODEL_FPS) + 1)
    if options.hypotheses * frames > MOST_POSES:
        most = MOST_POSES // frames
        raise FieldError(
            "hypotheses",
            f"{options.hypotheses} hypotheses are too many for {frames} frames. "
            f"Ask for {most} at most, or cut the clip.",
        )


def camera_of(track: KeypointTrack, options: LiftOptions) -> Camera:
    """The clip's camera. Raises FieldError for a focal length that no lens has."""
    width, height = track.image_size
    if options.focal is None:
        return Camera.with_default_focal(width, height)
    least, most = (factor * max(width, height) for factor in FOCAL_RANGE)
    if not least <= options.focal <= most:
        raise FieldError(
            "focal",
            f"The focal length is {options.focal:g} pixels; in a picture of {width} x {height} "
            f"{least:.0f} to {most:.0f} make sense.",
        )
    return Camera(options.focal, options.focal, width / 2, height / 2, width, height)


def _check_range(name: str, words: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise FieldError(name, f"The {words} is {value}; expected {least} to {most}.")
