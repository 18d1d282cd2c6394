"""This side of the detector's process: starts it, collects what it reports, says why it ended.

It does not know who of the people found is meant (`detect`).
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...shared.arrays import Floats32, Floats64
from ...shared.errors import RetakeError
from ...shared.keypoints import MOST_FRAMES
from ...shared.layouts.known import LAYOUTS
from ...shared.tracks.sightings import NOT_TRACKED, Sightings
from ..exits import why_it_ended
from .calibration import calibrated
from .cuts import cuts
from .kept import Kept
from .model_file import PoseModelMissingError
from .order import Order

OnFrame = Callable[[int, int | None], None]

# -P: the folder in which the user happens to be must not shadow any module.
COMMAND = (sys.executable, "-P", "-m", f"{__package__}.child")


SILENCE_S = 180.0
"""A frame takes well under a second. Who says nothing for so long will not come back."""


@dataclass
class Found:
    """What the child has reported. Points are fractions of the picture.

    first    the number of its first frame among those that were looked at; 0 of a whole clip
    is_part  of the clip, one shot of several
    """

    detector: str = ""
    layout: str = ""
    first: int = 0
    is_part: bool = False
    fps: float = 0.0
    expected_frames: int | None = None
    size: tuple[int, int] = (0, 0)
    times: list[float] = field(default_factory=list[float])
    frames: list[int] = field(default_factory=list[int])
    people: list[Floats32] = field(default_factory=list[Floats32])
    figures: list[list[float]] = field(default_factory=list[list[float]])
    damaged: bool = False
    ended: bool = False

    def sightings(self) -> Sightings:
        """In pixels. RetakeError if there is nobody."""
        if not self.people:
            raise RetakeError(f"Nobody was found in any of the {len(self.times)} frames.")
        values = np.stack(self.people)
        return Sightings(
            frames=np.array(self.frames, np.intp),
            points=values[..., :2] * np.array(self.size, np.float32),
            confidence=calibrated(values[..., 2], self.layout),
            ids=np.full(len(values), NOT_TRACKED),
            places=LAYOUTS[self.layout].places,
            format=self.detector,
        )

    def frame_times(self) -> Floats64:
        return np.array(self.times, np.float64)

    def cuts(self) -> list[int]:
        """Frames that begin a new scene; nobody is followed into them."""
        return cuts(self.figure_rows())

    def figure_rows(self) -> Floats64:
        """(frames, 4) as `picture_figures` gives them; none where no picture was looked at."""
        return np.array(self.figures, np.float64).reshape(-1, 4)

    def part(self, frames: range) -> Found:
        """Only those of its frames, at the times that they have in the whole."""
        inside = [i for i, frame in enumerate(self.frames) if frame in frames]
        return replace(
            self,
            first=self.first + frames.start,
            is_part=len(frames) < len(self.times) or self.is_part,
            times=self.times[frames.start : frames.stop],
            frames=[self.frames[i] - frames.start for i in inside],
            people=[self.people[i] for i in inside],
            figures=self.figures[frames.start : frames.stop],
        )


def find_people(order: Order, on_frame: OnFrame, kept: Kept | None = None) -> Found:
    """Everybody in a clip, as ordered.

    `on_frame(done, total or None)` is called after every frame and may raise to stop. Times are the
    presentation stamps, from 0 on. Of a damaged file the readable part is reported. What `kept`
    holds is not looked for again, and what is found is added to it. Raises
    RetakeError: not a video, too long, the detector crashed at it; PoseModelMissingError.
    """
    _require_libraries(order)
    found = Found()
    for record in kept.records if kept else []:
        _collect(found, record)
    if found.ended:
        return found
    order = replace(order, known=len(found.times))
    with tempfile.TemporaryFile() as complaints:
        child = _start(order, complaints)
        watchdog = _Watchdog(child)
        try:
            for record in _records(child):
                watchdog.heard()
                _take(found, record, kept)
                if record[0] in ("frame", "passed"):
                    on_frame(len(found.times), found.expected_frames)
            if watchdog.bit:
                raise RetakeError(
                    f"{order.clip} brought the detector to a halt after {len(found.times)} frames. "
                    "The file may be damaged: convert it with another program, and try again."
                )
            if not found.ended:
                raise RetakeError(_crash(order.clip, found, child.wait(), complaints))
        finally:
            watchdog.leave()
            child.kill()
            child.communicate()
    return found


def _take(found: Found, record: list[Any], kept: Kept | None) -> None:
    _collect(found, record)
    if kept is not None and record[0] in ("clip", "frame", "end"):
        kept.add(record)


class _Watchdog:
    """Ends a child that has been silent for SILENCE_S: reading from it would wait for ever."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self.bit = False
        self._child = child
        self._heard_at = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def heard(self) -> None:
        self._heard_at = time.monotonic()

    def leave(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(min(1.0, SILENCE_S / 4)):
            if time.monotonic() - self._heard_at > SILENCE_S:
                self.bit = True
                self._child.kill()
                return


def _require_libraries(order: Order) -> None:
    """The child needs them; here their absence can still be told as what it is."""
    if order.model is not None and importlib.util.find_spec("onnxruntime") is None:
        raise RetakeError(
            "A pose model of your own needs onnxruntime, which is not installed. In the folder of "
            f'the checkout run: {sys.executable} -m pip install -e ".[onnx]"'
        )
    needed = ("av", "mediapipe") if order.people and order.model is None else ("av",)
    for name in needed:
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def _start(order: Order, complaints: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*COMMAND, order.to_json()],
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


def _crash(video: Path, found: Found, exit_code: int, complaints: IO[bytes]) -> str:
    """What the user is told: the reason a process gives itself stands in its last line."""
    complaints.seek(max(0, complaints.seek(0, os.SEEK_END) - 4096))
    words = complaints.read().decode(errors="replace").split("\n")
    words = [line.strip() for line in words if line.strip()]
    end = f"The detector {why_it_ended(exit_code)} after {len(found.times)} frames of {video}."
    # Who is killed by signal 9 had no time to say why.
    return end if exit_code == -9 or not words else f"{end} It said last: {words[-1]}"


def _collect(found: Found, record: list[Any]) -> None:
    match record:
        case ["clip", fps, expected_frames, detector, layout]:
            found.fps, found.expected_frames = fps, expected_frames
            found.detector, found.layout = detector, layout
        case ["passed", _]:
            pass
        case ["frame", time, [width, height], people, figures]:
            found.size = (width, height)
            for one in people:
                found.frames.append(len(found.times))
                found.people.append(np.array(one, np.float32))
            found.times.append(time)
            found.figures.append(figures)
            if len(found.times) > MOST_FRAMES:
                raise RetakeError(f"The video has over {MOST_FRAMES} frames. Cut it into clips.")
        case ["end", damaged]:
            found.damaged, found.ended = damaged, True
        case ["no model", sentence]:
            raise PoseModelMissingError(sentence)
        case _:
            raise RetakeError(record[1])
