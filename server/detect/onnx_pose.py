"""A pose network of the user's as a detector: RTMPose or ViTPose, through onnxruntime.

Such a network looks at one person at a time, so somebody must say where: a network that finds
people, or, without one, the points of the last picture, and at first the whole picture.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

import numpy as np

from ...shared.arrays import Floats32, Floats64
from ...shared.errors import RetakeError
from ...shared.layouts.known import BY_COUNT, Layout
from .crops import AROUND_BOX, AROUND_POINTS, box_of_points, crop, to_picture, view_of
from .detector import Picture
from .onnx_boxes import BoxFinder
from .onnx_decoding import Decode, decoding_of, simcc
from .onnx_file import Network, open_network

_MEAN = np.array([123.675, 116.28, 103.53], np.float32)
_DEVIATION = np.array([58.395, 57.12, 57.375], np.float32)
"""Of ImageNet, in RGB: both families of networks were trained on pictures scaled by them."""

SEEN = 0.3
"""Score of a point that counts as seen, and mean score of a person who counts as there."""

FEWEST_POINTS = 4


class OnnxPose:
    """A `Detector`."""

    def __init__(self, network: Network, boxes: BoxFinder | None, people: int) -> None:
        """Raises RetakeError for a network that is no pose network, or of an unknown layout."""
        width, height = network.size
        example = network.run(np.zeros((height, width, 3), np.float32))
        self._decode: Decode = decoding_of(example, network.size, str(network.path))
        self.layout = _layout(example[0].shape[1], network.path)
        kind = "SimCC" if self._decode is simcc else "heat maps"
        self.name = f"{network.path.name} ({kind}, {self.layout.name})"
        self._network, self._boxes, self._people = network, boxes, people
        self._followed: list[Floats64] = []

    @staticmethod
    def open(path: Path, boxes: Path | None, people: int) -> OnnxPose:
        """Raises RetakeError."""
        if people > 1 and boxes is None:
            raise RetakeError(
                "A pose model of your own follows one person; for more, give it a model that finds "
                "them with --box-model."
            )
        finder = None if boxes is None else BoxFinder.open(boxes)
        return OnnxPose(open_network(path), finder, people)

    def detect(self, picture: Picture, time: float) -> list[Floats32]:
        """As the interface says."""
        people = self._in_boxes(picture) if self._boxes else self._in_last_places(picture)
        self._followed = [self._box(one) for one in people]
        scale = np.array([picture.shape[1], picture.shape[0], 1], np.float32)
        return [one / scale for one in people]

    def new_scene(self) -> None:
        self._followed = []

    def _in_boxes(self, picture: Picture) -> list[Floats32]:
        assert self._boxes is not None
        boxes = self._boxes.boxes(picture, self._people)
        return self._there([self._look(picture, box, AROUND_BOX) for box in boxes])

    def _in_last_places(self, picture: Picture) -> list[Floats32]:
        """Who is lost is looked for in the whole picture, and then again from near."""
        found = self._there([self._look(picture, b, AROUND_POINTS) for b in self._followed])
        if found:
            return found
        whole = np.array([0, 0, picture.shape[1], picture.shape[0]], np.float64)
        far = [one for one in [self._look(picture, whole, 1.0)] if self._seen(one) is not None]
        return self._there([self._look(picture, self._box(one), AROUND_POINTS) for one in far])

    def _look(self, picture: Picture, box: Floats64, around: float) -> Floats32:
        """(K, 3) in pixels of the picture, score."""
        view = view_of(box, self._network.size, around)
        part = (crop(picture, view, self._network.size) - _MEAN) / _DEVIATION
        points = self._decode(self._network.run(part), self._network.size)
        points[:, :2] = to_picture(points[:, :2], view, self._network.size)
        return points

    def _seen(self, person: Floats32) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]] | None:
        """(K,) which points, None if they are too few for a box."""
        seen = person[:, 2] > SEEN
        return seen if seen.sum() >= FEWEST_POINTS else None

    def _there(self, people: list[Floats32]) -> list[Floats32]:
        named = list(self.layout.places.values())
        return [
            one for one in people if one[named, 2].mean() > SEEN and self._seen(one) is not None
        ]

    def _box(self, person: Floats32) -> Floats64:
        return box_of_points(person[:, :2], person[:, 2] > SEEN)

    def __enter__(self) -> OnnxPose:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """onnxruntime frees what it holds by itself."""


def _layout(count: int, path: Path) -> Layout:
    if count not in BY_COUNT:
        known = ", ".join(f"{n} ({layout.name})" for n, layout in sorted(BY_COUNT.items()))
        raise RetakeError(f"{path} gives {count} points; known are {known}.")
    return BY_COUNT[count]
