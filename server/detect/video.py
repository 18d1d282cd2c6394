"""Reads a video file frame by frame: upright pictures and the times at which they are shown.

Decoders crash on hostile files, so the program only runs this in the child process of `detect`. It
does not know what the pictures are for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from ...shared.errors import RetakeError
from .scaling import MOST_PIXELS, Frame, small_size

_FORMATS = "mov,mp4,matroska,webm,avi,mpeg,mpegts,mpegvideo,asf,flv,ogg,mxf,ivf,h264,hevc,gif"
"""Containers of videos. Left out on purpose: text, pictures, play lists that open other files."""

_SAFE = {"format_whitelist": _FORMATS, "protocol_whitelist": "file"}


@dataclass
class Video:
    """One opened video. `frames()` can be read once; `damaged` is known when it has ended.

    fps              nominal frame rate, 0 if the file has none
    expected_frames  what the file says of itself; wrong for cut or damaged files, None if unknown
    promised_seconds what a file says that keeps no count per stream (Matroska), else 0
    pixel_aspect     width of one stored pixel in units of its height
    damaged          the file ends or breaks before its time; the frames before that were read
    """

    path: Path
    fps: float
    expected_frames: int | None
    promised_seconds: float
    pixel_aspect: float
    _container: InputContainer
    _stream: VideoStream
    damaged: bool = field(default=False)

    def frames(self) -> Iterator[Frame]:
        """Frames in the order shown, each at a later time than the one before."""
        first, last = 0.0, -math.inf
        for decoded in self._decoded():
            shown = self._time_after(last) if decoded.pts is None else decoded.time
            first = shown if last == -math.inf else first
            if shown > last:
                last = shown
                yield _upright(decoded, shown - first, self.pixel_aspect)
        self.damaged |= last - first < self.promised_seconds * 0.9 - 0.5

    def close(self) -> None:
        self._container.close()

    def _time_after(self, last: float) -> float:
        """For files without presentation stamps."""
        return 0.0 if last == -math.inf else last + 1 / (self.fps or 25.0)

    def _decoded(self) -> Iterator[VideoFrame]:
        packets = self._container.demux(self._stream)
        while (packet := self._next_packet(packets)) is not None:
            self.damaged |= packet.is_corrupt
            yield from self._frames_of(packet)

    def _next_packet(self, packets: Iterator[Packet[VideoStream]]) -> Packet[VideoStream] | None:
        """None at the end, also where the file breaks off."""
        try:
            return next(packets, None)
        except av.error.FFmpegError:
            self.damaged = True
            return None

    def _frames_of(self, packet: Packet[VideoStream]) -> list[VideoFrame]:
        """None of a damaged packet: the decoder goes on with the next ones."""
        try:
            return packet.decode()
        except av.error.FFmpegError:
            self.damaged = True
            return []


def open_video(path: Path) -> Video:
    """Raises RetakeError, in a sentence, for anything but a regular file with a video stream."""
    _check_file(path)
    try:
        # The absolute path: FFmpeg reads "name:..." as a protocol.
        container = av.open(
            str(path.resolve()), "r", container_options=_SAFE, metadata_errors="replace"
        )
    except (av.error.FFmpegError, OSError):
        raise RetakeError(f"{path} is not a video that can be read, or it is damaged.") from None
    stream = next((s for s in container.streams.video if not _is_cover(s)), None)
    if stream is None:
        # Read before closing: a closed container's streams crash the process.
        kinds = _kinds(container)
        container.close()
        raise RetakeError(f"{path} has no video in it, only {kinds}.")
    if stream.codec_context is None:  # pyright: ignore[reportUnnecessaryComparison]
        container.close()
        raise RetakeError(f"{path} holds a kind of video that is not known, or it is damaged.")
    if stream.width * stream.height > MOST_PIXELS:
        size = f"{stream.width} x {stream.height}"
        container.close()
        raise RetakeError(f"{path} says it has {size} pixels; the limit is {MOST_PIXELS}.")
    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}  # a frame may be larger yet
    stream.thread_type = "AUTO"
    rate = stream.average_rate or stream.guessed_rate or Fraction(0)
    known, whole = stream.duration, float(container.duration or 0) / av.time_base
    seconds = float(known * stream.time_base) if known and stream.time_base else whole
    return Video(
        path=path,
        fps=float(rate),
        expected_frames=stream.frames or round(seconds * rate) or None,
        promised_seconds=0.0 if known else whole,
        pixel_aspect=float(stream.sample_aspect_ratio or 1),
        _container=container,
        _stream=stream,
    )


def _check_file(path: Path) -> None:
    if not path.exists():
        raise RetakeError(f"There is no file {path}.")
    if not path.is_file():
        raise RetakeError(f"{path} is not a file; expected a video file.")
    try:
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError as error:
        raise RetakeError(f"{path} could not be read: {error.strerror}.") from None
    if empty:
        raise RetakeError(f"{path} is empty; expected a video file.")


def _is_cover(stream: VideoStream) -> bool:
    """The picture of an audio file is a video stream of one frame."""
    return bool(stream.disposition & Disposition.attached_pic)


def _kinds(container: InputContainer) -> str:
    return " and ".join(sorted({stream.type for stream in container.streams})) or "nothing"


def _upright(frame: VideoFrame, time: float, pixel_aspect: float) -> Frame:
    """Scaled to square pixels and a bounded size, then turned as the camera was held."""
    width, height = round(frame.width * pixel_aspect), frame.height
    small = frame.reformat(*small_size(width, height), format="rgb24").to_ndarray()
    quarter_turns = frame.rotation // 90 % 4
    # A copy in order: MediaPipe reads rows as if there were no gaps between them, and finds nobody.
    picture = np.ascontiguousarray(np.rot90(small, quarter_turns), dtype=np.uint8)
    return Frame(time, picture, (height, width) if quarter_turns % 2 else (width, height))
