"""MediaPipe's pose landmarker on consecutive pictures of one video: 33 landmarks per person.

It does not know where pictures come from, nor what other skeletons exist.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from ...shared.arrays import Floats32
from ...shared.layouts.known import MEDIAPIPE33
from .detector import Picture


class PoseLandmarker:
    """A `Detector`. A single person is followed and smoothed over time.

    To be closed (`with`): left to the interpreter's exit, MediaPipe complains.
    """

    name = "MediaPipe Pose Landmarker (full)"
    layout = MEDIAPIPE33

    def __init__(self, model: bytes, people: int = 1) -> None:
        self._options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=model),
            running_mode=vision.RunningMode.VIDEO,
            num_poses=people,
        )
        self._landmarker = vision.PoseLandmarker.create_from_options(self._options)
        self._last_ms = -1

    def detect(self, picture: Picture, time: float) -> list[Floats32]:
        """As the interface says; the confidence is what MediaPipe calls visibility.

        MediaPipe ignores strides and finds nobody in a picture that is a view with gaps, and it
        wants whole milliseconds that always increase.
        """
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(picture))
        self._last_ms = max(self._last_ms + 1, round(time * 1000))
        found: Any = self._landmarker.detect_for_video(image, self._last_ms)
        return [
            np.array([(p.x, p.y, p.visibility) for p in person], np.float32)
            for person in found.pose_landmarks
        ]

    def new_scene(self) -> None:
        self.close()
        self._landmarker = vision.PoseLandmarker.create_from_options(self._options)

    def close(self) -> None:
        self._landmarker.close()

    def __enter__(self) -> PoseLandmarker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
