"""Video -> KeypointTrack of the most prominent person.

Decoding and detecting happen in a child process (see `child`); this side collects numbers only. It
does not know where the pose model comes from (`model_file`) nor how points become motion.
"""

from __future__ import annotations

import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from ...shared.errors import RetakeError
from ...shared.keypoints import MOST_FRAMES, KeypointTrack
from ...shared.layouts import mediapipe33
from ..exits import why_it_ended
from .model_file import PoseModelMissingError

OnFrame = Callable[[int, int | None], None]

DETECTOR = "MediaPipe Pose Landmarker (full)"

# -P: the folder in which the user happens to be must not shadow any module.
COMMAND = (sys.executable, "-P", "-m", f"{__package__}.child")

_NOBODY = [[math.nan] * 3] * 33


@dataclass
class _Collected:
    """What the child has reported so far."""

    fps: float = 0.0
    expected_frames: int | None = None
    size: tuple[int, int] = (0, 0)
    times: list[float] = field(default_factory=list[float])
    landmarks: list[npt.NDArray[np.float32]] = field(default_factory=list[npt.NDArray[np.float32]])
    damaged: bool = False
    ended: bool = False


def detect(video: Path, on_frame: OnFrame) -> KeypointTrack:
    """The keypoints of one person in `video`, in pixels of the upright video; NaN where not seen.

    `on_frame(done, total or None)` is called after every frame and may raise to stop. Times are the
    presentation stamps, from 0 on. Of a damaged file the readable part is detected, and `source`
    says so. Raises RetakeError: not a video, nobody in it, too long, the detector crashed at it;
    PoseModelMissingError.
    """
    _require_libraries()
    collected = _Collected()
    with tempfile.TemporaryFile() as complaints:
        child = _start(video, complaints)
        try:
            for record in _records(child):
                _collect(collected, record)
                if record[0] == "frame":
                    on_frame(len(collected.times), collected.expected_frames)
            if not collected.ended:
                raise RetakeError(_crash(video, collected, child.wait(), complaints))
        finally:
            child.kill()
            child.communicate()
    return _track(video, collected)


def _require_libraries() -> None:
    """The child needs them; here their absence can still be told as what it is."""
    for name in ("av", "mediapipe"):
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def _start(video: Path, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, str(video)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=complaints,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def _records(child: subprocess.Popen[bytes]) -> Iterator[list[Any]]:
    assert child.stdout is not None
    for line in child.stdout:
        if line.endswith(b"\n"):  # else the child died while it wrote this one
            yield json.loads(line)


def _crash(video: Path, collected: _Collected, exit_code: int, complaints: IO[bytes]) -> str:
    """What the user is told: the reason a process gives itself stands in its last line."""
    complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - 4096))
    words = complaints.read().decode(errors="replace").split("\n")
    words = [line.strip() for line in words if line.strip()]
    end = f"The detector {why_it_ended(exit_code)} after {len(collected.times)} frames of {video}."
    # Who is killed by signal 9 had no time to say why.
    return end if exit_code == -9 or not words else f"{end} It said last: {words[-1]}"


def _collect(collected: _Collected, record: list[Any]) -> None:
    match record:
        case ["clip", fps, expected_frames]:
            collected.fps, collected.expected_frames = fps, expected_frames
        case ["frame", time, [width, height], landmarks]:
            collected.size = (width, height)
            collected.times.append(time)
            collected.landmarks.append(np.array(landmarks or _NOBODY, np.float32))
            if len(collected.times) > MOST_FRAMES:
                raise RetakeError(f"The video has over {MOST_FRAMES} frames. Cut it into clips.")
        case ["end", damaged]:
            collected.damaged, collected.ended = damaged, True
        case ["no model", sentence]:
            raise PoseModelMissingError(sentence)
        case _:
            raise RetakeError(record[1])


def _track(video: Path, collected: _Collected) -> KeypointTrack:
    frames = len(collected.times)
    if frames < 2:
        raise RetakeError(f"{video} has {frames} readable frame(s); a motion needs at least two.")
    landmarks = np.stack(collected.landmarks)
    visibility = np.nan_to_num(landmarks[..., 2])
    if not visibility.any():
        raise RetakeError(f"Nobody was found in any of the {frames} frames of {video}.")
    mapped = mediapipe33(landmarks[..., :2] * collected.size, visibility)
    times = np.array(collected.times, np.float64)
    return KeypointTrack(
        **mapped._asdict(),
        times=times,
        image_size=collected.size,
        fps=_nominal_rate(collected.fps, times),
        source=_source(video, collected),
    )


def _nominal_rate(told: float, times: npt.NDArray[np.float64]) -> float:
    """What the file tells, unless its own time stamps say otherwise."""
    measured = (len(times) - 1) / (times[-1] - times[0])
    return told if abs(told / measured - 1) < 0.05 else float(measured)


def _source(video: Path, collected: _Collected) -> str:
    text = f"{video.name}, {DETECTOR}"
    if collected.damaged:
        text += f"; the file is damaged, only {len(collected.times)} frames could be read"
    return text
