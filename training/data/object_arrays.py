"""The data sets that the field passes around: `.npz` archives of dictionaries, kept as pickles.

Reading a pickle can run any program its maker put in. Here only the functions that put numpy arrays
together are let through; everything else a pickle asks for ends the reading before it is called.
Nor do numpy's own functions get what a file says: they take a type's flags and size on trust, so
that bytes can be passed off as addresses of objects. Stand-ins build the arrays and check.
"""

from __future__ import annotations

import pickle  # noqa: TID251 - the one place where a foreign one is read, by a restricted reader
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import numpy as np

from ...shared.arrays import AnyArray
from ...shared.errors import RetakeError

LARGEST = 16 * 2**30
"""Bytes of one unpacked array. The sets of the field have about one GiB."""

_TYPES = re.compile(r"\?|[biufc]\d{1,2}|[SU]\d{1,4}|O8?")


class ArraysOnly(pickle.Unpickler):
    """An unpickler that refuses every global but those that numpy arrays are made of."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        # The same package in files written by numpy 1 and numpy 2.
        place = module_name.replace("numpy._core.", "numpy.core.")
        if (place, global_name) not in _STAND_INS:
            raise Refused(f"{module_name}.{global_name}")
        return _STAND_INS[place, global_name]


class _Type:
    """A numpy type: numbers, texts or objects, of either byte order. No flags, no fields."""

    def __init__(self, code: str, *_: Any) -> None:
        if not _TYPES.fullmatch(code):
            raise ValueError("not a type of numbers, texts or objects")
        self.dtype = np.dtype(code)

    def __setstate__(self, state: Any) -> None:
        """(version, byte order, sub-array, names, fields, ...) as numpy writes it."""
        if any(part is not None for part in state[2:5]):
            raise ValueError("not a type of numbers, texts or objects")
        if state[1] in ("<", ">"):
            self.dtype = self.dtype.newbyteorder(state[1])


class _Array(np.ndarray[Any, Any]):
    """An array that takes its content from a pickle."""

    def __setstate__(self, state: Any) -> None:
        """(version, shape, type, is Fortran-ordered, bytes or list of objects)."""
        version, shape, kind, fortran, content = state
        super().__setstate__((version, shape, _plain(kind), fortran, content))

    def __reduce__(self) -> Any:
        """An ordinary array, if it is kept again."""
        return np.asarray(self).__reduce__()


def _plain(kind: Any) -> np.dtype[Any]:
    if not isinstance(kind, _Type):
        raise ValueError("not a type")
    return kind.dtype


def _from_buffer(content: Any, kind: Any, shape: Any, order: Any) -> AnyArray:
    return np.frombuffer(content, _plain(kind)).reshape(shape, order=order)


def _scalar(kind: Any, content: Any) -> Any:
    raw = content.encode("latin1") if isinstance(content, str) else content
    (value,) = np.frombuffer(raw, _plain(kind))
    return value


def _encoded(text: Any, encoding: Any) -> bytes:
    """Bytes, which numpy before 1.17 (protocol 2) had written as text."""
    if encoding != "latin1":
        raise ValueError("not bytes")
    return text.encode("latin1")


class _Maker:
    """A function that a pickle may call and cannot change."""

    def __init__(self, make: Callable[..., Any]) -> None:
        self.make = make

    def __call__(self, *arguments: Any) -> Any:
        return self.make(*arguments)

    def __setstate__(self, _: Any) -> None:
        raise ValueError("not the state of an array")


_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): None,  # only ever named as what `_reconstruct` is to make
    ("numpy", "dtype"): _Maker(_Type),
    ("numpy.core.multiarray", "_reconstruct"): _Maker(lambda *_: _Array(0, np.int8)),
    ("numpy.core.multiarray", "scalar"): _Maker(_scalar),
    ("numpy.core.numeric", "_frombuffer"): _Maker(_from_buffer),
    ("_codecs", "encode"): _Maker(_encoded),
    ("__builtin__", "bytes"): _Maker(lambda: b""),
}
"""(module, name) of all that a file may ask for, and what it gets."""


class Refused(Exception):
    """The name of what a pickle asked for."""


def read_dictionary(path: Path, key: str, what: str) -> dict[str, Any]:
    """The dictionary that `path` (.npz) holds under `key` as an object array.

    RetakeError if the file is missing, damaged, of another kind, or asks for anything but arrays.
    """
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"{key}.npy") as file:
            if archive.getinfo(f"{key}.npy").file_size > LARGEST:
                raise MemoryError
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
