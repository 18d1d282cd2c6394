"""The life of a server and its worker: started, found, killed, started again, ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from retake.server import serve
from retake.server.exits import why_it_ended
from retake.server.front.front import Front
from retake.server.front.worker_process import COMMAND, StartBudget
from retake.shared.processes import process_exists
from retake.shared.protocol import Failed, Lift, Ping, Pong, Progress, Result

if TYPE_CHECKING:
    from .conftest import Client, Server

pytestmark = pytest.mark.timeout(400)
"""Each server imports torch, which takes a minute on a machine that has too much to do."""

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


def is_gone_soon(pid: int) -> bool:
    deadline = time.monotonic() + 60
    while process_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not process_exists(pid)


def test_a_killed_worker_costs_its_job_only(
    start_fast: Callable[..., Server],
    connect: Callable[..., Client],
    request_lift: Callable[..., Lift],
    long: Lift,
) -> None:
    server = start_fast()
    client = connect(server.info)
    client.send(long, request_lift("next"))
    client.receive_until(Progress)
    os.kill(server.worker_pid(), KILL)
    failed = client.outcome("long")
    assert isinstance(failed, Failed)
    assert failed.code == "crashed"
    client.send(Ping(job_id="p"))
    assert isinstance(client.receive_until(Pong), Pong)
    assert isinstance(client.outcome("next"), Result)


@pytest.mark.skipif(sys.platform == "win32", reason="there, SIGTERM is killing")
def test_a_signal_to_the_whole_group_does_not_crash_the_job(
    start_fast: Callable[..., Server], connect: Callable[..., Client], long: Lift
) -> None:
    server = start_fast()
    client = connect(server.info)
    client.send(long)
    client.receive_until(Progress)
    os.kill(server.worker_pid(), signal.SIGTERM)  # as a service's end or `timeout` sends it to all
    time.sleep(0.5)
    assert server.stop() == 0
    failed = client.outcome("long")
    assert isinstance(failed, Failed)
    assert failed.code == "cancelled"


def test_a_killed_server_leaves_nothing_in_the_way(
    start_fast: Callable[..., Server], connect: Callable[..., Client]
) -> None:
    killed = start_fast()
    worker = killed.worker_pid()
    killed.kill()
    assert killed.read_file() == killed.info  # nobody could remove it
    assert is_gone_soon(worker)
    server = start_fast()
    assert server.info.server_key != killed.info.server_key
    client = connect(server.info)
    client.send(Ping(job_id="p"))
    assert isinstance(client.receive(), Pong)


def test_a_second_server_names_the_first_and_leaves_it_alone(server: Server) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "retake.cli", "serve"],
        env=server.environment,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert second.returncode == 0
    assert second.stdout.count("\n") == 1
    assert str(server.info.pid) in second.stdout
    assert server.read_file() == server.info


@pytest.mark.skipif(sys.platform == "win32", reason="there, stopping is killing")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_server_takes_everything_with_it(
    start_server: Callable[..., Server], how: signal.Signals
) -> None:
    server = start_server()
    worker = server.worker_pid()
    assert server.stop(how) == 0
    assert is_gone_soon(worker)
    assert server.read_file() is None


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_is_a_request_and_the_second_an_end(how: signal.Signals) -> None:
    """An exception raised while ZeroMQ frees an object is dropped: the request must not be one."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    front = SimpleNamespace(ending="")
    try:
        serve._Signals().front = cast(Front, front)  # pyright: ignore[reportPrivateUsage]
        signal.raise_signal(how)
        assert front.ending == serve.STOPPED
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(how)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_starts_are_limited_within_the_window() -> None:
    budget = StartBudget(most=3, window_s=60)
    assert [budget.spend(now) for now in (0, 1, 2, 3, 59)] == [True, True, True, False, False]
    assert [budget.spend(now) for now in (60, 60.5, 61)] == [True, False, True]


def test_the_end_of_a_worker_in_words() -> None:
    assert why_it_ended(1) == "ended with code 1"
    assert "signal 9" in why_it_ended(-9)


def test_a_file_beside_the_shot_is_not_taken_for_a_module(tmp_path: Path) -> None:
    """The worker is started in the user's folder, and ends at once without a front to talk to."""
    (tmp_path / "zmq.py").write_text("open('foreign code ran', 'w')")
    worker = subprocess.run(
        COMMAND, cwd=tmp_path, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    assert b"JSONDecodeError" in worker.stderr  # it has come as far as its own code
    assert [path.name for path in tmp_path.iterdir()] == ["zmq.py"]
