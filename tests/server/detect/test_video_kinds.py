"""Kinds of video that phones and browsers make: 10-bit HEVC, VP9, edit lists, sound beside."""

from __future__ import annotations

from contextlib import closing
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.stream import VideoStream
from retake.server.detect.scaling import Frame
from retake.server.detect.video import Video, open_video

FRAMES = 30
WIDTH, HEIGHT = 66, 48


def grey(number: int) -> int:
    """Of frame `number`: the frames can be told apart."""
    return 20 + 7 * number


def write(
    path: Path,
    codec: str,
    pixels: str = "yuv420p",
    delay: int = 0,
    options: dict[str, str] | None = None,
) -> Path:
    """`delay`: the first frame is shown so many frames after the start; before it, if negative."""
    with av.open(str(path), "w", container_options=options or {}) as container:
        stream = container.add_stream(codec, rate=Fraction(25))
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixels
        stream.options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
        stream.codec_context.time_base = Fraction(1, 25)
        for number in range(FRAMES):
            picture = np.full((HEIGHT, WIDTH, 3), grey(number), np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)
            frame.pts, frame.time_base = number, Fraction(1, 25)
            for packet in [*stream.encode(frame), *(stream.encode(None) if number == 29 else [])]:
                assert packet.pts is not None
                assert packet.dts is not None
                packet.pts += delay * round(Fraction(1, 25) / packet.time_base)
                packet.dts += delay * round(Fraction(1, 25) / packet.time_base)
                container.mux(packet)
    return path


def read(path: Path) -> tuple[Video, list[Frame]]:
    with closing(open_video(path)) as video:
        return video, list(video.frames())


def numbers(frames: list[Frame]) -> list[int]:
    """Which frames they are, by their grey."""
    return [round((float(f.picture[..., 1].mean()) - 20) / 7) for f in frames]


KINDS = {
    "a.mp4": ("libx264", "yuv420p"),
    "b.mov": ("libx265", "yuv420p10le"),
    "c.webm": ("libvpx-vp9", "yuv420p"),
    "d.mkv": ("libvpx-vp9", "yuv420p"),
    "e.mp4": ("libx265", "yuv420p10le"),
}


@pytest.mark.parametrize("name", KINDS)
def test_every_frame_comes_once_at_its_time(tmp_path: Path, name: str) -> None:
    video, frames = read(write(tmp_path / name, *KINDS[name]))
    assert not video.damaged
    assert video.fps == pytest.approx(25)
    assert numbers(frames) == list(range(FRAMES))
    assert [f.time for f in frames] == pytest.approx(np.arange(FRAMES) / 25, abs=2e-3)
    assert frames[0].picture.shape == (HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_an_edit_list_hides_what_was_cut_away(tmp_path: Path, codec: str) -> None:
    """As of a clip trimmed on a phone: the frames before the cut are in the file, for decoding."""
    path = write(
        tmp_path / "trimmed.mp4", codec, delay=-10, options={"avoid_negative_ts": "disabled"}
    )
    assert b"elst" in path.read_bytes()
    video, frames = read(path)
    assert numbers(frames) == list(range(10, FRAMES))
    assert [f.time for f in frames] == pytest.approx(np.arange(20) / 25, abs=2e-3)
    assert not video.damaged


def test_an_edit_list_that_begins_late_is_no_gap(tmp_path: Path) -> None:
    path = write(tmp_path / "late.mp4", "libx264", delay=50)
    frames = read(path)[1]
    assert numbers(frames) == list(range(FRAMES))
    assert [f.time for f in frames] == pytest.approx(np.arange(FRAMES) / 25, abs=2e-3)
