"""Arrays of objects in .npz files, as VideoPose3D's tools write them, without running their code.

numpy stores such an array as a pickle, and a pickle may call anything. This reader lets it build
arrays, numbers, text, lists and dictionaries, and refuses every other name.
"""

from __future__ import annotations

import io
import pickle  # noqa: TID251 - restricted below to names that run nothing
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import AnyArray
from ..errors import RetakeError

MOST_BYTES = 1 << 30
"""Of one file, unpacked."""

_CODEC_NAMES = {"latin1", "latin-1", "utf-8", "ascii"}


def read_arrays(path: Path) -> dict[str, AnyArray]:
    """All arrays of an .npz file. Raises RetakeError for what is damaged, foreign or unsafe."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MOST_BYTES:
                raise RetakeError(f"{path} holds over {MOST_BYTES >> 30} GiB. Cut it into clips.")
            return {
                name.removesuffix(".npy"): _array(archive.read(name))
                for name in archive.namelist()
                if name.endswith(".npy")
            }
    except RetakeError:
        raise
    except _DAMAGE:
        raise RetakeError(f"{path} is damaged, or no .npz file.") from None


def read_plain(content: bytes) -> Any:
    """Lists, text and numbers out of a pickle. Raises RetakeError."""
    try:
        return _Restricted(io.BytesIO(content)).load()
    except RetakeError:
        raise
    except _DAMAGE:
        raise RetakeError("A list in this file is damaged.") from None


_DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    OverflowError,
    RecursionError,
    MemoryError,
    NotImplementedError,
    RuntimeError,  # an encrypted member
    zipfile.BadZipFile,
    pickle.UnpicklingError,
    zlib.error,
)


def _array(content: bytes) -> AnyArray:
    file = io.BytesIO(content)
    version = np.lib.format.read_magic(file)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }[version]
    shape, _, dtype = read_header(file)
    if not dtype.hasobject:
        file.seek(0)
        return np.lib.format.read_array(file, allow_pickle=False)
    value = _Restricted(file).load()
    if not isinstance(value, np.ndarray) or value.shape != shape or value.dtype != dtype:
        raise ValueError("not the array of its header")
    return value


class _Restricted(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        found = _ALLOWED.get((module.replace("numpy._core", "numpy.core"), name))
        if found is None:
            raise RetakeError(
                f"This file wants to run '{module}.{name}' while it is read, so it was not read. "
                "Expected arrays, numbers and text only."
            )
        return found

    def persistent_load(self, pid: Any) -> Any:
        raise ValueError("refers to something outside")


def _empty(kind: type, shape: object, code: object) -> AnyArray:
    """What numpy's pickles start an array with; nothing large can be asked for."""
    if kind is not np.ndarray or shape != (0,):
        raise ValueError("an array that does not begin empty")
    return np.ndarray((0,), np.dtype("b"))


def _scalar(dtype: Any, content: Any) -> Any:
    if isinstance(dtype, _Text) and isinstance(content, bytes):
        return content.decode("utf-32-le").rstrip("\0")
    if not isinstance(dtype, np.dtype) or dtype.hasobject or not isinstance(content, bytes):
        raise ValueError("not a number")
    return np.frombuffer(content, dtype, count=1)[0]


def _dtype(code: Any, *_flags: Any) -> np.dtype[Any] | _Text:
    """Numbers, text and objects only, of which numpy has one type each that nothing can change.

    To any other one a pickle could add fields, declare one an object, and its bytes a pointer.
    """
    if not isinstance(code, str) or not _PLAIN_TYPE.fullmatch(code):
        raise ValueError("not a plain type")
    return _Text() if "U" in code else np.dtype(code)


_PLAIN_TYPE = re.compile(r"[<=|]?(b1|[iu][1248]|f[248]|O8?|U\d{1,6})")


class _Text:
    """In the place of numpy's type for text, of any length."""

    def __setstate__(self, state: object) -> None:
        """Byte order and length, which are not needed."""


def _encode(text: Any, codec: Any = "latin1") -> bytes:
    """Bytes in old pickles."""
    if not isinstance(text, str) or codec not in _CODEC_NAMES:
        raise ValueError("not text")
    return text.encode(codec)


_ALLOWED: dict[tuple[str, str], Callable[..., Any] | type] = {
    ("numpy.core.multiarray", "_reconstruct"): _empty,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,
}
