"""The .npz files of VideoPose3D's tools, whose arrays hold objects."""

from __future__ import annotations

import zipfile
from pathlib import Path

from ..arrays import AnyArray
from ..errors import RetakeError
from ..object_arrays import DAMAGE, Refused, read_array

MOST_BYTES = 1 << 30
"""Of one file, unpacked."""


def read_arrays(path: Path) -> dict[str, AnyArray]:
    """All arrays of an .npz file. Raises RetakeError for what is damaged, foreign or unsafe."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise RetakeError(f"{path} holds over {MOST_BYTES >> 30} GiB. Cut it into clips.")
            return {name.removesuffix(".npy"): _read(archive, name) for name in _arrays_in(archive)}
    except Refused as error:
        raise RetakeError(
            f"{path} wants to run '{error}' while it is read, so it was not read. Expected arrays, "
            "numbers and text only."
        ) from None
    except DAMAGE:
        raise RetakeError(f"{path} is damaged, or no .npz file.") from None


def _arrays_in(archive: zipfile.ZipFile) -> list[str]:
    return [name for name in archive.namelist() if name.endswith(".npy")]


def _read(archive: zipfile.ZipFile, name: str) -> AnyArray:
    with archive.open(name) as file:
        return read_array(file)
