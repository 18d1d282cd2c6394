"""MediaPipe's pose landmarker on consecutive pictures of one video: 33 landmarks per person.

It does not know where pictures come from, nor what other skeletons exist.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

import mediapipe as mp
import numpy as np
import numpy.typing as npt
from mediapipe.tasks.python import BaseOptions, vision

Landmarks = npt.NDArray[np.float32]


class PoseLandmarker:
    """One video, frame by frame, in order: a single person is followed and smoothed over time.

    To be closed (`with`): left to the interpreter's exit, MediaPipe complains.
    """

    def __init__(self, model: bytes, people: int = 1) -> None:
        options = vision.PoseLandmarkerOptions(
            base_options=BaseOptions(model_asset_buffer=model),
            running_mode=vision.RunningMode.VIDEO,
            num_poses=people,
        )
        self._landmarker = vision.PoseLandmarker.create_from_options(options)
        self._last_ms = -1

    def detect(self, picture: npt.NDArray[np.uint8], time: float) -> list[Landmarks]:
        """People (33, 3), in any order: x and y as fractions of width and height, visibility.

        `picture` (height, width, 3) RGB, upright; `time` in seconds, not before the last one's.
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
