"""Outcomes of jobs, kept on disk for a day: who asks for the same again need not wait again.

Also after a new start of the server. It holds bytes; a full disk costs nothing but this memory.

Where the runtime folder is in memory, as on most Linux desktops, clients of this computer get an
outcome there first: they need not wait for the disk.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from ..shared.atomic import replaced_file
from ..shared.connection_file import runtime_folder
from ..shared.kept_file import mapped
from .detect.model_file import data_folder
from .limited_folder import DAY_S, LimitedFolder, entries

log = logging.getLogger("retake.server")

MOST_BYTES = 2**30

MOST_IN_MEMORY = 2**28
"""Bytes. What does not fit beside those already there goes by the disk."""

FETCHED_WITHIN_S = 600.0
"""Of outcomes in the runtime folder. Who comes later gets them from the disk."""

PATIENCE_S = 2.0
"""So long it stays in the runtime folder at least if the disk does not take it."""


def digest_of(request: bytes, source: Path) -> str:
    """Names a request and what it is computed from: the weights, or the video, as it is now."""
    try:
        stat = source.stat()
        seen = f"{stat.st_size} {stat.st_mtime_ns}"
    except OSError:
        seen = "missing"
    digest = hashlib.sha256(request)
    digest.update(f"\n{source} {seen} {_version()}".encode())
    return digest.hexdigest()


@functools.cache
def _version() -> str:
    """Asking takes longer than the rest of a digest."""
    return version("retake")


class Results:
    """A folder of outcomes, the oldest of which go first, and one in memory on their way to it."""

    def __init__(
        self,
        folder: Path | None = None,
        most_bytes: int = MOST_BYTES,
        longest_s: float = DAY_S,
        near: Path | None = None,
    ) -> None:
        """Without `folder`, in the user's data folder; `near`: the one of the runtime folder."""
        self.folder = folder or data_folder() / "results"
        self._near = near or runtime_folder() / "handed-over"
        self._kept = LimitedFolder(self.folder, most_bytes, longest_s)

    def tidy(self) -> None:
        """Remove from the disk what is too old."""
        try:
            self._kept.tidy()
        except OSError:
            log.debug("There is no folder %s yet, or it cannot be read", self.folder)

    def put(self, digest: str, outcome: Sequence[bytes]) -> bool:
        """Whether it could be kept. `outcome` comes in parts, which are not put together here."""
        try:
            self._kept.make()
            self._kept.make_room(sum(len(part) for part in outcome))
            _write(self.folder / digest, outcome)
        except OSError as error:
            log.warning("A result could not be kept in %s: %s", self.folder, error)
            return False
        return True

    def get(self, digest: str, any_age: bool = False) -> memoryview | None:
        """`any_age`: somebody waits for this very outcome, whatever the clock says."""
        path = self.folder / digest
        try:
            age = time.time() - path.stat().st_mtime
            if age > self._kept.longest_s and not any_age:
                path.unlink()
                return None
            return mapped(path)
        except (OSError, ValueError):
            return self._get_near(digest)

    def remove(self, digest: str) -> None:
        for folder in (self._near, self.folder):
            _unlink(folder / digest)

    # In memory

    def hand_over(self, digest: str, outcome: Sequence[bytes]) -> bool:
        """Whether a client can fetch it already, before `put`."""
        try:
            if not self._has_room_near(sum(len(part) for part in outcome)):
                return False
            _write(self._near / digest, outcome)
        except OSError as error:
            log.warning("A result could not be handed over in %s: %s", self._near, error)
            return False
        return True

    def folder_of(self, digest: str) -> Path:
        """Where a client finds it."""
        return self._near if os.path.exists(self._near / digest) else self.folder

    def let_go(self, is_awaited: Callable[[str], bool]) -> None:
        """Free the memory of what nobody waits for, once the disk has it or does not take it.

        What somebody waits for stays for ten minutes. Never raises: servers call it all the time.
        """
        try:
            found = [] if self._near.is_symlink() else entries(self._near)
        except OSError:
            return
        for written, _, name in found:
            age = time.time() - written
            # Not Path.exists, which raises where a file system has gone.
            is_settled = age > PATIENCE_S or os.path.exists(self.folder / name)
            if age > FETCHED_WITHIN_S or (is_settled and not is_awaited(name)):
                _unlink(self._near / name)

    def close(self) -> None:
        """Nothing stays in the runtime folder; what the disk has not got is computed again."""
        shutil.rmtree(self._near, ignore_errors=True)

    def _has_room_near(self, size: int) -> bool:
        """Whether there is a way beside the disk, and room for so much. Raises OSError."""
        if not self._is_beside_the_disk:
            return False
        self._near.mkdir(mode=0o700, exist_ok=True)
        if self._near.is_symlink():  # what `let_go` removed there might be anybody's
            return False
        used = sum(length for _, length, _ in entries(self._near))
        free = shutil.disk_usage(self._near).free
        return used + size <= MOST_IN_MEMORY and free >= 2 * size

    @functools.cached_property
    def _is_beside_the_disk(self) -> bool:
        """Whether the runtime folder is on another file system. Raises OSError."""
        self._kept.make()
        session = self._near.parent
        return session.exists() and session.stat().st_dev != self.folder.stat().st_dev

    def _get_near(self, digest: str) -> memoryview | None:
        try:
            return mapped(self._near / digest)
        except (OSError, ValueError):
            return None


def _write(path: Path, outcome: Sequence[bytes]) -> None:
    """Raises OSError."""
    with replaced_file(path) as part, part.open("r+b") as file:
        part.chmod(0o600)
        file.writelines(outcome)


def _unlink(path: Path) -> None:
    with contextlib.suppress(OSError):  # Windows keeps what somebody has open
        path.unlink()
