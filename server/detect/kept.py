"""What a detection has found so far, in a file, so that one that was broken off can go on.

Lines of JSON as the child process wrote them, each added as it comes; after a sudden end the last
one may be torn, and is left out. The first line says what was looked at and how: a file of another
clip or of other settings is begun anew. It does not know what the lines mean.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from importlib.metadata import version
from io import RawIOBase
from pathlib import Path
from typing import Any

from ...shared.errors import RetakeError
from ..lock import sole_holder
from .model_file import POSE_SHA256, data_folder
from .order import Order
from .pictures import are_pictures, numbered

FORM = 1
"""Of the file; also of what the records mean."""

_BEGINNING = b'["kept", '

OLDEST_S = 7 * 24 * 3600.0
"""In the user's data folder, where nobody sees them."""

_PIECE = 1 << 20
_PIECES = 16


class Kept:
    """Records, and the open file to which more are added; without a file nothing is kept."""

    def __init__(self, file: RawIOBase | None, records: list[list[Any]]) -> None:
        self.records = records
        self.is_wanted = False
        self._file = file

    def add(self, record: list[Any]) -> None:
        """Once that fails, as on a full disk, no more is kept: the detection goes on without."""
        if self._file is None:
            return
        line = json.dumps(record).encode() + b"\n"
        try:
            is_whole = self._file.write(line) == len(line)
        except OSError:
            is_whole = False
        if not is_whole:
            self._file = None
        self.is_wanted |= record[0] == "frame"

    def forget(self) -> None:
        """All is done: the file is not needed again."""
        self.is_wanted = False


@contextmanager
def open_kept(path: Path, order: Order) -> Generator[Kept]:
    """What is known of `order` in `path`, to be added to. Raises RetakeError.

    Without any frame in it, or once it is to be forgotten, no file stays behind. While another
    process looks through the same, this one keeps nothing.
    """
    lock = path.with_name(path.name + ".lock")
    with sole_holder(lock) as is_ours:
        if not is_ours:
            yield Kept(None, [])
            return
        wanted = True
        try:
            head = ["kept", FORM, key_of(order)]
            records, end = _readable(path)
            with _open(path) as file:
                kept = _continued(file, head, records, end)
                try:
                    yield kept
                finally:
                    wanted = kept.is_wanted
        finally:
            lock.unlink(missing_ok=True)
            if not wanted:
                path.unlink(missing_ok=True)


@contextmanager
def open_hidden(order: Order) -> Generator[Kept]:
    """The same in the user's data folder, for who has no output file beside which to keep it.

    Where that folder cannot be written, nothing is kept.
    """
    with ExitStack() as stack:
        try:
            kept = stack.enter_context(open_kept(hidden_file(order), order))
        except RetakeError:
            kept = Kept(None, [])
        yield kept


def _open(path: Path) -> RawIOBase:
    """Unbuffered: what is added is there at once, however the process ends."""
    try:
        return path.open("r+b" if path.exists() else "w+b", buffering=0)
    except OSError as error:
        raise RetakeError(f"{path} could not be written: {error.strerror or error}.") from None


def _continued(file: RawIOBase, head: list[Any], records: list[list[Any]], end: int) -> Kept:
    is_known = bool(records) and records[0] == head
    file.seek(end if is_known else 0)
    file.truncate()
    kept = Kept(file, records[1:] if is_known else [])
    kept.is_wanted = len(kept.records) > 1
    if not is_known:
        kept.add(head)
    return kept


def _readable(path: Path) -> tuple[list[list[Any]], int]:
    """The records up to the first torn one, and where it begins. RetakeError: a foreign file."""
    records: list[list[Any]] = []
    end = 0
    try:
        with path.open("rb") as file:
            beginning = file.read(len(_BEGINNING))
            if not _BEGINNING.startswith(beginning):
                raise RetakeError(f"{path} is in the way: it is another file. Move it elsewhere.")
            file.seek(0)
            for line in file:
                record = _record(line)
                if record is None:
                    break
                records.append(record)
                end += len(line)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise RetakeError(f"{path} could not be read: {error.strerror or error}.") from None
    return records, end


def _record(line: bytes) -> list[Any] | None:
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        return None
    return record if isinstance(record, list) and record else None


def key_of(order: Order) -> str:
    """Tells apart clips by what is in them, and orders by what changes their result."""
    digest = hashlib.sha256(version("retake").encode())
    digest.update(replace(order, clip=Path(), known=0, model=None, boxes=None).to_json().encode())
    digest.update(POSE_SHA256.encode())
    files = [p for _, p in numbered(order.clip)] if are_pictures(order.clip) else [order.clip]
    for path in [*files, *filter(None, (order.model, order.boxes))]:
        digest.update(path.name.encode(errors="replace"))
        with suppress(OSError):  # the child says what is wrong with it
            _add_file(digest, path, _PIECES if len(files) == 1 else 0)
    return digest.hexdigest()


def _add_file(digest: Any, path: Path, pieces: int) -> None:
    """Size, time of the last change and pieces from all over the file, which may be 100 GB."""
    told = path.stat()
    digest.update(f"{told.st_size} {told.st_mtime_ns}".encode())
    if not path.is_file() or not pieces:
        return
    with path.open("rb") as file:
        for piece in range(pieces):
            file.seek(max(0, told.st_size - _PIECE) * piece // max(1, pieces - 1))
            digest.update(file.read(_PIECE))


def hidden_file(order: Order) -> Path:
    """For `open_hidden`. Files that nobody has come back for are removed."""
    folder = data_folder() / "detecting"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise RetakeError(f"{folder} could not be made: {error.strerror or error}.") from None
    _forget_old(folder.glob("*.jsonl"))
    return folder / f"{key_of(order)[:32]}.jsonl"


def _forget_old(files: Iterable[Path]) -> None:
    for path in files:
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > OLDEST_S:
                os.unlink(path)
