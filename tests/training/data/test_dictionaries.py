"""Foreign pickles: arrays come through, programs do not, and nothing ends in a traceback."""

import io
import pickle  # noqa: TID251 - to make the files that a reader must withstand
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from retake.shared.errors import RetakeError
from retake.training.data import dictionaries
from retake.training.data.dictionaries import read_dictionary

CONTENT: dict[str, Any] = {
    "S1": {"Walking": np.arange(12, dtype=np.float32).reshape(2, 2, 3)},
    "fps": np.int64(50),
}


def npz(path: Path, pickled: bytes, key: str = "data") -> Path:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|O", "fortran_order": False, "shape": ()}
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{key}.npy", header.getvalue() + pickled)
    return path


def as_object(value: Any, protocol: int = 3) -> bytes:
    return pickle.dumps(np.array(value, dtype=object), protocol=protocol)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_dictionaries_of_arrays_come_through(tmp_path: Path, protocol: int):
    found = read_dictionary(npz(tmp_path / "x.npz", as_object(CONTENT, protocol)), "data", "it")
    np.testing.assert_array_equal(found["S1"]["Walking"], CONTENT["S1"]["Walking"])
    assert found["fps"] == 50


def test_what_numpy_itself_saved_comes_through(tmp_path: Path):
    np.savez(tmp_path / "x.npz", data=np.array(CONTENT, dtype=object))
    found = read_dictionary(tmp_path / "x.npz", "data", "it")
    np.testing.assert_array_equal(found["S1"]["Walking"], CONTENT["S1"]["Walking"])
    assert found["fps"] == 50


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"numpy.core.", b"numpy._core."), (b"numpy._core.", b"numpy.core.")],
)
def test_files_of_numpy_1_and_2_come_through(tmp_path: Path, old: bytes, new: bytes):
    # Protocol 3 names modules in plain text, so that one can be put for the other.
    pickled = as_object(CONTENT).replace(old, new)
    found = read_dictionary(npz(tmp_path / "x.npz", pickled), "data", "it")
    np.testing.assert_array_equal(found["S1"]["Walking"], CONTENT["S1"]["Walking"])


class Calls:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("where", ["alone", "in the dictionary", "in an array"])
def test_programs_are_refused_and_not_run(tmp_path: Path, where: str):
    trace = tmp_path / "was-run"
    bad = Calls(trace.touch)
    value = {
        "alone": bad,
        "in the dictionary": {"S1": {"Walking": bad}},
        "in an array": {"S1": np.array([bad, None], dtype=object)},
    }[where]
    with pytest.raises(RetakeError, match="which no data set needs"):
        read_dictionary(npz(tmp_path / "x.npz", as_object(value)), "data", "it")
    assert not trace.exists()


@pytest.mark.parametrize(
    "function", [eval, exec, __import__, getattr, np.load, np.lib.format.read_array, Path]
)
def test_no_other_global_is_let_through(tmp_path: Path, function: Any):
    with pytest.raises(RetakeError, match="which no data set needs"):
        read_dictionary(npz(tmp_path / "x.npz", as_object(Calls(function, "1"))), "data", "it")


def test_a_damaged_file_is_one_sentence(tmp_path: Path):
    whole = npz(tmp_path / "x.npz", as_object(CONTENT)).read_bytes()
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 4):
            damaged[place] = rng.integers(256)
        (tmp_path / "y.npz").write_bytes(damaged[: rng.integers(1, len(whole))])
        with pytest.raises(RetakeError):
            read_dictionary(tmp_path / "y.npz", "data", "it")


@pytest.mark.parametrize(
    "pickled", [b"", b"\x80\x03}q\x00.", b"\x80\x05N.", b"garbage", b"\x80\x03]"]
)
def test_another_pickle_is_refused(tmp_path: Path, pickled: bytes):
    with pytest.raises(RetakeError, match="is not it"):
        read_dictionary(npz(tmp_path / "x.npz", pickled), "data", "it")


def test_files_of_another_kind_are_refused(tmp_path: Path):
    np.savez(tmp_path / "plain.npz", data=np.zeros(3))
    (tmp_path / "text.npz").write_text("hello")
    for name, reason in (
        ("plain.npz", "damaged or of another kind"),
        ("text.npz", "damaged or of another kind"),
        ("none.npz", "There is no file"),
    ):
        with pytest.raises(RetakeError, match=reason):
            read_dictionary(tmp_path / name, "data", "it")
    with pytest.raises(RetakeError, match="has no 'other'"):
        read_dictionary(tmp_path / "plain.npz", "other", "it")


def test_all_kinds_of_arrays_come_through(tmp_path: Path):
    rng = np.random.default_rng(0)
    arrays = {
        "big-endian": rng.normal(size=(2, 3)).astype(">f4"),
        "columns first": np.asfortranarray(rng.normal(size=(3, 4))),
        "every other": np.arange(12)[::2],
        "empty": np.zeros((0, 17, 2), np.float32),
        "half": rng.normal(size=3).astype(np.float16),
        "yes and no": np.array([True, False]),
        "texts": np.array(["S1", "Walking"]),
        "bytes": np.array([b"ab", b"c"]),
        "objects": np.array([{"a": 3}, None, 4], dtype=object),
    }
    for protocol in range(2, 6):
        packed = npz(tmp_path / "x.npz", as_object(arrays, protocol))
        found = read_dictionary(packed, "data", "it")
        for name, expected in arrays.items():
            assert found[name].dtype.newbyteorder("=") == expected.dtype.newbyteorder("=")
            np.testing.assert_array_equal(found[name], expected, name)


def _pickled(reduced: str) -> bytes:
    """An object array's pickle whose object is made by these opcodes, with h1 as a type of objects
    whose flags say that it holds none."""
    kind = (
        b"cnumpy\ndtype\n(U\x02O8\x89\x88tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    )
    return b"\x80\x02" + kind + b"q\x010" + reduced.encode("latin1") + b"."


@pytest.mark.parametrize(
    "reduced",
    [
        "cnumpy.core.multiarray\nscalar\n(h\x01U\x08AAAAAAAAtR",
        "cnumpy.core.numeric\n_frombuffer\n(U\x08AAAAAAAAh\x01K\x01\x85U\x01CtR",
        "cnumpy\nndarray\n(K\x01\x85h\x01U\x08AAAAAAAAtR",
        "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR"
        "(K\x01K\x01\x85h\x01\x89U\x08AAAAAAAAtb",
        "cnumpy\ndtype\n(N}U\x08__call__Nstb",
    ],
    ids=["scalar", "buffer", "array", "state", "changed reader"],
)
def test_bytes_cannot_be_passed_off_as_objects(tmp_path: Path, reduced: str):
    # numpy's own functions read the eight letters as an address, which ends the process.
    with pytest.raises(RetakeError, match="is not it: it is damaged"):
        read_dictionary(npz(tmp_path / "x.npz", _pickled(reduced)), "data", "it")


def test_an_archive_that_unpacks_to_more_than_any_data_set_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    packed = npz(tmp_path / "x.npz", as_object({"S1": np.zeros(1000)}))
    monkeypatch.setattr(dictionaries, "LARGEST", 1000)
    with pytest.raises(RetakeError, match="does not fit"):
        read_dictionary(packed, "data", "it")
