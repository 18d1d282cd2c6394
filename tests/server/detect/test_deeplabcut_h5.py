"""DeepLabCut's .h5 files: one written by pandas, and ones of the other form that it writes."""

from __future__ import annotations

import importlib.util
import pickle  # noqa: TID251 - pandas writes such attributes; here only written
from pathlib import Path

import h5py
import numpy as np
import pytest
from retake.server.detect.deeplabcut_h5 import is_hdf5, open_h5
from retake.shared.arrays import Floats64
from retake.shared.errors import RetakeError

FIXED = Path(__file__).parents[2] / "data/deeplabcut_fixed.hdf"
"""`DataFrame.to_hdf` of pandas 3.0 with random numbers: 6 frames of three points."""


def write_table(path: Path, columns: list[tuple[str, ...]], values: Floats64) -> Path:
    """As `DataFrame.to_hdf(format="table")`, which DeepLabCut calls."""
    rows = np.zeros(len(values), [("index", "<i8"), ("values_block_0", "<f8", values.shape[1:])])
    rows["index"], rows["values_block_0"] = np.arange(len(values)), values
    with h5py.File(path, "w") as file:
        table = file.create_group("df_with_missing").create_dataset("table", data=rows)
        table.attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(columns, protocol=0))
    return path


def columns(*people: str) -> list[tuple[str, ...]]:
    names = [(p, n, c) for p in people for n in ("left_hip", "nose") for c in AXES]
    return [("net", *(part for part in name if part)) for name in names]


AXES = ("x", "y", "likelihood")


def test_a_file_of_pandas_is_read() -> None:
    assert is_hdf5(FIXED)
    found = open_h5(FIXED)
    assert found.points.shape == (6, 3, 2)
    assert found.places == {"left_shoulder": 0, "right_hip": 1, "left_knee": 2}
    with h5py.File(FIXED) as file:
        values = np.asarray(file["df_with_missing/block0_values"]).reshape(6, 3, 3)
    np.testing.assert_allclose(found.points, values[..., :2], rtol=1e-6)
    assert found.frames.tolist() == list(range(6))


def test_a_table_of_one_and_of_several_people_is_read(tmp_path: Path) -> None:
    values = np.random.default_rng(0).uniform(0, 1, (5, 12))
    values[2, 6:] = np.nan  # the second one is not seen there
    one = open_h5(write_table(tmp_path / "one.h5", columns(""), values[:, :6]))
    np.testing.assert_allclose(one.points, values[:, :6].reshape(5, 2, 3)[..., :2], rtol=1e-6)
    np.testing.assert_allclose(one.confidence, values[:, :6].reshape(5, 2, 3)[..., 2], rtol=1e-6)
    two = open_h5(write_table(tmp_path / "two.h5", columns("anna", "ben"), values))
    assert len(two.frames) == 9
    assert two.frames[two.ids == 1].tolist() == [0, 1, 3, 4]


class Runs:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("owned",))


@pytest.mark.parametrize("kind", ["cut", "empty", "other", "code", "names", "pickle"])
def test_a_broken_one_is_refused_with_advice(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "broken.h5"
    if kind == "cut":
        path.write_bytes(FIXED.read_bytes()[:6000])
    elif kind == "empty":
        path.write_bytes(FIXED.read_bytes()[:8])
    elif kind == "other":
        with h5py.File(path, "w") as file:
            file["numbers"] = np.arange(5)
    else:
        write_table(path, columns(""), np.zeros((3, 6)))
        with h5py.File(path, "a") as file:
            bad = {"code": pickle.dumps(Runs(), 0), "names": pickle.dumps([("a", "b")], 0)}
            file["df_with_missing/table"].attrs["values_block_0_kind"] = np.bytes_(
                bad.get(kind, b"(lp0\n")
            )
    with pytest.raises(RetakeError, match=r"no DeepLabCut file .* Save it as CSV") as caught:
        open_h5(path)
    assert "owned" not in str(caught.value)


def no_library(name: str) -> None:
    """As `find_spec` says that there is none."""


def test_without_h5py_there_is_advice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", no_library)
    with pytest.raises(RetakeError, match=r"h5py is missing\. Save it as CSV in DeepLabCut"):
        open_h5(FIXED)
