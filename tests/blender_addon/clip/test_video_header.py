"""What a video's header says, from files made here box by box."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from retake.blender_addon.clip.video_header import read_header
from retake.blender_addon.packaging.make_sample import SAMPLE, SAMPLES

TURNS = {
    0: (1, 0, 0, 1),
    90: (0, 1, -1, 0),
    180: (-1, 0, 0, -1),
    270: (0, -1, 1, 0),
}


def box(kind: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def movie(
    lengths: list[tuple[int, int]], rotation: int = 0, scale: int = 600, focal: bytes = b""
) -> bytes:
    """An MP4 file with one video track; `lengths`: (frames, ticks of each)."""
    a, b, c, d = (value << 16 for value in TURNS[rotation])
    matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    rows = b"".join(struct.pack(">II", *row) for row in lengths)
    track = box(
        b"trak",
        box(b"tkhd", bytes(40), matrix, bytes(8)),
        box(
            b"mdia",
            box(b"mdhd", bytes(12), struct.pack(">II", scale, 0), bytes(4)),
            box(b"hdlr", bytes(8), b"vide", bytes(12)),
            box(
                b"minf",
                box(b"stbl", box(b"stts", bytes(4), struct.pack(">I", len(lengths)), rows)),
            ),
        ),
    )
    sound = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), b"soun", bytes(12))))
    return box(b"ftyp", b"isom") + box(b"mdat", bytes(100)) + box(b"moov", sound, track, focal)


def focal_box(kind: int, value: bytes) -> bytes:
    key = b"com.apple.quicktime.camera.focal_length.35mm_equivalent"
    names = box(b"keys", bytes(4), struct.pack(">I", 1), box(b"mdta", key))
    item = box(b"\x00\x00\x00\x01", box(b"data", struct.pack(">II", kind, 0), value))
    return box(b"meta", box(b"hdlr", bytes(24)), names, box(b"ilst", item))


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return tmp_path / "clip.mov"


@pytest.mark.parametrize("rotation", TURNS)
def test_the_rotation_of_a_phone_is_read(video: Path, rotation: int) -> None:
    video.write_bytes(movie([(60, 20)], rotation))
    header = read_header(video)
    assert header is not None
    assert (header.rotation, header.fps, header.is_variable) == (rotation, 30.0, False)


def test_ntsc_rates_are_exact(video: Path) -> None:
    video.write_bytes(movie([(100, 1001)], scale=30000))
    header = read_header(video)
    assert header is not None
    assert header.fps == pytest.approx(30000 / 1001)


def test_a_variable_rate_is_noticed_and_a_long_last_frame_is_none(video: Path) -> None:
    video.write_bytes(movie([(30, 20), (30, 40)]))
    header = read_header(video)
    assert header is not None
    assert header.is_variable
    assert header.fps == pytest.approx(20.0)
    video.write_bytes(movie([(59, 20), (1, 300)]))
    header = read_header(video)
    assert header is not None
    assert not header.is_variable


@pytest.mark.parametrize(
    ("kind", "value", "focal"),
    [
        (22, struct.pack(">I", 26), 26.0),
        (23, struct.pack(">f", 13.5), 13.5),
        (1, b"28.5", 28.5),
        (22, struct.pack(">I", 0), None),
        (99, b"1234", None),
    ],
)
def test_the_focal_length_of_a_phone(
    video: Path, kind: int, value: bytes, focal: float | None
) -> None:
    video.write_bytes(movie([(60, 20)], focal=focal_box(kind, value)))
    header = read_header(video)
    assert header is not None
    assert header.focal_35mm == focal


def test_the_sample_tells_its_rate() -> None:
    header = read_header(SAMPLES / f"{SAMPLE}.mp4")
    assert header is not None
    assert (header.fps, header.rotation) == (60.0, 0)


def test_cut_off_and_foreign_files_say_nothing(video: Path) -> None:
    whole = movie([(60, 20)], 90, focal=focal_box(22, struct.pack(">I", 26)))
    for length in range(0, len(whole), 7):
        video.write_bytes(whole[:length])
        assert read_header(video) is None
    video.write_bytes(b"no video at all, but text long enough")
    assert read_header(video) is None
    assert read_header(video.with_name("absent.mp4")) is None


def test_damaged_files_never_raise(video: Path) -> None:
    whole = movie([(60, 20)], 90, focal=focal_box(22, struct.pack(">I", 26)))
    for place in range(len(whole)):
        video.write_bytes(whole[:place] + b"\xff" + whole[place + 1 :])
        header = read_header(video)
        assert header is None or header.fps >= 0
