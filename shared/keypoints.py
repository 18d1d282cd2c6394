"""KeypointTrack: the 2D keypoints of one person in one clip, and its file.

It does not know where they come from (a detector, another tracker's file, an animator's
corrections).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .arrays import Floats32, Floats64
from .errors import RetakeError
from .npz import read_npz, write_npz
from .skeleton import HUMAN36M

FEWEST_FRAMES = 2
"""One frame has no motion to lift."""

MOST_FRAMES = 100_000
"""About half an hour at 60 fps. More is a mistake, or has to be cut into clips."""


def _no_points() -> Floats32:
    return np.zeros((0, 0, 2), np.float32)


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
    """

    points: Floats32
    confidence: Floats32
    times: Floats64
    image_size: tuple[int, int]
    fps: float
    source: str
    layout: str = HUMAN36M.name
    extra_points: Floats32 = field(default_factory=_no_points)
    extra_names: tuple[str, ...] = ()
    extra_confidence: Floats32 = field(default_factory=lambda: np.zeros((0, 0), np.float32))

    def __post_init__(self) -> None:
        """Raises RetakeError that names the field, what was expected and what was found."""
        frames, joints = self.points.shape[0], HUMAN36M.joint_count
        expected = {
            "points": (frames, joints, 2),
            "confidence": (frames, joints),
            "times": (frames,),
        }
        for name, shape in expected.items():
            found = getattr(self, name).shape
            if found != shape:
                raise RetakeError(
                    f"The keypoint track's '{name}' has shape {found}; expected {shape}."
                )
        if self.layout != HUMAN36M.name:
            raise RetakeError(
                f"The keypoint track has layout '{self.layout}'; expected '{HUMAN36M.name}'."
            )
        if frames < FEWEST_FRAMES:
            raise RetakeError(
                f"The keypoint track has {frames} frame(s); a motion needs at least two."
            )
        if frames > MOST_FRAMES:
            raise RetakeError(
                f"The keypoint track has {frames} frames; the limit is {MOST_FRAMES}. Cut the clip."
            )
        if min(self.image_size) <= 0:
            raise RetakeError(
                f"The keypoint track's image size is {self.image_size[0]} x {self.image_size[1]}; "
                "both must be positive."
            )
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise RetakeError(
                f"The keypoint track's frame rate is {self.fps}; it must be positive."
            )
        if not (np.all(np.isfinite(self.times)) and np.all(np.diff(self.times) > 0)):
            raise RetakeError("The keypoint track's times must be finite and strictly increasing.")
        if np.any(np.isinf(self.points)) or not np.all(np.isfinite(self.confidence)):
            raise RetakeError(
                "The keypoint track holds infinite points or confidences that are not numbers."
            )
        if np.all(np.isnan(self.points).any(axis=-1)):
            raise RetakeError(
                "The keypoint track has no keypoint at all: every joint is missing in every frame."
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
            },
        )

    @staticmethod
    def load(path: Path) -> KeypointTrack:
        """Raises RetakeError for a file that is missing, damaged, foreign or inconsistent."""
        needed = ("points", "confidence", "times", "image_size", "fps")
        arrays = read_npz(path, needed, "a keypoint track")
        try:
            width, height = (int(v) for v in arrays["image_size"])
            return KeypointTrack(
                points=arrays["points"].astype(np.float32),
                confidence=arrays["confidence"].astype(np.float32),
                times=arrays["times"].astype(np.float64),
                image_size=(width, height),
                fps=float(arrays["fps"]),
                source=str(arrays.get("source", path.name)),
                layout=str(arrays.get("layout", HUMAN36M.name)),
                extra_points=arrays.get("extra_points", _no_points()).astype(np.float32),
                extra_names=tuple(str(name) for name in arrays.get("extra_names", ())),
                extra_confidence=arrays.get("extra_confidence", np.zeros((0, 0))).astype(
                    np.float32
                ),
            )
        except (ValueError, TypeError, IndexError) as error:
            raise RetakeError(f"{path} is not a keypoint track: {error}.") from None
