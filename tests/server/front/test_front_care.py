"""How the front treats workers that misbehave, and when it ends by itself.

The workers are stand-ins.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from retake.server.front import desk
from retake.shared.protocol import PROTOCOL_VERSION, Accepted, Cancel, Failed, Hello, Lift, Welcome

if TYPE_CHECKING:
    from ..conftest import Client, RunningFront

DYING = "raise SystemExit(3)"
DEAF = """
import json, sys
from retake.server.worker.worker import NOBODY, connect
from retake.shared.protocol import Welcome, encode
where = json.loads(sys.stdin.readline())
welcome = Welcome(job_id="", protocol_version=3, package_version="", device="none", models=[])
socket = connect(where["address"], where["server_key"])
socket.send_multipart([NOBODY, encode(welcome)])
sys.stdin.read()
"""
"""Says that it is ready, then neither listens nor answers."""


def test_a_front_without_parent_and_clients_ends(
    run_front: Callable[..., RunningFront], dead_pid: int
) -> None:
    front = run_front(DEAF, parent=dead_pid)
    front.thread.join(20)
    assert not front.thread.is_alive()


def test_a_worker_that_dies_at_every_start_is_given_up_and_said_so(
    run_front: Callable[..., RunningFront],
    connect: Callable[..., Client],
    request_lift: Callable[..., Lift],
) -> None:
    front = run_front(DYING)
    client = connect(front.info)
    client.send(request_lift("a"))
    failed = client.outcome("a")
    assert isinstance(failed, Failed)
    assert failed.code == "crashed"
    assert front.starts == 5
    client.send(request_lift("b"))
    assert isinstance(client.outcome("b"), Failed)
    assert front.starts == 5


def test_a_worker_that_does_not_stop_is_replaced(
    run_front: Callable[..., RunningFront],
    connect: Callable[..., Client],
    request_lift: Callable[..., Lift],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(desk, "CANCEL_PATIENCE_S", 0.0)
    front = run_front(DEAF)
    client = connect(front.info)
    client.send(request_lift("a"))
    assert isinstance(client.receive(), Accepted)
    wait_until(lambda: device_of(client) == "none")  # the worker is there and has the job
    client.send(Cancel(job_id="a"))
    failed = client.outcome("a")
    assert isinstance(failed, Failed)
    assert failed.code == "cancelled"
    wait_until(lambda: front.starts == 2)


def device_of(client: Client) -> str:
    client.send(Hello(job_id="h", protocol_version=PROTOCOL_VERSION, package_version=""))
    welcome = client.receive()
    assert isinstance(welcome, Welcome)
    return welcome.device


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
