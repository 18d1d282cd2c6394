"""A lock that one process of the user holds as long as it lives.

The system frees it however the process ends.

A process number in a file cannot do that: it stays behind after a crash, and may by then be another
process.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from ..shared.errors import RetakeError


@contextmanager
def sole_holder(path: Path) -> Generator[bool]:
    """Whether this process got the lock; it is held until the block ends.

    RetakeError if the file cannot be opened or locked at all.
    """
    try:
        file = path.open("ab")
    except OSError as error:
        raise _unusable(path, error) from None
    with file:
        try:
            is_ours = _try_lock(file.fileno())
        except OSError as error:
            raise _unusable(path, error) from None
        yield is_ours


def _try_lock(handle: int) -> bool:
    """Whether it worked; False if another process has it."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # the second is how Windows says the same
        return False
    return True


def _unusable(path: Path, error: OSError) -> RetakeError:
    return RetakeError(
        f"The lock {path} cannot be used: {error.strerror or error}. "
        "Set RETAKE_RUNTIME_DIR to a folder of yours."
    )
