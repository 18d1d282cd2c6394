"""Where people are, by an .onnx detector of the user's: YOLOX as MMDeploy exports it.

Its picture is BGR from 0 to 255, scaled to fit and put at the top left of a grey field; it gives
`dets` (1, N, 5): left, top, right, bottom in pixels of its picture and a score, after duplicates
were taken out, and `labels` (1, N), 0 for a person. It does not know what the boxes are for.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...shared.arrays import Floats32, Floats64
from ...shared.errors import RetakeError
from .crops import crop
from .onnx_file import Network, open_network

LEAST_SCORE = 0.5
_GREY = 114
_PERSON = 0


class BoxFinder:
    """Finds people in one picture, without regard to the last one."""

    def __init__(self, network: Network) -> None:
        self._network = network

    @staticmethod
    def open(path: Path) -> BoxFinder:
        return BoxFinder(open_network(path))

    def boxes(self, picture: npt.NDArray[np.uint8], most: int) -> list[Floats64]:
        """At most `most`, the most certain first. RetakeError if the network is of another kind."""
        field, scale = self._prepared(picture)
        found = self._network.run(field)
        shapes = [tuple(out.shape) for out in found]
        if len(found) < 2 or found[0].ndim != 3 or found[0].shape[2] != 5 or found[1].ndim != 2:
            raise RetakeError(
                f"{self._network.path} gives arrays of the shapes {shapes}; expected those of "
                "YOLOX as MMDeploy exports it: boxes (1, N, 5) and labels (1, N)."
            )
        rows, labels = found[0][0], found[1][0]
        rows = rows[(labels == _PERSON) & (rows[:, 4] >= LEAST_SCORE)]
        rows = rows[np.argsort(-rows[:, 4], kind="stable")][:most]
        return [(row[:4] / scale).astype(np.float64) for row in rows]

    def _prepared(self, picture: npt.NDArray[np.uint8]) -> tuple[Floats32, float]:
        width, height = self._network.size
        scale = min(width / picture.shape[1], height / picture.shape[0])
        inner = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
        field = np.full((height, width, 3), _GREY, np.float32)
        whole = np.array([0, 0, picture.shape[1], picture.shape[0]], np.float64)
        field[: inner[1], : inner[0]] = crop(picture, whole, inner)[..., ::-1]
        return field, scale
