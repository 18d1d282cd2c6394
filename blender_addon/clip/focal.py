"""Where the focal length comes from: the scene's camera, the file's metadata, or a usual guess.

Everything in pixels of the upright video, as the server wants it. Knows no Blender.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

FILM_DIAGONAL_MM = math.hypot(36, 24)
"""Of 35 mm film: what a "35 mm equivalent" focal length belongs to."""

WIDEST, LONGEST = 0.3, 20.0
"""In picture diagonals. Beyond these it is no camera but a mistake."""


class Source(Enum):
    """Identifiers of the choice in Blender."""

    GUESS = "GUESS"
    METADATA = "METADATA"
    CAMERA = "CAMERA"
    PIXELS = "PIXELS"


@dataclass(frozen=True)
class Focal:
    """`pixels` of the upright video; `text` says for people where they come from."""

    pixels: float
    text: str


def guess(width: int, height: int) -> Focal:
    """The diagonal: 53 degrees across it, the usual default where nothing is known."""
    return Focal(math.hypot(width, height), "Assumed: 53° across the diagonal")


def from_film(focal_35mm: float, width: int, height: int) -> Focal | None:
    """From a 35 mm equivalent. None if it cannot be true."""
    pixels = focal_35mm / FILM_DIAGONAL_MM * math.hypot(width, height)
    text = f"From the file: {focal_35mm:.4g} mm (35 mm film)"
    return Focal(pixels, text) if is_likely(pixels, width, height) else None


def from_lens(lens_mm: float, sensor_mm: float, fitted_side: int, name: str) -> Focal:
    """From a Blender camera, whose sensor width belongs to the picture's `fitted_side` in pixels.

    With sensor fit AUTO that is the longer side.
    """
    return Focal(lens_mm / sensor_mm * fitted_side, f"From the camera {name}: {lens_mm:.4g} mm")


def is_likely(pixels: float, width: int, height: int) -> bool:
    return WIDEST <= pixels / math.hypot(width, height) <= LONGEST
