"""Arrays of objects in files of others, read without running what such a file may hold.

numpy stores an array of objects as a pickle, and reading a pickle can run any program its maker put
in. Here only the functions that put numpy arrays together are let through; everything else ends the
reading before it is called. Nor do numpy's own functions get what a file says: they take a type's
flags and size on trust, so that bytes can be passed off as addresses of objects. Stand-ins build
the arrays and check.
"""

from __future__ import annotations

import io
import pickle  # noqa: TID251 - the one place where a foreign one is read, by a restricted reader
import re
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, Any

import numpy as np

from .arrays import AnyArray

DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    IndexError,
    OverflowError,
    RecursionError,
    MemoryError,
    NotImplementedError,  # a zip archive with a compression that Python lacks
    RuntimeError,  # an encrypted one
    pickle.UnpicklingError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What a wrong byte can raise in zip, in numpy's header and in a pickle."""


_TYPES = re.compile(r"\?|[biufc]\d{1,2}|[SU]\d{1,4}|O8?")


class Refused(Exception):
    """The name of what a pickle asked for."""


def read_array(file: IO[bytes]) -> AnyArray:
    """The array of a `.npy` file, also one of objects. Raises Refused, and DAMAGE."""
    read_header = (
        np.lib.format.read_array_header_1_0
        if np.lib.format.read_magic(file) == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    shape, fortran, dtype = read_header(file)
    if not dtype.hasobject:
        return _plain_array(file, shape, fortran, dtype)
    array = _ArraysOnly(file, encoding="latin1").load()
    if not isinstance(array, np.ndarray) or array.shape != shape or array.dtype != dtype:
        raise ValueError("not the array of its header")
    return array


def read_values(content: bytes) -> Any:
    """Lists, text, numbers and arrays out of a pickle. Raises Refused, and DAMAGE."""
    return _ArraysOnly(io.BytesIO(content), encoding="latin1").load()


def _plain_array(
    file: IO[bytes], shape: tuple[int, ...], fortran: bool, dtype: np.dtype[Any]
) -> AnyArray:
    values = np.frombuffer(file.read(), dtype)
    return values.reshape(shape, order="F" if fortran else "C")


class _ArraysOnly(pickle.Unpickler):
    """An unpickler that refuses every global but those that numpy arrays are made of."""

    def find_class(self, module_name: str, global_name: str) -> Any:
        # The same package in files written by numpy 1 and numpy 2.
        place = module_name.replace("numpy._core.", "numpy.core.")
        if (place, global_name) not in _STAND_INS:
            raise Refused(f"{module_name}.{global_name}")
        return _STAND_INS[place, global_name]

    def persistent_load(self, pid: Any) -> Any:
        raise ValueError("refers to something outside")


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
