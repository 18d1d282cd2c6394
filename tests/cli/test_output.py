"""What may be written is told apart from what may not, before a command begins its work."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

import pytest
from retake.cli.output import check_output
from retake.shared.errors import RetakeError


def test_a_new_name_and_an_old_result_are_fine_and_left_alone(tmp_path: Path) -> None:
    old, given = tmp_path / "old.npz", tmp_path / "in.npz"
    old.write_bytes(b"old")
    given.write_bytes(b"in")
    for out in (tmp_path / "new.npz", old):
        check_output(out, given, tmp_path / "missing.npz")
    assert {path.name for path in tmp_path.iterdir()} == {"old.npz", "in.npz"}
    assert old.read_bytes() == b"old"


def test_a_bare_name_is_a_file_in_the_present_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_output(Path("out.npz"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (".", "is a folder"),
        ("none/out.npz", "does not exist"),
        ("in.npz/out.npz", "does not exist"),
        ("./in.npz", "never overwritten"),
        ("n" * 300, "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path, name: str, words: str) -> None:
    given = tmp_path / "in.npz"
    given.write_bytes(b"in")
    with pytest.raises(RetakeError, match=words):
        check_output(tmp_path / name, given)
    assert given.read_bytes() == b"in"


def test_another_name_of_the_input_is_the_input(tmp_path: Path) -> None:
    given, link = tmp_path / "in.npz", tmp_path / "link.npz"
    given.write_bytes(b"in")
    os.link(given, link)
    with pytest.raises(RetakeError, match="never overwritten"):
        check_output(link, given)


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="no such device")
def test_a_device_is_not_replaced() -> None:
    with pytest.raises(RetakeError, match="not an ordinary file"):
        check_output(Path("/dev/null"))


def test_a_read_only_disk_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(dir: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(dir))

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(RetakeError, match="cannot be written: Read-only file system"):
        check_output(tmp_path / "out.npz")
