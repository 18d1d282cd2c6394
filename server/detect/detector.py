"""What finds people in pictures: the interface, and which detector an order asks for."""

from __future__ import annotations

from contextlib import AbstractContextManager
from types import TracebackType
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ...shared.arrays import Floats32
from ...shared.layouts.known import COCO17, Layout
from .order import Order

Picture = npt.NDArray[np.uint8]


class Detector(AbstractContextManager["Detector"], Protocol):
    """Looks at the pictures of one clip, in order. To be closed (`with`).

    name    for people
    layout  which points it gives
    """

    @property
    def name(self) -> str: ...

    @property
    def layout(self) -> Layout: ...

    def detect(self, picture: Picture, time: float) -> list[Floats32]:
        """People, in any order: (points of the layout, 3) x and y as fractions of width and
        height, and a confidence from 0 to 1.

        `picture` (height, width, 3) RGB, upright; `time` in seconds, later than the last one.
        """
        ...

    def new_scene(self) -> None:
        """The next picture does not continue the last one: nobody is followed into it."""
        ...


class Nobody:
    """Finds nobody: for a clip whose times and pictures alone are of interest."""

    name = ""
    layout = COCO17

    def detect(self, picture: Picture, time: float) -> list[Floats32]:
        return []

    def new_scene(self) -> None:
        """There is nobody to follow."""

    def __enter__(self) -> Nobody:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """There is nothing to close."""


def open_detector(order: Order) -> Detector:
    """Imports only the libraries of that detector. Raises RetakeError, PoseModelMissingError."""
    if order.people == 0:
        return Nobody()
    if order.model is not None:
        from .onnx_pose import OnnxPose

        return OnnxPose.open(order.model, order.boxes, order.people)
    from .model_file import pose_model
    from .pose_landmarker import PoseLandmarker

    return PoseLandmarker(pose_model(), order.people)
