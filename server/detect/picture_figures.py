"""A few figures of each picture, from which `preflight` tells what makes a clip hard.

They are taken where the picture is, in the child process, from a small grey copy.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...shared.arrays import Floats32

SMALL = 128
"""Pixels of the long side of the grey copy, about."""


class PictureFigures:
    """For the frames of one video, in order."""

    def __init__(self) -> None:
        self._last: Floats32 | None = None

    def of(self, picture: npt.NDArray[np.uint8]) -> tuple[float, float, float, float]:
        """(change, shift right, shift down, sharpness); the first three against the last picture.

        change      mean difference of the grey values after the shift, 0 to 1; 0 is the same
                    picture
        shift       of the whole picture, as fractions of its long side
        sharpness   of edges: how much of the steepest slopes is within a single pixel, 0 to 1
        """
        grey = _small_grey(picture)
        change = right = down = 0.0
        if self._last is not None and self._last.shape == grey.shape:
            right, down = _shift(self._last, grey)
            moved = np.roll(self._last, (down, right), axis=(0, 1))
            change = float(np.abs(moved - grey).mean())
        self._last = grey
        longest = max(grey.shape)
        figures = (change, right / longest, down / longest, _sharpness(picture))
        return tuple(round(value, 5) for value in figures)  # pyright: ignore[reportReturnType]


def _small_grey(picture: npt.NDArray[np.uint8]) -> Floats32:
    """Green alone is grey enough. 0 to 1."""
    step = max(1, max(picture.shape[:2]) // SMALL)
    return picture[::step, ::step, 1].astype(np.float32) / np.float32(255)


def _shift(before: Floats32, after: Floats32) -> tuple[int, int]:
    """Whole pixels (right, down) by phase correlation (Kuglin and Hines 1975)."""
    if min(after.shape) < 8:
        return 0, 0
    product = np.fft.rfft2(after) * np.conj(np.fft.rfft2(before))
    peak = np.fft.irfft2(product / np.maximum(np.abs(product), 1e-6), s=after.shape)
    down, right = (int(i) for i in np.unravel_index(int(peak.argmax()), peak.shape))
    height, width = after.shape
    down, right = (
        (down + height // 2) % height - height // 2,
        (right + width // 2) % width - (width // 2),
    )
    # A still picture in which somebody moves has its peak at 0, a cut has none that stands out.
    return (right, down) if peak.max() > 3 * peak.std() + 0.05 else (0, 0)


def _sharpness(picture: npt.NDArray[np.uint8]) -> float:
    """Of the middle half of the picture, along rows: steepest one-pixel over three-pixel rise."""
    height, width = picture.shape[:2]
    part = picture[height // 4 : height - height // 4 : 8, width // 4 : width - width // 4, 1]
    part = part.astype(np.int16)
    if part.shape[1] < 8 or not part.size:
        return 1.0
    wide = np.abs(part[:, 3:] - part[:, :-3])
    steep = wide >= max(8, int(np.quantile(wide, 0.98)))
    steps = np.abs(np.diff(part, axis=1))
    one = np.maximum(np.maximum(steps[:, :-2], steps[:, 1:-1]), steps[:, 2:])
    return float((one[steep] / wide[steep]).mean()) if steep.any() else 1.0
