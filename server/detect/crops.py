"""Boxes of people and the part of the picture that a network looks at.

All boxes are (left, top, right, bottom) in pixels of the picture; the corner of the picture is 0, 0
and the middle of its first pixel 0.5, 0.5. Pure functions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ...shared.arrays import Floats, Floats32, Floats64

AROUND_BOX = 1.25
"""Times the box: what networks of the top-down kind were trained to see (MMPose, ViTPose)."""

AROUND_POINTS = 1.5
"""The same for the box of the points, which leaves out hair, hands and feet's ends."""


def view_of(box: Floats, size: tuple[int, int], around: float) -> Floats64:
    """The box enlarged, and of the shape of `size` (width, height), around the same middle."""
    low, high = np.asarray(box[:2], np.float64), np.asarray(box[2:], np.float64)
    middle, extent = (low + high) / 2, np.maximum(high - low, 1.0)
    shape = np.array(size, np.float64)
    extent = shape * (extent / shape).max() * around
    return np.concatenate([middle - extent / 2, middle + extent / 2])


def crop(picture: npt.NDArray[np.uint8], view: Floats, size: tuple[int, int]) -> Floats32:
    """(height, width, 3) 0 to 255, bilinear; black outside of the picture."""
    width, height = size
    columns = view[0] + (np.arange(width) + 0.5) * (view[2] - view[0]) / width - 0.5
    rows = view[1] + (np.arange(height) + 0.5) * (view[3] - view[1]) / height - 0.5
    left, across = _neighbours(columns, picture.shape[1])
    top, down = _neighbours(rows, picture.shape[0])
    # First the rows, of which fewer are needed, then the columns: half the work.
    part = _weighted(picture, top, down, axis=0)
    return _weighted(part, left, across, axis=1)


def _neighbours(places: Floats64, length: int) -> tuple[npt.NDArray[np.intp], Floats32]:
    """(2, N) numbers of both neighbours within the picture, and their weights, 0 outside."""
    first = np.floor(places).astype(np.intp)
    numbers = np.stack([first, first + 1])
    weights = np.stack([1 - (places - first), places - first]).astype(np.float32)
    weights[(numbers < 0) | (numbers >= length)] = 0.0
    return np.clip(numbers, 0, length - 1), weights


def _weighted(
    values: npt.NDArray[np.generic], numbers: npt.NDArray[np.intp], weights: Floats32, axis: int
) -> Floats32:
    shape = [1, 1, 1]
    shape[axis] = -1
    first, second = (
        np.take(values, numbers[i], axis=axis).astype(np.float32) * weights[i].reshape(shape)
        for i in (0, 1)
    )
    return first + second


def to_picture(places: Floats, view: Floats, size: tuple[int, int]) -> Floats32:
    """Places (K, 2) in pixels of the crop -> pixels of the picture."""
    scale = (np.asarray(view[2:]) - view[:2]) / np.array(size)
    return (np.asarray(view[:2]) + places * scale).astype(np.float32)


def box_of_points(points: Floats, certain: npt.NDArray[np.bool_]) -> Floats64:
    """Of the certain ones of the points (K, 2), at least two of them."""
    kept = points[certain].astype(np.float64)
    return np.concatenate([kept.min(axis=0), kept.max(axis=0)])
