"""The data sets that the field passes around: `.npz` archives of dictionaries, kept as pickles.

Reading a pickle can run any program its maker put in. Here only the functions that put numpy arrays
together are let through; everything else a pickle asks for ends the reading before it is called.
"""

from __future__ import annotations

import pickle  # noqa: TID251 - the one place where a foreign one is read, by a restricted reader
import zipfile
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...shared.errors import RetakeError

_CORES = ("numpy.core", "numpy._core")
"""The same package in files written by numpy 1 and numpy 2."""
_OUR_CORE = _CORES[int(np.__version__.split(".")[0]) >= 2]

ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    *((f"{core}.multiarray", name) for core in _CORES for name in ("_reconstruct", "scalar")),
    *((f"{core}.numeric", "_frombuffer") for core in _CORES),
}
"""(module, name) of all that a file may ask for: arrays, their types, single numbers."""


class ArraysOnly(pickle.Unpickler):
    """An unpickler that refuses every global but those that numpy arrays are made of."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        if (module_name, global_name) not in ALLOWED:
            raise Refused(f"{module_name}.{global_name}")
        for core in _CORES:
            module_name = module_name.replace(f"{core}.", f"{_OUR_CORE}.")
        return super().find_class(module_name, global_name)


class Refused(Exception):
    """The name of what a pickle asked for."""


def read_dictionary(path: Path, key: str, what: str) -> dict[str, Any]:
    """The dictionary that `path` (.npz) holds under `key` as an object array.

    RetakeError if the file is missing, damaged, of another kind, or asks for anything but arrays.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{key}.npy") as file:
            value = _read_object(file)
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
    except _DAMAGED as error:
        raise RetakeError(f"{path} is not {what}: it is damaged or of another kind.") from error
    if not isinstance(value, dict):
        raise RetakeError(f"{path} is not {what}: '{key}' is not a dictionary.")
    return value


_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    OverflowError,
    NotImplementedError,  # a zip archive with a compression or encryption that Python lacks
    RuntimeError,
    pickle.UnpicklingError,
    zipfile.BadZipFile,
)
"""What a wrong byte can raise in zip, in numpy's header and in a pickle."""


def _read_object(file: IO[bytes]) -> Any:
    """The content of a `.npy` file with a 0-dimensional object array, as `np.save` writes it."""
    version = np.lib.format.read_magic(file)
    read_header = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read_header(file)
    if dtype != np.dtype(object) or shape != ():
        raise ValueError("not a single object")
    array = ArraysOnly(file, encoding="latin1").load()
    if not isinstance(array, np.ndarray):
        raise ValueError("not an array")
    return array.item()
