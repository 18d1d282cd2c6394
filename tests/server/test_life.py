"""When a server ends: by its owner's death, for idleness, on request. It leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from retake.server import stop as stop_module
from retake.server.stop import stop
from retake.shared import connection_file
from retake.shared.errors import RetakeError
from retake.shared.processes import process_exists, start_of
from retake.shared.protocol import (
    PROTOCOL_VERSION,
    Bye,
    Failed,
    Hello,
    Lift,
    Ping,
    Pong,
    Progress,
    Stop,
    Welcome,
)

if TYPE_CHECKING:
    from .conftest import Client, Server

StartFast = Callable[..., "Server"]
Connect = Callable[..., "Client"]
WaitUntil = Callable[[Callable[[], object]], None]

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def blender() -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts processes that do nothing, as a Blender does that nobody touches."""
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        program = [sys.executable, "-c", "import time; time.sleep(1000)"]
        started.append(subprocess.Popen(program))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def kill(process: subprocess.Popen[Any]) -> None:
    """kill -9"""
    process.kill()
    process.wait()


def hello(pid: int) -> Hello:
    return Hello(
        job_id="h",
        protocol_version=PROTOCOL_VERSION,
        package_version="",
        pid=pid,
        start=start_of(pid),
    )


def leaves_nothing(server: Server, wait_until: WaitUntil) -> None:
    wait_until(lambda: server.process.poll() is not None)
    assert server.process.returncode == 0
    assert server.read_file() is None
    wait_until(lambda: not process_exists(server.worker_pid()))


def test_a_server_ends_after_the_blender_that_started_it(
    start_fast: StartFast, blender: Callable[[], subprocess.Popen[bytes]], wait_until: WaitUntil
) -> None:
    owner = blender()
    server = start_fast("--parent", str(owner.pid))
    kill(owner)
    leaves_nothing(server, wait_until)
    assert "All programs that used the server have ended" in server.log.read_text()


def test_a_second_blender_keeps_it_and_its_death_ends_it(
    start_fast: StartFast,
    blender: Callable[[], subprocess.Popen[bytes]],
    connect: Connect,
    wait_until: WaitUntil,
) -> None:
    owner, second = blender(), blender()
    server = start_fast("--parent", str(owner.pid))
    client = connect(server.info)
    client.send(hello(second.pid))
    assert isinstance(client.receive(), Welcome)
    kill(owner)
    threading.Event().wait(3)  # it looks once a second
    client.send(Ping(job_id="p"))
    assert isinstance(client.receive(), Pong)
    kill(second)
    leaves_nothing(server, wait_until)


def test_one_started_by_hand_stays(
    start_fast: StartFast, blender: Callable[[], subprocess.Popen[bytes]], connect: Connect
) -> None:
    server, only = start_fast(), blender()
    client = connect(server.info)
    client.send(hello(only.pid))
    assert isinstance(client.receive(), Welcome)
    kill(only)
    threading.Event().wait(3)
    client.send(Ping(job_id="p"))
    pong = client.receive()
    assert isinstance(pong, Pong)
    assert pong.clients == 0


def test_an_idle_server_says_goodbye_and_ends(
    start_fast: StartFast, connect: Connect, wait_until: WaitUntil
) -> None:
    server = start_fast("--idle", "0.05")
    client = connect(server.info)
    client.send(hello(os.getpid()))
    bye = client.receive_until(Bye)
    assert isinstance(bye, Bye)
    assert "without work" in bye.text
    leaves_nothing(server, wait_until)


def test_a_job_keeps_a_server_from_being_idle(
    start_fast: StartFast, connect: Connect, long: Lift
) -> None:
    server = start_fast("--idle", "0.05")
    client = connect(server.info)
    client.send(long)
    client.receive_until(Progress)
    threading.Event().wait(5)
    assert server.process.poll() is None


def test_who_asks_it_to_stop_hears_bye_and_who_waits_hears_why(
    start_fast: StartFast, connect: Connect, long: Lift, wait_until: WaitUntil
) -> None:
    server = start_fast()
    working, asking = connect(server.info), connect(server.info)
    working.send(hello(os.getpid()), long)
    working.receive_until(Progress)
    asking.send(Stop(job_id="s"))
    assert isinstance(asking.receive_until(Bye), Bye)
    failed = working.outcome("long")
    assert isinstance(failed, Failed)
    assert failed.code == "cancelled"
    assert isinstance(working.receive_until(Bye), Bye)
    leaves_nothing(server, wait_until)


def test_retake_serve_stop_ends_it(start_fast: StartFast, wait_until: WaitUntil) -> None:
    server = start_fast()
    command = [sys.executable, "-m", "retake.cli", "serve", "--stop"]
    done = subprocess.run(
        command, env=server.environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert str(server.info.pid) in done.stdout
    leaves_nothing(server, wait_until)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows suspends nothing by a signal")
def test_a_suspended_server_is_ended_by_force(
    start_fast: StartFast, monkeypatch: pytest.MonkeyPatch, wait_until: WaitUntil
) -> None:
    server = start_fast()
    worker = server.worker_pid()
    os.kill(server.info.pid, signal.SIGSTOP)
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", str(server.folder))
    monkeypatch.setattr(stop_module, "ANSWER_S", 0.5)
    monkeypatch.setattr(stop_module, "END_S", 1.0)
    said: list[str] = []
    threading.Thread(target=server.process.wait, daemon=True).start()  # as init would
    stop(said.append)
    assert "has ended" in said[0]
    wait_until(lambda: not process_exists(worker))


def test_nothing_is_stopped_where_nothing_runs(
    tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", os.fspath(tmp_path))
    said: list[str] = []
    stop(said.append)
    assert said == ["No Retake server is running."]


def test_another_process_with_the_number_of_a_dead_server_is_left_alone(
    tmp_path: os.PathLike[str],
    monkeypatch: pytest.MonkeyPatch,
    blender: Callable[[], subprocess.Popen[bytes]],
) -> None:
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", os.fspath(tmp_path))
    innocent = blender()
    stale = connection_file.ConnectionInfo(
        "tcp://127.0.0.1:1", "k" * 40, innocent.pid, 2, "before the last boot"
    )
    connection_file.write(stale)
    stop(lambda text: None)
    assert innocent.poll() is None


def test_a_server_elsewhere_is_not_stopped_from_here(
    tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", os.fspath(tmp_path))
    connection_file.write(connection_file.ConnectionInfo("tcp://10.0.0.1:1", "k" * 40, 0, 2))
    with pytest.raises(RetakeError, match="another computer"):
        stop(lambda text: None)
