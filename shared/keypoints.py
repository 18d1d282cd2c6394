"""KeypointTrack: the 2D keypoints of one person in one clip, and its file.

It does not know where they come from (a detector, another tracker's file, an animator's
corrections).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import AnyArray, Floats32, Floats64
from .errors import FieldError
from .npz import read_npz, write_npz
from .skeleton import HUMAN36M

FEWEST_FRAMES = 2
"""One frame has no motion to lift."""

MOST_FRAMES = 100_000
"""About half an hour at 60 fps. More is a mistake, or has to be cut into clips."""


LARGEST_SIDE = 65_535
"""Pixels. The largest side of a JPEG picture; no video is larger."""

VIDEO, PICTURES = "video_sha256", "pictures"
"""Keys of `KeypointTrack.about`."""

FARTHEST = 10
"""A keypoint may lie outside the picture, but not farther than so many times its larger side."""


@dataclass(frozen=True)
class KeypointTrack:
    """2D keypoints in the order of `skeleton.HUMAN36M`.

    points      (frames, 17, 2) float32, pixels, origin top left; NaN = missing
    confidence  (frames, 17) float32, 0 to 1
    times       (frames,) float64, seconds, strictly increasing: the video's presentation stamps
    image_size  (width, height), pixels
    fps         nominal frame rate of the source
    source      where the points come from, for people
    extra_*     keypoints beside the 17 (face, heels, toes): (frames, K, 2), K names, (frames, K)
    about       what is known of the video, as JSON allows it: `VIDEO`, its SHA-256; `PICTURES`, a
                dict from "cuts", "blurred", "camera" (it moves) or "repeated" to ranges of frames
                from 0, [first, last], where that is so. Empty: nothing is known
    """

    points: Floats32
    confidence: Floats32
    times: Floats64
    image_size: tuple[int, int]
    fps: float
    source: str
    layout: str = HUMAN36M.name
    extra_points: Floats32 = field(default_factory=lambda: np.zeros((0, 0, 2), np.float32))
    extra_names: tuple[str, ...] = ()
    extra_confidence: Floats32 = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    about: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raises FieldError that says what was expected and what was found."""
        self._check_shapes()
        self._check_clip()
        self._check_keypoints()

    def _check_shapes(self) -> None:
        joints = HUMAN36M.joint_count
        if self.points.shape[1:] != (joints, 2):
            raise FieldError(
                "points",
                f"The keypoint track's 'points' has shape {self.points.shape}; "
                f"expected (frames, {joints}, 2).",
            )
        frames, extra = len(self.points), len(self.extra_names)
        expected: dict[str, tuple[int, ...]] = {"confidence": (frames, joints), "times": (frames,)}
        if extra or self.extra_points.size or self.extra_confidence.size:
            expected["extra_points"] = (frames, extra, 2)
            expected["extra_confidence"] = (frames, extra)
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if found != shape:
                raise FieldError(
                    name, f"The keypoint track's '{name}' has shape {found}; expected {shape}."
                )

    def _check_clip(self) -> None:
        frames, (width, height) = len(self.points), self.image_size
        if self.layout != HUMAN36M.name:
            raise FieldError(
                "layout",
                f"The keypoint track has layout '{self.layout}'; expected '{HUMAN36M.name}'.",
            )
        if frames < FEWEST_FRAMES:
            raise FieldError(
                "points", f"The keypoint track has {frames} frame(s); a motion needs at least two."
            )
        if frames > MOST_FRAMES:
            raise FieldError(
                "points",
                f"The keypoint track has {frames} frames; the limit is {MOST_FRAMES}. "
                "Cut the clip.",
            )
        if not 0 < min(width, height) <= max(width, height) <= LARGEST_SIDE:
            raise FieldError(
                "image_size",
                f"The keypoint track's image size is {width} x {height}; "
                f"both must be 1 to {LARGEST_SIDE} pixels.",
            )
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise FieldError(
                "fps", f"The keypoint track's frame rate is {self.fps}; it must be positive."
            )
        if not (np.all(np.isfinite(self.times)) and np.all(np.diff(self.times) > 0)):
            raise FieldError(
                "times", "The keypoint track's times must be finite and strictly increasing."
            )

    def _check_keypoints(self) -> None:
        if not np.all((self.confidence >= 0) & (self.confidence <= 1)):
            raise FieldError(
                "confidence",
                "The keypoint track has confidences that are not numbers between 0 and 1.",
            )
        farthest = FARTHEST * max(self.image_size)
        if np.any(np.abs(self.points) > farthest):
            raise FieldError(
                "points",
                f"The keypoint track has points over {farthest} pixels away; "
                f"the picture has {self.image_size[0]} x {self.image_size[1]}.",
            )
        present = ~(np.isnan(self.points[..., 0]) | np.isnan(self.points[..., 1]))
        if not present.any():
            raise FieldError(
                "points",
                "The keypoint track has no keypoint at all: every joint is missing in every frame.",
            )
        if not self.confidence[present].any():
            raise FieldError(
                "confidence",
                "The keypoint track has no keypoint to rely on: all have a confidence of 0.",
            )

    @property
    def frame_count(self) -> int:
        return len(self.points)

    def save(self, path: Path) -> None:
        write_npz(
            path,
            {
                "points": self.points,
                "confidence": self.confidence,
                "times": self.times,
                "image_size": np.array(self.image_size, np.int32),
                "fps": np.array(self.fps, np.float64),
                "source": np.array(self.source),
                "layout": np.array(self.layout),
                "extra_points": self.extra_points,
                "extra_names": np.array(self.extra_names, dtype=np.str_),
                "extra_confidence": self.extra_confidence,
                "about": np.array(json.dumps(self.about)),
            },
        )

    @staticmethod
    def load(path: Path) -> KeypointTrack:
        """Raises RetakeError for a file that is missing, damaged, foreign or inconsistent."""
        needed = ("points", "confidence", "times", "image_size", "fps")
        arrays = _NO_EXTRAS | read_npz(path, needed, "a keypoint track")
        size = _numbers(arrays, "image_size", np.float64, (2,))
        return KeypointTrack(
            points=_numbers(arrays, "points", np.float32),
            confidence=_numbers(arrays, "confidence", np.float32),
            times=_numbers(arrays, "times", np.float64),
            image_size=(int(size[0]), int(size[1])),
            fps=float(_numbers(arrays, "fps", np.float64, ())),
            source=str(arrays.get("source", path.name)),
            layout=str(arrays.get("layout", HUMAN36M.name)),
            extra_points=_numbers(arrays, "extra_points", np.float32),
            extra_names=tuple(str(name) for name in arrays["extra_names"].flat),
            extra_confidence=_numbers(arrays, "extra_confidence", np.float32),
            about=read_about(str(arrays.get("about", ""))),
        )


def read_about(text: str) -> dict[str, Any]:
    """`KeypointTrack.about` of a file or a message; empty stands for nothing. FieldError."""
    try:
        about = json.loads(text or "{}")
    except ValueError:
        about = None
    if not isinstance(about, dict):
        raise FieldError("about", "The keypoint track's 'about' is not a JSON object.")
    return about


_NO_EXTRAS: dict[str, AnyArray] = {
    "extra_points": np.zeros((0, 0, 2), np.float32),
    "extra_names": np.zeros(0, np.str_),
    "extra_confidence": np.zeros((0, 0), np.float32),
}


def _numbers(
    arrays: dict[str, AnyArray], name: str, dtype: type, shape: tuple[int, ...] | None = None
) -> AnyArray:
    """Real numbers as `dtype`; too large ones become infinite. With a `shape`, finite ones."""
    values = arrays[name]
    if values.dtype.kind not in "biuf":
        raise FieldError(name, f"The keypoint track's '{name}' holds no real numbers.")
    if shape is not None and (values.shape != shape or not np.isfinite(values).all()):
        count = "one number" if shape == () else f"{shape[0]} numbers"
        raise FieldError(name, f"The keypoint track's '{name}' must be {count}.")
    with np.errstate(over="ignore"):
        return values.astype(dtype)
