"""The check of the file a command is to write, before its long work instead of after it.

It does not know what is written, nor how.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from ..shared.errors import RetakeError


def check_output(out: Path, *inputs: Path) -> None:
    """RetakeError if `out` cannot be written, or is one of `inputs`, which are never overwritten.

    Any other file that exists is a result to replace. Nothing is left behind by the check.
    """
    try:
        _check(out, inputs)
    except OSError as error:
        raise RetakeError(
            f"{out} cannot be written: {error.strerror or error}. Choose another place."
        ) from None


def _check(out: Path, inputs: tuple[Path, ...]) -> None:
    if out.is_dir():
        raise RetakeError(f"{out} is a folder; expected the name of a file to write.")
    if not out.parent.is_dir():
        raise RetakeError(f"The folder {out.parent} does not exist. Make it first.")
    if out.exists() and not out.is_file():
        raise RetakeError(f"{out} is not an ordinary file. Choose another name.")
    for given in inputs:
        if out.exists() and given.exists() and out.samefile(given):
            raise RetakeError(
                f"{out} is the file to read, which is never overwritten. Choose another name."
            )
    # Permissions alone do not tell of a read-only or a virtual disk.
    with tempfile.TemporaryFile(dir=out.parent):
        pass
