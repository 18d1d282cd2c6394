"""Whether a video is still the one it was: its SHA-256, computed in a thread. Knows no Blender."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path

Key = tuple[str, int, int]
"""Path, bytes, time of the last change."""

_known: dict[Key, str] = {}
_waiting: set[Key] = set()


def key_of(path: Path) -> Key | None:
    """None for what is no file."""
    try:
        about = path.stat()
    except OSError:
        return None
    return (str(path), about.st_size, about.st_mtime_ns) if path.is_file() else None


def sha256_of(path: Path) -> str:
    """Empty as long as it is not known: the first question starts the reading."""
    key = key_of(path)
    if key and key not in _known and key not in _waiting:
        _waiting.add(key)
        threading.Thread(target=_read, args=(key,), daemon=True).start()
    return _known.get(key, "") if key else ""


def is_reading() -> bool:
    return bool(_waiting)


def _read(key: Key) -> None:
    try:
        with Path(key[0]).open("rb") as file:
            _known[key] = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        _known[key] = ""  # as good as unknown; not to be tried at every redraw
    finally:
        _waiting.discard(key)
