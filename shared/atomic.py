"""Files and folders that appear in one step: whoever reads sees the old or the new, never half."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced_file(path: Path) -> Generator[Path]:
    """A new, empty file beside `path` to write to; it takes the place of `path` at the end.

    It gets the mode of the file it replaces, or the usual mode of the user's files. An error inside
    leaves `path` as it was and nothing beside it.
    """
    part = _beside(path)
    # Not by tempfile: its files are for their owner alone, whatever the umask says.
    part.open("xb").close()
    try:
        yield part
        if path.exists():
            shutil.copymode(path, part)
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def new_folder(path: Path) -> Generator[Path]:
    """A new folder beside `path` to fill; it is renamed to `path` at the end.

    Raises FileExistsError if there is something at `path`. An error inside leaves nothing behind.
    """
    if path.exists():
        raise FileExistsError(f"{path} exists already")
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _beside(path)
    part.mkdir()
    try:
        yield part
        os.rename(part, path)
    except BaseException:
        shutil.rmtree(part)
        raise


def _beside(path: Path) -> Path:
    """In the same folder, so that a rename stays within one file system."""
    return path.with_name(f"retake-{secrets.token_hex(8)}.part")
