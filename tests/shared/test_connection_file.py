from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from retake.shared import connection_file
from retake.shared.connection_file import ConnectionInfo, is_alive
from retake.shared.errors import RetakeError
from retake.shared.processes import process_exists, start_of

INFO = ConnectionInfo("tcp://127.0.0.1:5555", "k" * 40, os.getpid(), 1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", str(tmp_path / "run"))
    return tmp_path / "run"


def test_what_was_written_is_read(folder: Path) -> None:
    connection_file.write(INFO)
    assert connection_file.read() == INFO
    connection_file.write(ConnectionInfo("tcp://127.0.0.1:6666", "l" * 40, 1, 1))
    assert [path.name for path in folder.iterdir()] == ["connection.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_the_user_may_read_it(folder: Path) -> None:
    connection_file.write(INFO)
    assert (folder / "connection.json").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_reading_makes_nothing(folder: Path) -> None:
    assert connection_file.read() is None
    connection_file.remove()
    assert not folder.exists()


def test_removed_is_gone() -> None:
    connection_file.write(INFO)
    connection_file.remove()
    assert connection_file.read() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "\xff",
        json.dumps({"address": "tcp://127.0.0.1:1"}),
        json.dumps(asdict(INFO) | {"pid": "12"}),
        json.dumps(asdict(INFO) | {"more": 1}),
    ],
)
def test_a_damaged_file_is_no_connection(folder: Path, text: str) -> None:
    folder.mkdir()
    (folder / "connection.json").write_bytes(text.encode("latin-1"))
    assert connection_file.read() is None


def test_a_folder_that_cannot_be_made_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", str(tmp_path / "file" / "run"))
    with pytest.raises(RetakeError, match="RETAKE_RUNTIME_DIR"):
        connection_file.write(INFO)


def refuse(*arguments: object, **options: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_what_cannot_be_written_is_one_sentence_and_leaves_the_old_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection_file.write(INFO)
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(RetakeError, match="cannot be written: Permission denied"):
        connection_file.write(ConnectionInfo("tcp://127.0.0.1:6666", "l" * 40, 1, 1))
    assert connection_file.read() == INFO
    assert [path.name for path in folder.iterdir()] == ["connection.json"]


def test_what_cannot_be_removed_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    connection_file.write(INFO)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(RetakeError, match="cannot be removed: Permission denied"):
        connection_file.remove()


def test_a_reader_that_has_the_file_open_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows: the first attempts are refused."""
    really, refusals = os.replace, [refuse, refuse]

    def replace(source: str, target: Path) -> None:
        (refusals.pop() if refusals else really)(source, target)

    monkeypatch.setattr(os, "replace", replace)
    connection_file.write(INFO)
    assert connection_file.read() == INFO


def test_a_process_is_alive_until_it_has_ended() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    info = ConnectionInfo("", "", child.pid, 1)
    assert is_alive(info)
    child.kill()
    # Not asked for its exit code yet, so that the system still has its number.
    while process_exists(child.pid) and sys.platform == "linux":
        pass
    child.communicate()
    assert not is_alive(info)


def test_a_number_in_use_by_another_process_is_no_server() -> None:
    assert is_alive(replace(INFO, start=start_of(os.getpid())))
    assert not is_alive(replace(INFO, start="1 another boot"))


def test_keys_are_not_shown() -> None:
    assert "s" * 40 not in repr(replace(INFO, client_secret="s" * 40))


def test_a_server_elsewhere_is_named_by_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = ConnectionInfo("tcp://192.168.1.20:5577", "r" * 40, 0, 1)
    path = tmp_path / "studio.json"
    connection_file.write_private(path, json.dumps(asdict(elsewhere)))
    connection_file.write(INFO)
    monkeypatch.setenv("RETAKE_CONNECTION", str(path))
    assert connection_file.read() == elsewhere
    assert is_alive(elsewhere)
    connection_file.remove()  # that of this computer
    assert path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_file_that_others_could_read_is_private_again(folder: Path) -> None:
    connection_file.write(INFO)
    (folder / "connection.json").chmod(0o644)
    connection_file.write(INFO)
    assert (folder / "connection.json").stat().st_mode & 0o777 == 0o600


def test_a_full_disk_is_one_sentence_and_leaves_the_old_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    connection_file.write(INFO)
    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(RetakeError, match="No space left"):
        connection_file.write(replace(INFO, pid=1))
    assert connection_file.read() == INFO
    assert [path.name for path in folder.iterdir()] == ["connection.json"]
