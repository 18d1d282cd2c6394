"""Finding and starting the server, with small scripts in its place."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from retake.blender_addon.client import server_process
from retake.shared import connection_file
from retake.shared.connection_file import ConnectionInfo
from retake.shared.errors import RetakeError

READY = """
    import os, sys, time
    from retake.shared import connection_file
    info = connection_file.ConnectionInfo("tcp://127.0.0.1:1", "k" * 40, os.getpid(), 1)
    connection_file.write(info)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def own_runtime_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds, or disturbs, a server of the person who runs it."""
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", str(tmp_path / "run"))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "server.log"


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    yield threading.Event()
    for process in server_process._started.values():  # pyright: ignore[reportPrivateUsage]
        process.kill()
        process.wait()


def _script(text: str) -> Callable[[], list[str]]:
    return lambda: [sys.executable, "-c", textwrap.dedent(text)]


def _nothing_to_start() -> list[str]:
    raise RetakeError("nothing to start")


def test_starts_a_server_and_finds_it_again(log: Path, stop: threading.Event) -> None:
    info = server_process.find_or_start(_script(READY), log, stop, limit_s=20)
    assert info.pid != os.getpid()
    assert server_process.is_alive(info)
    again = server_process.find_or_start(_nothing_to_start, log, stop)
    assert again == info


def test_notices_the_end_of_its_child(log: Path, stop: threading.Event) -> None:
    info = server_process.find_or_start(_script(READY), log, stop, limit_s=20)
    os.kill(info.pid, 9)
    assert not _still_alive_after(info, 5)
    assert server_process.find() is None


def test_a_server_that_ends_at_once_shows_the_end_of_its_log(
    log: Path, stop: threading.Event
) -> None:
    with pytest.raises(RetakeError, match="no torch here"):
        server_process.find_or_start(_script("raise SystemExit('no torch here')"), log, stop)


def test_a_server_that_never_gets_ready_is_stopped(log: Path, stop: threading.Event) -> None:
    script = _script("import time; print('loading', flush=True); time.sleep(60)")
    with pytest.raises(RetakeError, match="not ready within 1 seconds"):
        server_process.find_or_start(script, log, stop, limit_s=1)
    started = server_process._started.values()  # pyright: ignore[reportPrivateUsage]
    assert all(process.poll() is not None for process in started)


def test_a_program_that_is_missing_is_one_sentence(log: Path, stop: threading.Event) -> None:
    with pytest.raises(RetakeError, match="could not be started"):
        server_process.find_or_start(lambda: [str(log.parent / "nothing")], log, stop)


def test_the_file_of_a_dead_server_is_not_a_server(log: Path, stop: threading.Event) -> None:
    connection_file.write(ConnectionInfo("tcp://127.0.0.1:1", "k" * 40, 2**22 + 1, 1))
    assert server_process.find() is None


def test_a_file_whose_process_number_is_in_use_again_is_replaced(
    log: Path, stop: threading.Event
) -> None:
    stale = ConnectionInfo("tcp://127.0.0.1:1", "s" * 40, os.getpid(), 1)
    connection_file.write(stale)
    assert server_process.find_or_start(_nothing_to_start, log, stop) == stale
    info = server_process.find_or_start(_script(READY), log, stop, stale, limit_s=20)
    assert info.server_key == "k" * 40
    assert connection_file.read() == info


def test_nothing_is_imported_from_the_current_folder(tmp_path: Path) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit('foreign code')")
    command = server_process.server_command(sys.executable)
    help_only = [*command[: command.index("serve") + 1], "--help"]
    done = subprocess.run(help_only, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_animators_python_comes_before_the_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, named = tmp_path / "chosen", tmp_path / "named"
    chosen.touch()
    named.touch()
    monkeypatch.setenv(server_process.PYTHON_VARIABLE, str(named))
    assert server_process.server_command(str(chosen))[0] == str(chosen)
    assert server_process.server_command("")[0] == str(named)


def test_a_python_that_is_gone_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(RetakeError, match="no Python at"):
        server_process.server_command(str(tmp_path / "gone"))


def test_without_any_server_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(server_process.PYTHON_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(server_process, "_can_serve_here", lambda: False)
    with pytest.raises(RetakeError, match="Press Set Up Server"):
        server_process.server_command("")


def _still_alive_after(info: ConnectionInfo, limit_s: float) -> bool:
    waiting = threading.Event()
    for _ in range(int(limit_s / 0.05)):
        if not server_process.is_alive(info):
            return False
        waiting.wait(0.05)
    return True
