"""The data sets that the field passes around: `.npz` archives of dictionaries, kept as pickles."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from ...shared.errors import RetakeError
from ...shared.object_arrays import DAMAGE, Refused, read_array

LARGEST = 16 * 2**30
"""Bytes of one unpacked array. The sets of the field have about one GiB."""


def read_dictionary(path: Path, key: str, what: str) -> dict[str, Any]:
    """The dictionary that `path` (.npz) holds under `key` as an object array.

    RetakeError if the file is missing, damaged, of another kind, or asks for anything but arrays.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{key}.npy") as file:
            if archive.getinfo(f"{key}.npy").file_size > LARGEST:
                raise MemoryError
            value = read_array(file).item()
    except FileNotFoundError:
        raise RetakeError(f"There is no file {path}.") from None
    except KeyError:
        raise RetakeError(f"{path} is not {what}: it has no '{key}'.") from None
    except Refused as error:
        raise RetakeError(
            f"{path} asks Python for '{error}', which no data set needs. It was not read; do not "
            "trust this file."
        ) from None
    except MemoryError:
        raise RetakeError(f"{path} does not fit into this machine's memory.") from None
    except DAMAGE as error:
        raise RetakeError(f"{path} is not {what}: it is damaged or of another kind.") from error
    if not isinstance(value, dict):
        raise RetakeError(f"{path} is not {what}: '{key}' is not a dictionary.")
    return value
