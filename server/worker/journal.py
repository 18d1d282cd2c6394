"""What the network has said so far, on disk: a lift that was cancelled or crashed goes on from it.

One file per request. It is written as the windows are done and read when the same request comes
again; sampling then runs through what is known in a moment. A file's damaged end, as a crash leaves
it, is cut off. It knows numbers and files, no models.
"""

from __future__ import annotations

import contextlib
import logging
import os
import struct
import threading
import zlib
from collections.abc import Generator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

import numpy as np

from ...shared.arrays import Floats32
from ..detect.model_file import data_folder
from ..limited_folder import DAY_S, LimitedFolder

log = logging.getLogger("retake.server")

MOST_BYTES = 2**30
"""Of all files together; the oldest go first."""

MOST_BYTES_EACH = 2**28
"""What comes later is not kept."""

_READ_AND_WRITE = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)

_HEADER = struct.Struct("<iiIII")
"""Diffusion step, first frame, hypotheses, frames, joints."""

_CHECKSUM = struct.Struct("<I")
"""CRC-32 of the header and the numbers, which follow it."""

_NUMBERS_AT = _HEADER.size + _CHECKSUM.size


class Journal:
    """`shared.model.batches.Recall` in a file. A full disk costs nothing but the memory."""

    def __init__(self, path: Path) -> None:
        """The file is made when there is something to write. Raises OSError."""
        self._path = path
        self._file = _open(path) if path.exists() else None
        self._places: dict[tuple[int, int], int] = {}
        self._end = self._read_places(self._file) if self._file else 0
        self._is_full = False

    @property
    def is_whole(self) -> bool:
        """Whether all that came was kept."""
        return not self._is_full

    def __len__(self) -> int:
        """Windows known."""
        return len(self._places)

    def get(self, t: int, start: int) -> Floats32 | None:
        place = self._places.get((t, start))
        if place is None or self._file is None:
            return None
        found = _read(self._file, place)
        return found[1] if found else None

    def put(self, t: int, start: int, clean: Floats32) -> None:
        if self._is_full or (t, start) in self._places:
            return
        header = _HEADER.pack(t, start, *clean.shape[:3])
        data = np.ascontiguousarray(clean, "<f4").tobytes()
        entry = header + _CHECKSUM.pack(zlib.crc32(data, zlib.crc32(header))) + data
        if not self._append(entry):
            self._is_full = True
            return
        self._places[t, start] = self._end
        self._end += len(entry)

    def _append(self, entry: bytes) -> bool:
        """Whether there was room for it."""
        if self._end + len(entry) > MOST_BYTES_EACH:
            return False
        try:
            self._file = self._file or _open(self._path)
            self._file.seek(self._end)
            return self._file.write(entry) == len(entry)
        except OSError as error:
            log.warning("What is finished cannot be kept: %s", error)
            return False

    def close(self) -> None:
        if self._file:
            self._file.close()

    def _read_places(self, file: FileIO) -> int:
        """Finds what is there, and cuts off the rest. Returns where the sound part ends."""
        place = 0
        while found := _read(file, place):
            key, clean = found
            self._places[key] = place
            place += _NUMBERS_AT + clean.nbytes
        file.truncate(place)
        return place


class Journals:
    """A folder of journals, each used by one job at a time."""

    def __init__(self, folder: Path | None = None, most_bytes: int = MOST_BYTES) -> None:
        """Without `folder`, in the user's data folder."""
        self.folder = folder or data_folder() / "unfinished"
        self._limits = LimitedFolder(self.folder, most_bytes - MOST_BYTES_EACH, DAY_S)
        self._lock = threading.Lock()
        self._in_use: set[str] = set()

    @contextmanager
    def open(self, key: str) -> Generator[Journal | None]:
        """What is known of the request `key`. None if the disk is full, or another job has it."""
        with self._lock:
            journal = None if key in self._in_use else self._open(key)
            if journal is not None:
                self._in_use.add(key)
        if journal is None:
            yield None
            return
        try:
            yield journal
        finally:
            with self._lock:
                journal.close()
                self._in_use.discard(key)

    def remove(self, key: str) -> None:
        """The request is answered. What another job still writes to is left to that one."""
        with self._lock, contextlib.suppress(OSError):
            if key not in self._in_use:
                (self.folder / key).unlink(missing_ok=True)

    def _open(self, key: str) -> Journal | None:
        try:
            self._limits.make()
            self._limits.make_room(0, keep=self._in_use)
            return Journal(self.folder / key)
        except OSError as error:
            log.warning("What is finished cannot be kept in %s: %s", self.folder, error)
            return None


def _open(path: Path) -> FileIO:
    return os.fdopen(os.open(path, _READ_AND_WRITE, 0o600), "r+b", buffering=0)


def _read(file: FileIO, place: int) -> tuple[tuple[int, int], Floats32] | None:
    """None if there is no sound entry."""
    file.seek(place)
    head = file.read(_NUMBERS_AT)
    if len(head) < _NUMBERS_AT:
        return None
    t, start, hypotheses, frames, joints = _HEADER.unpack(header := head[: _HEADER.size])
    size = hypotheses * frames * joints * 12
    data = bytearray(file.read(size) if size <= MOST_BYTES_EACH else b"")
    (checksum,) = _CHECKSUM.unpack(head[_HEADER.size :])
    if len(data) < size or zlib.crc32(data, zlib.crc32(header)) != checksum:
        return None
    clean = np.frombuffer(data, "<f4").reshape(hypotheses, frames, joints, 3)
    return (t, start), clean
