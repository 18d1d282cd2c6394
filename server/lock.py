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


@contextmanager
def sole_holder(path: Path) -> Generator[bool]:
    """Whether this process got the lock; it is held until the block ends."""
    with path.open("ab") as file:
        yield _try_lock(file.fileno())


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
