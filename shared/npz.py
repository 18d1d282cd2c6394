"""Our files are `.npz` archives without pickle.

Reading one that is damaged or foreign ends in one sentence.
"""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile

from .arrays import AnyArray
from .atomic import replaced_file
from .errors import RetakeError


def read_npz(path: Path, needed: tuple[str, ...], what: str) -> dict[str, AnyArray]:
    """All arrays of `path`; RetakeError if it is missing, not an npz, or lacks one of `needed`."""
    try:
        with path.open("rb") as file:  # numpy leaves the file of a damaged archive open
            archive = np.load(file, allow_pickle=False)
            # np.load gives a bare array for a .npy file, whatever its name.
            if not isinstance(archive, NpzFile):
                raise RetakeError(f"{path} is not {what}: expected a .npz archive.")
            arrays = {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise RetakeError(f"There is no file {path}.") from None
    except IsADirectoryError:
        raise RetakeError(f"{path} is a folder; expected {what}.") from None
    except PermissionError:
        raise RetakeError(f"{path} may not be read: permission denied.") from None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, KeyError):
        raise RetakeError(f"{path} is not {what}: it is damaged or of another kind.") from None
    missing = [key for key in needed if key not in arrays]
    if missing:
        raise RetakeError(f"{path} is not {what}: it has no '{missing[0]}'.")
    return arrays


def write_npz(path: Path, arrays: dict[str, AnyArray]) -> None:
    """Write `arrays` to `path` in one step, with the mode of the file it replaces.

    A reader never sees half a file, an error leaves the old one. A new file has the usual mode of
    the user's files. RetakeError if it cannot be written.
    """
    try:
        with replaced_file(path) as part, part.open("wb") as file:
            np.savez_compressed(file, **arrays)  # pyright: ignore[reportArgumentType]
    except OSError as error:
        raise RetakeError(f"{path} could not be written: {error.strerror or error}.") from None
