"""Decoding: upright pictures, true times, and one sentence for whatever is no video."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
from retake.server.detect.scaling import LONGEST_SIDE, Frame
from retake.server.detect.video import Video, open_video
from retake.shared.errors import RetakeError

Picture = npt.NDArray[np.uint8]
WriteVideo = Callable[..., Path]


def noise(count: int, width: int = 64, height: int = 48) -> list[Picture]:
    random = np.random.default_rng(0)
    return list(random.integers(0, 256, (count, height, width, 3), np.uint8))


def with_red_top_left(width: int = 66, height: int = 48) -> Picture:
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[: height // 2, : width // 2] = 255, 0, 0
    return picture


def read(path: Path) -> tuple[Video, list[Frame]]:
    with closing(open_video(path)) as video:
        return video, list(video.frames())


def sentence(path: Path) -> str:
    with pytest.raises(RetakeError) as caught:
        read(path)
    return str(caught.value)


def test_pictures_are_contiguous_also_where_rows_are_padded(write_video: WriteVideo) -> None:
    video, frames = read(write_video([with_red_top_left()] * 3))
    assert len(frames) == 3
    assert not video.damaged
    assert video.fps == pytest.approx(25)
    for frame in frames:
        assert frame.picture.flags.c_contiguous
        assert frame.picture.shape == (48, 66, 3)
        assert frame.size == (66, 48)


@pytest.mark.parametrize(
    ("rotation", "red_corner", "size"),
    [(90, (40, 5), (48, 66)), (-90, (5, 40), (48, 66)), (180, (40, 60), (66, 48))],
)
def test_the_cameras_rotation_is_applied(
    write_video: WriteVideo, rotation: int, red_corner: tuple[int, int], size: tuple[int, int]
) -> None:
    """Degrees counterclockwise, as the file's display matrix has them."""
    _, frames = read(write_video([with_red_top_left()] * 2, rotation=rotation))
    assert frames[0].size == size
    red, green, blue = frames[0].picture[red_corner].tolist()
    assert red > 200
    assert max(green, blue) < 60


def test_times_are_the_presentation_stamps_from_zero_on(write_video: WriteVideo) -> None:
    times = [0.5, 0.6, 0.633, 1.0, 1.01, 1.5]
    _, frames = read(write_video(noise(6), times))
    assert [f.time for f in frames] == pytest.approx([t - 0.5 for t in times], abs=1e-3)


def test_large_pictures_are_scaled_down_but_keep_their_size(write_video: WriteVideo) -> None:
    _, frames = read(write_video(noise(2, 2560, 64)))
    assert frames[0].size == (2560, 64)
    assert frames[0].picture.shape == (32, LONGEST_SIDE, 3)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_a_cut_off_file_gives_its_beginning(write_video: WriteVideo, name: str) -> None:
    path = write_video(noise(60), name=name)
    whole = read(path)[1]
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    video, frames = read(path)
    assert video.damaged
    assert 20 < len(frames) < 45
    np.testing.assert_array_equal(frames[10].picture, whole[10].picture)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "no file" in sentence(tmp_path / "none.mp4")


def test_an_empty_file(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    assert "is empty" in sentence(path)


@pytest.mark.parametrize("name", ["text.mp4", "text.txt"])
def test_a_text_file(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("not a video\n" * 500)
    assert "not a video" in sentence(path)


def test_a_play_list_does_not_open_other_files(write_video: WriteVideo, tmp_path: Path) -> None:
    clip = write_video(noise(3))
    path = tmp_path / "list.m3u8"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{clip.name}\n#EXT-X-ENDLIST\n")
    assert "not a video" in sentence(path)


def test_a_folder_and_a_pipe(tmp_path: Path) -> None:
    assert "not a file" in sentence(tmp_path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert "not a file" in sentence(tmp_path / "pipe")


def test_sound_only(tmp_path: Path) -> None:
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.float32), "fltp", "mono")
        silence.sample_rate = 44100
        container.mux(stream.encode(silence))
        container.mux(stream.encode(None))
    assert "only audio" in sentence(path)
