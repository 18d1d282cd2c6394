"""What pose networks give, read as points: SimCC (RTMPose) and heat maps (ViTPose). Pure functions.

Sources: Li et al. 2022, "SimCC"; Jiang et al. 2023, "RTMPose"; Zhang et al. 2020, "Distribution-
Aware Coordinate Representation" for places between the cells of a heat map; Huang et al. 2020, "The
Devil is in the Details", for which lengths of heat map and picture correspond.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ...shared.arrays import Floats, Floats32, Ints
from ...shared.errors import RetakeError

Decode = Callable[[Sequence[Floats32], tuple[int, int]], Floats32]
"""(the network's outputs, (width, height) of its picture) -> (K, 3) x, y in its pixels, score."""


def simcc(outputs: Sequence[Floats32], size: tuple[int, int]) -> Floats32:
    """Two outputs (1, K, width x r) and (1, K, height x r): a score for each part of a pixel.

    The place of the highest, where 0 is the middle of the first pixel; the score is the lower one
    of both axes, as it is for RTMPose.
    """
    columns, rows = (np.asarray(out)[0] for out in outputs)
    places = [
        axis.argmax(axis=1) * length / axis.shape[1] + 0.5
        for axis, length in zip((columns, rows), size, strict=True)
    ]
    score = np.minimum(columns.max(axis=1), rows.max(axis=1))
    return np.column_stack([*places, np.clip(score, 0, 1)]).astype(np.float32)


def heatmaps(outputs: Sequence[Floats32], size: tuple[int, int]) -> Floats32:
    """One output (1, K, h, w). First and last cell lie on the picture's first and last pixel.

    Between the cells by one step of Newton's method on the logarithm, as of a Gaussian.
    """
    maps = np.asarray(outputs[0])[0].astype(np.float64)
    count, height, width = maps.shape
    flat = maps.reshape(count, -1)
    rows, columns = np.divmod(flat.argmax(axis=1), width)
    places = np.column_stack([columns, rows]) + _between_cells(maps, rows, columns)
    scale = (np.array(size) - 1) / (np.array([width, height]) - 1)
    score = np.clip(flat.max(axis=1), 0, 1)
    return np.column_stack([places * scale + 0.5, score]).astype(np.float32)


def _between_cells(maps: Floats, rows: Ints, columns: Ints) -> Floats:
    """(K, 2) steps right and down, within a cell; none at the border or on a plateau."""
    count, height, width = maps.shape
    inner = (rows > 0) & (rows < height - 1) & (columns > 0) & (columns < width - 1)
    r, c = np.clip(rows, 1, height - 2), np.clip(columns, 1, width - 2)
    which = np.arange(count)

    def at(down: int, right: int) -> Floats:
        return np.log(np.maximum(maps[which, r + down, c + right], 1e-10))

    slope = np.stack([at(0, 1) - at(0, -1), at(1, 0) - at(-1, 0)], axis=1) / 2
    xx, yy = at(0, 1) - 2 * at(0, 0) + at(0, -1), at(1, 0) - 2 * at(0, 0) + at(-1, 0)
    xy = (at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / 4
    curvature = xx * yy - xy**2
    peaked = inner & (curvature > 1e-12) & (xx < 0)
    safe = np.where(peaked, curvature, 1.0)
    step = -np.stack([yy * slope[:, 0] - xy * slope[:, 1], xx * slope[:, 1] - xy * slope[:, 0]], 1)
    return np.where(peaked[:, None], np.clip(step / safe[:, None], -0.5, 0.5), 0.0)


def decoding_of(outputs: Sequence[Floats32], size: tuple[int, int], name: str) -> Decode:
    """How the outputs of this network, of which one example is given, are to be read.

    Raises RetakeError for a network of another kind.
    """
    shapes = [tuple(np.shape(out)) for out in outputs]
    width, height = size
    match shapes:
        case [(1, k, columns), (1, n, rows)] if k == n and columns * height == rows * width:
            return simcc
        case [(1, _, rows, columns)] if min(rows, columns) > 2 and columns * height == rows * width:
            return heatmaps
        case _:
            raise RetakeError(
                f"{name} gives arrays of the shapes {shapes} for a picture of {width} x {height}; "
                "expected those of RTMPose (1, points, 2 x width) and (1, points, 2 x height), "
                "or of ViTPose (1, points, height / 4, width / 4)."
            )
