"""Outcomes of jobs, kept on disk for a day: who asks for the same again need not wait again.

Also after a new start of the server. It holds bytes; a full disk costs nothing but this memory.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from ..shared.atomic import replaced_file
from .detect.model_file import data_folder
from .limited_folder import DAY_S, LimitedFolder

log = logging.getLogger("retake.server")

MOST_BYTES = 2**30


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
    """A folder of outcomes, the oldest of which go first."""

    def __init__(
        self, folder: Path | None = None, most_bytes: int = MOST_BYTES, longest_s: float = DAY_S
    ) -> None:
        """Without `folder`, in the user's data folder."""
        self.folder = folder or data_folder() / "results"
        self._kept = LimitedFolder(self.folder, most_bytes, longest_s)

    def tidy(self) -> None:
        """Remove what is too old."""
        try:
            self._kept.tidy()
        except OSError:
            log.debug("There is no folder of results yet, or it cannot be read")

    def put(self, digest: str, outcome: Sequence[bytes]) -> bool:
        """Whether it could be kept. `outcome` comes in parts, which are not put together here."""
        try:
            self._kept.make()
            self._kept.make_room(sum(len(part) for part in outcome))
            with replaced_file(self.folder / digest) as path, path.open("r+b") as file:
                path.chmod(0o600)
                file.writelines(outcome)
        except OSError as error:
            log.warning("A result could not be kept in %s: %s", self.folder, error)
            return False
        return True

    def get(self, digest: str, any_age: bool = False) -> bytes | None:
        """`any_age`: somebody waits for this very outcome, whatever the clock says."""
        path = self.folder / digest
        try:
            age = time.time() - path.stat().st_mtime
            if age > self._kept.longest_s and not any_age:
                path.unlink()
                return None
            return path.read_bytes()
        except OSError:
            return None

    def remove(self, digest: str) -> None:
        (self.folder / digest).unlink(missing_ok=True)
