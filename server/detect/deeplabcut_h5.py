"""DeepLabCut's .h5 files, turned into the CSV that DeepLabCut writes as well.

pandas keeps a table in HDF5 in two ways, "fixed" and "table"; both are read here with h5py alone.
The library runs in a process of its own: `python -m retake.server.detect.deeplabcut_h5 FILE` writes
the CSV to its standard output. Layouts: pandas' `io/pytables.py`, as seen in files that it wrote.
"""

from __future__ import annotations

import csv
import importlib.util
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...shared.arrays import AnyArray, Floats64, Ints
from ...shared.errors import RetakeError
from ...shared.keypoints import MOST_FRAMES
from ...shared.object_arrays import DAMAGE, Refused, read_values
from ...shared.tracks.sightings import Sightings, damaged
from ...shared.tracks.tables import deeplabcut

MAGIC = b"\x89HDF\r\n\x1a\n"
MOST_COLUMNS = 20_000
_LONGEST_S = 120.0
_ADVICE = "Save it as CSV in DeepLabCut, and give that"

_LEVELS = {
    3: ("scorer", "bodyparts", "coords"),
    4: ("scorer", "individuals", "bodyparts", "coords"),
}

Column = tuple[str, ...]


def is_hdf5(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def open_h5(path: Path) -> Sightings:
    """Raises RetakeError: no DeepLabCut file, damaged, h5py is missing."""
    if importlib.util.find_spec("h5py") is None:
        raise RetakeError(f"{path} is an HDF5 file, for which h5py is missing. {_ADVICE}.")
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", f"{__package__}.deeplabcut_h5", str(path.resolve())],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=_LONGEST_S,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (subprocess.TimeoutExpired, UnicodeDecodeError):
        raise RetakeError(f"{path} could not be read. {_ADVICE}.") from None
    found = None if done.returncode else deeplabcut(done.stdout)
    if found is None:
        last = (done.stderr.strip().splitlines() or ["it is damaged"])[-1]
        raise RetakeError(f"{path} is no DeepLabCut file that is known ({last}). {_ADVICE}.")
    return found


def to_csv(path: Path) -> Iterator[Sequence[object]]:
    """Rows of the CSV. Raises RetakeError, and what h5py raises for a damaged file."""
    import h5py

    with h5py.File(path, "r") as file:
        groups = [group for group in file.values() if isinstance(group, h5py.Group)]
        tables = [group for group in groups if {"table", "axis1"} & set(group)]
        if len(tables) != 1:
            raise damaged("DeepLabCut", f"it holds {len(tables)} tables of pandas")
        read = _table if "table" in tables[0] else _fixed
        columns, values, frames = read(tables[0])
    if not columns or len({len(column) for column in columns}) != 1:
        raise damaged("DeepLabCut", "its columns have no names")
    names = _LEVELS.get(len(columns[0]))
    if names is None:
        raise damaged("DeepLabCut", f"its columns have {len(columns[0])} names each")
    for level, name in enumerate(names):
        yield [name, *(column[level] for column in columns)]
    for frame, row in zip(frames.tolist(), values.tolist(), strict=True):
        yield [frame, *("" if value != value else value for value in row)]


def _table(group: Any) -> tuple[list[Column], Floats64, Ints]:
    """A PyTables table: per row the index and blocks of values, whose columns attributes name."""
    table = group["table"]
    _check_size(table.shape[0], 0)
    blocks = [name for name in table.dtype.names if name.startswith("values_block_")]
    columns: list[Column] = []
    parts: list[Floats64] = []
    rows = table[:]
    for block in blocks:
        columns += _tuples(_names_of(bytes(table.attrs[f"{block}_kind"])))
        parts.append(rows[block].reshape(len(rows), -1).astype(np.float64))
    return columns, np.concatenate(parts, axis=1), _frames(rows["index"])


def _names_of(pickled: bytes) -> Any:
    try:
        return read_values(pickled)
    except (Refused, *DAMAGE) as error:
        raise damaged("DeepLabCut", "a list of its columns cannot be read") from error


def _fixed(group: Any) -> tuple[list[Column], Floats64, Ints]:
    """Blocks of values, their columns as numbers into lists of names, level by level."""
    columns: list[Column] = []
    parts: list[Floats64] = []
    for block in range(int(group.attrs["nblocks"])):
        values = group[f"block{block}_values"]
        _check_size(*values.shape)
        levels: list[list[str]] = []
        for level in range(int(group.attrs[f"block{block}_items_nlevels"])):
            names = [name.decode() for name in group[f"block{block}_items_level{level}"][:]]
            levels.append([names[i] for i in group[f"block{block}_items_label{level}"][:]])
        columns += zip(*levels, strict=True)
        parts.append(values[:].astype(np.float64))
    return columns, np.concatenate(parts, axis=1), _frames(group["axis1"][:])


def _check_size(rows: int, columns: int) -> None:
    """Before anything is read: a damaged header may claim any size."""
    if rows > MOST_FRAMES or columns > MOST_COLUMNS:
        raise damaged("DeepLabCut", f"it has {rows} rows and {columns} columns")


def _tuples(names: Any) -> list[Column]:
    if not isinstance(names, list) or not all(isinstance(one, tuple) for one in names):
        raise damaged("DeepLabCut", "its columns have no names")
    return [tuple(str(part) for part in one) for one in names]


def _frames(index: AnyArray) -> Ints:
    """The index, where it is of numbers; labelled pictures have their paths there."""
    return index.astype(np.intp) if index.dtype.kind in "iu" else np.arange(len(index))


def _write(rows: Iterable[Sequence[object]]) -> None:
    csv.writer(sys.stdout, lineterminator="\n").writerows(rows)


def main() -> None:
    sys.stdout.reconfigure(encoding="utf-8")  # pyright: ignore[reportAttributeAccessIssue]
    try:
        _write(list(to_csv(Path(sys.argv[1]))))
    except RetakeError as error:
        raise SystemExit(str(error).rstrip(".")) from None
    # h5py's words for damage are for programmers.
    except (OSError, KeyError, ValueError, TypeError, IndexError, RuntimeError):
        raise SystemExit("it is damaged") from None


if __name__ == "__main__":
    main()
