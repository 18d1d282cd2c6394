"""kill -9 of the worker, the server and the client, at each stage of a job: others never notice.

Whoever asks again gets its takes.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from retake.server.front import desk
from retake.shared.processes import process_exists
from retake.shared.protocol import (
    Accepted,
    Failed,
    Lift,
    Ping,
    Pong,
    Progress,
    Result,
)

if TYPE_CHECKING:
    from .conftest import Client, RunningFront, Server

Connect = Callable[..., "Client"]
RequestLift = Callable[..., Lift]
WaitUntil = Callable[[Callable[[], object]], None]

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals there"),
]

STAGED = """
import os, time
from pathlib import Path
from retake.server import results
from retake.server.worker import tasks, worker
from retake.server.lifting.lift import OpenModel
import numpy as np

here = Path(os.environ["RETAKE_TEST_STAGES"])

def stop_at(stage):
    "Waits there to be killed, once."
    if (here / stage).exists():
        (here / stage).rename(here / f"{stage} reached")
        time.sleep(600)

def sample(pixels, width, height, *, hypotheses, on_step, **more):
    stop_at("running")
    on_step(1, 2)
    shape = (hypotheses, len(pixels), 17, 3)
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)

def load(folder):
    stop_at("loading")
    return OpenModel(sample, "")

put = results.Results.put
def put_slowly(self, digest, outcome):
    stop_at("keeping")
    done = put(self, digest, outcome)
    stop_at("kept")
    return done

results.Results.put = put_slowly
stop_at("starting")
worker._prepare_torch = lambda: ("none", load)
worker.main()
"""

CLIENT = """
import sys, time
from retake.server.caller import Caller
from retake.shared import connection_file, protocol
from retake.shared.protocol import Kept, Progress, Result
from retake.shared.processes import start_of
import os

stage, request = sys.argv[1], protocol.decode_request(bytes.fromhex(sys.stdin.readline()))
with Caller(connection_file.read()) as caller:
    caller.hello(60, pid=os.getpid(), start=start_of(os.getpid()))
    if stage != "greeted":
        caller._socket.send(protocol.encode(request))
    while stage != "greeted":
        reply = protocol.decode_reply(caller._socket.recv())
        if stage == "waiting" and isinstance(reply, protocol.Accepted) and reply.ahead:
            break
        if stage == "running" and isinstance(reply, Progress) and not reply.ahead:
            break
        if stage == "answered" and isinstance(reply, (Result, Kept)):
            break
    print("there", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def stages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files made here name the stages at which the worker stops."""
    folder = tmp_path / "stages"
    folder.mkdir()
    monkeypatch.setenv("RETAKE_TEST_STAGES", str(folder))
    return folder


def worker_stops(stages: Path, stage: str) -> Callable[[], bool]:
    return (stages / f"{stage} reached").exists


@pytest.mark.parametrize("stage", ["starting", "loading", "running", "keeping", "kept"])
def test_the_worker_is_killed(
    run_front: Callable[..., RunningFront],
    connect: Connect,
    request_lift: RequestLift,
    stages: Path,
    wait_until: WaitUntil,
    stage: str,
) -> None:
    (stages / stage).touch()
    front = run_front(STAGED)
    client = connect(front.info)
    client.send(request_lift("a"))
    wait_until(worker_stops(stages, stage))
    os.kill(front.worker.pid, signal.SIGKILL)
    outcome = client.outcome("a")
    if stage == "starting":  # nobody has given it the job yet: the next worker gets it
        assert isinstance(outcome, Result)
    else:
        assert isinstance(outcome, Failed)
        assert (outcome.code, outcome.action) == ("crashed", "retry")
        client.send(request_lift("a"))
        assert isinstance(client.outcome("a"), Result)
    assert front.starts == 2


def test_an_idle_worker_is_killed(
    run_front: Callable[..., RunningFront], connect: Connect, request_lift: RequestLift
) -> None:
    front = run_front()
    client = connect(front.info)
    client.send(request_lift("a"))
    assert isinstance(client.outcome("a"), Result)
    os.kill(front.worker.pid, signal.SIGKILL)
    client.send(request_lift("b"))
    outcome = client.outcome("b")  # it may have been given to the one that is dying
    if isinstance(outcome, Failed):
        client.send(request_lift("b"))
        outcome = client.outcome("b")
    assert isinstance(outcome, Result)


@pytest.mark.parametrize("stage", ["idle", "waiting", "running", "answered"])
def test_the_server_is_killed(
    start_fast: Callable[..., Server],
    connect: Connect,
    request_lift: RequestLift,
    long: Lift,
    wait_until: WaitUntil,
    stage: str,
) -> None:
    killed = start_fast()
    client = connect(killed.info)
    if stage == "waiting":
        client.send(long)
    if stage != "idle":
        client.send(long if stage == "running" else request_lift("a"))
        client.receive_until({"waiting": Accepted, "running": Progress, "answered": Result}[stage])
    worker = killed.worker_pid()
    killed.kill()
    wait_until(lambda: not process_exists(worker))
    again = connect(start_fast().info)
    again.send(request_lift("a"))
    assert isinstance(again.outcome("a"), Result)


@pytest.fixture
def client_at(tmp_path: Path) -> Iterator[Callable[[Server | RunningFront, Lift, str], int]]:
    """client_at(front, request, stage) -> pid of a client that has come so far."""
    from retake.shared import connection_file
    from retake.shared.protocol import encode

    started: list[subprocess.Popen[bytes]] = []

    def start(front: RunningFront, request: Lift, stage: str) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RETAKE_RUNTIME_DIR", str(tmp_path))
            connection_file.write(front.info)
            client = subprocess.Popen(
                [sys.executable, "-c", textwrap.dedent(CLIENT), stage],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        started.append(client)
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(encode(request).hex().encode() + b"\n")
        client.stdin.flush()
        assert client.stdout.readline().strip() == b"there"
        return client.pid

    yield start  # pyright: ignore[reportReturnType]
    for client in started:
        client.kill()
        client.communicate()


@pytest.mark.parametrize("stage", ["greeted", "waiting", "running", "answered"])
def test_the_client_is_killed(
    run_front: Callable[..., RunningFront],
    connect: Connect,
    request_lift: RequestLift,
    long: Lift,
    client_at: Callable[..., int],
    wait_until: WaitUntil,
    monkeypatch: pytest.MonkeyPatch,
    stage: str,
) -> None:
    monkeypatch.setattr(desk, "ORPHAN_PATIENCE_S", 0.2)
    front = run_front()
    other = connect(front.info)
    if stage == "waiting":
        other.send(long)
        other.receive_until(Progress)
    request = request_lift("mine", seed=99 if stage == "running" else 1, by_file=True)
    pid = client_at(front, request, stage)
    os.kill(pid, signal.SIGKILL)
    others_jobs = int(stage == "waiting")

    def only_others_are_left() -> bool:
        other.send(Ping(job_id="p"))
        pong = other.receive_until(Pong)
        assert isinstance(pong, Pong)
        return (pong.jobs, pong.clients) == (others_jobs, 0)

    wait_until(only_others_are_left)
    if not others_jobs:
        other.send(request_lift("other", seed=2))
        assert isinstance(other.outcome("other"), Result)
