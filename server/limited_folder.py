"""A folder of the user's own in which files stay for a time, and up to a size together."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection
from pathlib import Path

DAY_S = 86_400.0

LOOK_EVERY_S = 60.0
"""Between two looks it is counted what is added. Looking takes a while where there is much."""


class LimitedFolder:
    def __init__(self, path: Path, most_bytes: int, longest_s: float) -> None:
        self.path = path
        self.longest_s = longest_s
        self._most_bytes = most_bytes
        self._room = 0
        self._looked_at = float("-inf")

    def make(self) -> None:
        """Raises OSError."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)

    def make_room(self, size: int, keep: Collection[str] = ()) -> None:
        """Before `size` bytes are added: see to it that they fit. Raises OSError."""
        self._room -= size
        if self._room < 0 or time.monotonic() - self._looked_at > LOOK_EVERY_S:
            self.tidy(size, keep)

    def tidy(self, size: int = 0, keep: Collection[str] = ()) -> None:
        """Remove what is too old, and the oldest, until `size` bytes fit. Raises OSError."""
        now, total = time.time(), size
        for modified, length, name in sorted(entries(self.path), reverse=True):
            is_old = now - modified > self.longest_s
            is_too_much = is_old or total + length > self._most_bytes
            if name in keep or not (is_too_much and _is_removed(self.path / name)):
                total += length
        self._room, self._looked_at = self._most_bytes - total, time.monotonic()


def _is_removed(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except PermissionError:  # Windows keeps what a client has open; it goes the next time
        return False
    return True


def entries(folder: Path) -> list[tuple[float, int, str]]:
    """Time of change in s, bytes and name of what is there. Raises OSError.

    Another process, or thread, may remove files meanwhile: they count as gone.
    """
    found: list[tuple[float, int, str]] = []
    for entry in os.scandir(folder):
        with contextlib.suppress(FileNotFoundError):
            stat = entry.stat()
            found.append((stat.st_mtime, stat.st_size, entry.name))
    return found
