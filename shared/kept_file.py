"""An outcome as a file, which the server leaves for a client of the same user and computer.

Eight bytes say how long the message is that follows them. In it, an array's bytes are only named:
where they begin, from the end of the message on, and how many there are. They are used where they
lie. Every part begins at a multiple of 64.

The name is checked before anything is opened: 64 hexadecimal digits in the folder the server names,
which only a server that showed its key can do.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import cast

from .errors import RetakeError
from .protocol import Array, Kept, ProtocolError, Result, Track, decode_reply, encode

_NAME = re.compile("[0-9a-f]{64}")

_LENGTH = struct.Struct("<Q")
_PLACE = struct.Struct("<QQ")
_ALIGNMENT = 64


def parts_of(outcome: Result | Track) -> list[bytes]:
    """The content of the file, to be written one after the other; arrays are not copied."""
    parts: list[bytes] = []
    end = 0

    def put_aside(array: Array) -> Array:
        nonlocal end
        size, rest = len(array.data), _rest(len(array.data))
        parts.extend((array.data, bytes(rest)))
        place, end = _PLACE.pack(end, size), end + size + rest
        return replace(array, data=place)

    message = encode(_with_arrays(outcome, put_aside))
    head = _LENGTH.pack(len(message)) + message
    return [head + bytes(_rest(len(head))), *parts]


def outcome_in(content: memoryview) -> Result | Track:
    """What `parts_of` was given. Its arrays lie in `content`, as long as anybody uses them.

    Raises ProtocolError if it is anything else.
    """
    if len(content) < _LENGTH.size:
        raise ProtocolError("", "the outcome is cut off")
    end = _LENGTH.size + _LENGTH.unpack_from(content)[0]
    outcome = decode_reply(bytes(content[_LENGTH.size : end]))
    if not isinstance(outcome, Result | Track):
        raise ProtocolError("type", f"{type(outcome).__name__} is no outcome")
    arrays = content[end + _rest(end) :]

    def find(array: Array) -> Array:
        if len(array.data) != _PLACE.size:
            raise ProtocolError("", "an array of the outcome is not where it is expected")
        first, size = _PLACE.unpack(array.data)
        data = arrays[first : first + size]
        if len(data) != size:
            raise ProtocolError("", "the outcome is cut off")
        return replace(array, data=cast(bytes, data))

    return _with_arrays(outcome, find)


def mapped(path: Path) -> memoryview:
    """The content of a file, read when it is looked at. OSError or ValueError if there is none."""
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def read_kept(kept: Kept) -> Result | Track:
    """RetakeError if the file is not there, cannot be read, or is not of this job."""
    if not _NAME.fullmatch(kept.digest) or not kept.folder:
        raise RetakeError("The server named no file that can be its outcome.")
    path = Path(kept.folder, kept.digest)
    try:
        outcome = outcome_in(mapped(path))
    except (OSError, ValueError) as error:
        raise RetakeError(f"The server's outcome cannot be read from {path}: {error}.") from None
    if outcome.job_id != kept.job_id:
        raise RetakeError(f"The file {path} is not the outcome that was asked for.")
    return outcome


def _with_arrays(outcome: Result | Track, change: Callable[[Array], Array]) -> Result | Track:
    values = ((field.name, getattr(outcome, field.name)) for field in fields(outcome))
    return replace(outcome, **{n: change(v) for n, v in values if isinstance(v, Array)})


def _rest(size: int) -> int:
    """Bytes that are missing to the next place where a part may begin."""
    return -size % _ALIGNMENT
