"""What a phone's or camera's video says of itself: frame rate, rotation, focal length.

Reads the header of MP4 and QuickTime files (ISO/IEC 14496-12), in which phones write how they were
held; Blender tells a frame rate only. No decoder and no library: a few boxes of a few bytes. Other
kinds of files, and damaged ones, have no such header: then nothing is known.
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LARGEST_HEADER = 64 << 20
"""Bytes. An hour at 60 fps needs two million."""

MOST_BOXES = 10_000

UNEVEN = 0.02
"""Share of frames with another length than the usual from which a rate counts as variable."""

FOCAL_KEY = b"focal_length.35mm_equivalent"

_FORMATS = {1: None, 21: ">i", 22: ">I", 23: ">f", 24: ">d", 65: ">b", 66: ">h", 67: ">i"}
"""Well-known types of QuickTime metadata values -> how they are packed."""


@dataclass(frozen=True)
class VideoHeader:
    """What the file says.

    fps          frames per second, mean over the clip; 0: not said
    is_variable  whether frames last unequally long
    rotation     degrees clockwise by which the stored picture must be turned: 0, 90, 180 or 270
    focal_35mm   focal length in millimetres on 35 mm film; None: not said
    """

    fps: float = 0.0
    is_variable: bool = False
    rotation: int = 0
    focal_35mm: float | None = None


def read_header(path: Path) -> VideoHeader | None:
    """None if it is no such file, or its header is damaged."""
    try:
        return _of_movie(_movie_box(path))
    except (OSError, struct.error, ValueError, IndexError, OverflowError):
        return None


def _movie_box(path: Path) -> bytes:
    with path.open("rb") as file:
        end = path.stat().st_size
        place = 0
        for _ in range(MOST_BOXES):
            file.seek(place)
            size, kind = struct.unpack(">I4s", file.read(8))
            length = struct.unpack(">Q", file.read(8))[0] if size == 1 else size or end - place
            if length < 8 or place + length > end:
                raise ValueError("the file is cut off")
            if kind == b"moov" and length <= LARGEST_HEADER:
                file.seek(place + (16 if size == 1 else 8))
                return file.read(length - (16 if size == 1 else 8))
            place += length
    raise ValueError("no header")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, content) of the boxes in `data`; ends where they are damaged."""
    place = 0
    while place + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, place)
        if size < 8 or place + size > len(data):
            return
        yield kind, data[place + 8 : place + size]
        place += size


def _inside(data: bytes, *path: bytes) -> bytes | None:
    """Content of the first box at `path`."""
    for kind in path:
        found = next((content for name, content in _boxes(data) if name == kind), None)
        if found is None:
            return None
        data = found
    return data


def _of_movie(movie: bytes) -> VideoHeader | None:
    tracks = [content for kind, content in _boxes(movie) if kind == b"trak"]
    video = next((track for track in tracks if _is_video(track)), None)
    if video is None:
        return None
    fps, is_variable = _rate(video)
    focal = _focal(movie) or _focal(video)
    return VideoHeader(fps, is_variable, _rotation(video), focal)


def _is_video(track: bytes) -> bool:
    handler = _inside(track, b"mdia", b"hdlr")
    return handler is not None and handler[8:12] == b"vide"


def _rotation(track: bytes) -> int:
    header = _inside(track, b"tkhd")
    if header is None:
        return 0
    start = 52 if header[0] == 1 else 40  # version 1 has 64-bit times
    a, b = struct.unpack_from(">ii", header, start)
    return round(math.degrees(math.atan2(b, a)) / 90) * 90 % 360


def _rate(track: bytes) -> tuple[float, bool]:
    media, table = _inside(track, b"mdia", b"mdhd"), _inside(track, b"mdia", b"minf", b"stbl")
    lengths = _inside(table, b"stts") if table else None
    if media is None or lengths is None:
        return 0.0, False
    scale = struct.unpack_from(">I", media, 20 if media[0] == 1 else 12)[0]
    count = min(struct.unpack_from(">I", lengths, 4)[0], (len(lengths) - 8) // 8)
    rows = [struct.unpack_from(">II", lengths, 8 + 8 * row) for row in range(count)]
    frames, ticks = sum(n for n, _ in rows), sum(n * length for n, length in rows)
    if not (scale and frames and ticks):
        return 0.0, False
    per_length: Counter[int] = Counter()
    for n, length in rows:
        per_length[length] += n
    usual = per_length.most_common(1)[0][0]
    odd = sum(n for length, n in per_length.items() if abs(length - usual) > 0.1 * usual)
    return frames * scale / ticks, odd > max(1, UNEVEN * frames)


def _focal(holder: bytes) -> float | None:
    """From the metadata of QuickTime: a box of key names and a list of values, counted from 1."""
    meta = _inside(holder, b"meta")
    if meta is None:
        return None
    meta = meta if meta[4:8] == b"hdlr" else meta[4:]
    names, values = _inside(meta, b"keys"), _inside(meta, b"ilst")
    if names is None or values is None:
        return None
    keys = [content for _, content in _boxes(names[8:])]
    for index, item in _boxes(values):
        number = int.from_bytes(index, "big") - 1
        if 0 <= number < len(keys) and FOCAL_KEY in keys[number]:
            return _number(_inside(item, b"data") or b"")
    return None


def _number(data: bytes) -> float | None:
    kind = struct.unpack_from(">I", data)[0]
    if kind not in _FORMATS:
        return None
    form = _FORMATS[kind]
    value = float(data[8:]) if form is None else float(struct.unpack_from(form, data, 8)[0])
    return value if math.isfinite(value) and value > 0 else None
