"""The branches for Windows and macOS, with stand-ins for what those systems answer.

They show that the right question is asked and its answer understood, not that a system answers so.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest
from retake.blender_addon.client import server_process
from retake.server import lock, spare_memory, stop
from retake.server.results import Results
from retake.shared import connection_file, processes
from retake.shared.connection_file import ConnectionInfo

INFO = ConnectionInfo("tcp://127.0.0.1:1", "k" * 40, 77, 3, "7 boot")

On = Callable[[ModuleType, str], None]


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> On:
    """on(module, platform): for this module alone, the system is another one."""

    def pretend(module: ModuleType, platform: str) -> None:
        monkeypatch.setattr(module, "sys", SimpleNamespace(platform=platform))

    return pretend


def kernel(exit_code: int, start: int, handle: int = 5) -> Any:
    """What of kernel32.dll is used: `handle` 0 is a process that may not be asked, or is none."""

    def exit_of(handle: object, code: Any) -> int:
        code._obj.value = exit_code
        return 1

    def times_of(handle: object, created: Any, *others: object) -> int:
        created._obj.value = start
        return 1

    def open_one(access: int, inherit: bool, pid: Any) -> int:
        assert access == 0x1000  # enough to ask, not enough to end it
        return handle

    return SimpleNamespace(
        OpenProcess=open_one,
        GetExitCodeProcess=exit_of,
        GetProcessTimes=times_of,
        CloseHandle=Mock(return_value=1),
    )


@pytest.mark.parametrize(
    ("exit_code", "handle", "runs"), [(259, 5, True), (0, 5, False), (259, 0, False)]
)
def test_windows_is_asked_whether_a_process_runs_and_none_is_signalled(
    on: On, monkeypatch: pytest.MonkeyPatch, exit_code: int, handle: int, runs: bool
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("os.kill ends processes on Windows")

    on(processes, "win32")
    monkeypatch.setattr(os, "kill", never)
    asked = kernel(exit_code, 133, handle)
    monkeypatch.setattr(ctypes, "WinDLL", Mock(return_value=asked), raising=False)
    assert processes.process_exists(77) == runs
    assert processes.is_running(77, "133") == runs
    assert not processes.is_running(77, "132")


def test_a_mac_is_asked_for_the_start_of_a_process(on: On, monkeypatch: pytest.MonkeyPatch) -> None:
    def pidinfo(pid: int, flavour: int, arg: object, answer: Any, size: int) -> int:
        assert (flavour, size) == (3, 136)
        struct.pack_into("=QQ", answer, 120, 1_700_000_000, 42)
        return size if pid == 77 else 0

    on(processes, "darwin")
    monkeypatch.setattr(ctypes, "CDLL", Mock(return_value=Mock(proc_pidinfo=pidinfo)))
    assert processes.start_of(77) == "1700000000.000042"
    assert processes.start_of(78) == ""


def test_on_windows_the_file_lies_in_the_profile_and_asks_for_no_uid(
    on: On, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on(connection_file, "win32")
    monkeypatch.delenv("RETAKE_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.delattr(os, "getuid", raising=False)
    connection_file.write(INFO)
    assert (tmp_path / "retake" / "run" / "connection.json").is_file()
    assert connection_file.read() == INFO
    connection_file.remove()
    assert connection_file.read() is None


def test_on_a_mac_the_runtime_folder_is_the_temporary_one(
    on: On, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    on(connection_file, "darwin")
    for name in ("RETAKE_RUNTIME_DIR", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(connection_file.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(os, "getuid", lambda: 501, raising=False)
    assert connection_file.runtime_folder() == tmp_path / "retake-501"


def test_on_windows_a_lock_that_is_held_is_a_denied_permission(
    on: On, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    held: list[int] = []

    def locking(handle: int, mode: int, size: int) -> None:
        if held:
            raise PermissionError
        held.append(handle)

    on(lock, "win32")
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))  # pyright: ignore[reportArgumentType]
    with lock.sole_holder(tmp_path / "l") as first, lock.sole_holder(tmp_path / "l") as second:
        assert (first, second) == (True, False)


def test_where_there_is_no_sigkill_a_server_is_terminated(monkeypatch: pytest.MonkeyPatch) -> None:
    kill = Mock()
    monkeypatch.delattr(signal, "SIGKILL", raising=False)
    monkeypatch.setattr(stop, "is_alive", Mock(return_value=True))
    monkeypatch.setattr(os, "kill", kill)
    stop._kill(INFO)  # pyright: ignore[reportPrivateUsage]
    kill.assert_called_once_with(77, signal.SIGTERM)


def test_on_windows_no_console_opens_and_ctrl_c_stays_with_blender(
    on: On, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    on(server_process, "win32")
    assert server_process._windows_flags() == 0x08000200  # pyright: ignore[reportPrivateUsage]
    on(server_process, "darwin")
    assert server_process._windows_flags() == 0  # pyright: ignore[reportPrivateUsage]


def test_memory_is_given_back_by_glibc_only(on: On, monkeypatch: pytest.MonkeyPatch) -> None:
    def none_there(name: object) -> None:
        raise AssertionError("there is no such library")

    monkeypatch.setattr(ctypes, "CDLL", none_there)
    for platform in ("win32", "darwin"):
        on(spare_memory, platform)
        spare_memory.give_back()


def test_a_file_that_windows_keeps_open_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "used by another process")

    results = Results(tmp_path / "disk", near=tmp_path / "near")
    (tmp_path / "near").mkdir()
    (tmp_path / "near" / "a").touch()
    assert results.put("a", [b"takes"])
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        results.let_go(lambda digest: False)
        results.remove("a")
    results.let_go(lambda digest: False)
    assert list((tmp_path / "near").iterdir()) == []


WITHOUT_LINUX = """
import sys
from types import SimpleNamespace
from retake.server.worker import worker
from retake.server.lifting.lift import OpenModel
worker.sys = SimpleNamespace(platform="win32", stdin=sys.stdin)
worker._prepare_torch = lambda: ("none", lambda folder: OpenModel(lambda *_, **__: None, ""))
print("begun", flush=True)
worker.main()
"""


def test_a_worker_ends_with_its_standard_input_where_the_system_does_not_see_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAKE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", str(tmp_path))
    where = {"address": "tcp://127.0.0.1:9", "server_key": "k" * 40}
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", WITHOUT_LINUX], stdin=pipe, stdout=pipe) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"begun\n"
        worker.stdin.write(json.dumps(where).encode() + b"\n")
        worker.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            worker.wait(2)
        worker.stdin.close()
        assert worker.wait(60) == 0
