"""The network thread against a scripted server:
greeting, order, silence, death, refusal, nonsense.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from retake.blender_addon.client import connection as connection_module
from retake.blender_addon.client.connection import Connection, Find, Lost
from retake.shared.connection_file import ConnectionInfo
from retake.shared.errors import RetakeError
from retake.shared.protocol import (
    PROTOCOL_VERSION,
    Accepted,
    Cancel,
    Failed,
    Hello,
    Ping,
    Reply,
    Request,
    Welcome,
)

if TYPE_CHECKING:
    from .conftest import FakeServer

Connect = Callable[..., Connection[Reply]]
Serve = Callable[..., "FakeServer"]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Opens connections with short patience and closes them after the test."""
    opened: list[Connection[Reply]] = []

    def open_one(
        find: Find,
        is_alive: Callable[[ConnectionInfo], bool] = lambda info: True,
    ) -> Connection[Reply]:
        opened.append(
            Connection(find, is_alive, lambda reply: reply, ping_every_s=0.1, deadline_s=0.6)
        )
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


def test_greets_first_and_sends_requests_only_once_welcome(serve: Serve, connect: Connect) -> None:
    server = serve()
    connection = connect(server.find)
    connection.send(Cancel(job_id="a"))
    assert isinstance(connection.next_event(5), Welcome)
    assert _soon(lambda: Cancel(job_id="a") in server.seen)
    assert isinstance(server.seen[0], Hello)


def test_a_thread_that_waits_is_woken_by_a_request_and_by_the_end(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_module, "LOOK_EVERY_S", 600.0)
    server = serve()
    patient = Connection(
        server.find, lambda info: True, lambda reply: reply, ping_every_s=600, deadline_s=600
    )
    assert isinstance(patient.next_event(5), Welcome)
    for name in "abc":
        patient.send(Cancel(job_id=name))
        assert _soon(lambda name=name: Cancel(job_id=name) in server.seen)
    patient.close()
    patient.send(Cancel(job_id="too late"))
    assert patient.next_event(0.1) is None


def test_replies_arrive_in_order_and_without_the_heartbeat(serve: Serve, connect: Connect) -> None:
    def script(request: Request) -> Sequence[Reply]:
        jobs = range(3) if isinstance(request, Cancel) else ()
        return [Accepted(job_id=request.job_id, ahead=n) for n in jobs]

    server = serve(script)
    connection = connect(server.find)
    connection.next_event(5)
    connection.send(Cancel(job_id="a"))
    assert _soon(lambda: sum(isinstance(r, Ping) for r in server.seen) >= 2)
    assert [connection.next_event(5) for _ in range(3)] == [
        Accepted(job_id="a", ahead=n) for n in range(3)
    ]
    assert connection.next_event() is None


def test_a_server_that_falls_silent_is_lost_and_said_so_once(
    serve: Serve, connect: Connect
) -> None:
    server = serve()
    connection = connect(server.find)
    connection.next_event(5)
    server.polite = False
    event = connection.next_event(5)
    assert isinstance(event, Lost)
    assert "not answered" in event.text
    assert connection.next_event(0.3) is None


def test_a_server_whose_process_has_ended_is_lost_at_once(serve: Serve, connect: Connect) -> None:
    def has_ended(info: ConnectionInfo) -> bool:
        return False

    connection = connect(serve().find, has_ended)
    assert isinstance(connection.next_event(5), Welcome)
    event = connection.next_event(0.5)
    assert isinstance(event, Lost)
    assert "ended" in event.text


def test_a_server_that_does_not_greet_is_lost(serve: Serve, connect: Connect) -> None:
    event = connect(serve(polite=False).find).next_event(5)
    assert isinstance(event, Lost)
    assert "does not answer" in event.text


def test_after_a_server_that_does_not_greet_another_one_is_asked_for(
    serve: Serve, connect: Connect
) -> None:
    """As when the file of a dead server is left, and its process number is in use again."""
    dead, living = serve(polite=False), serve()

    def find(stop: threading.Event, silent: ConnectionInfo | None) -> ConnectionInfo:
        return living.info if silent == dead.info else dead.info

    assert isinstance(connect(find).next_event(5), Welcome)
    assert isinstance(living.seen[0], Hello)


def test_a_stranger_without_the_key_hears_nothing(serve: Serve, connect: Connect) -> None:
    server, other = serve(), serve()
    wrong = replace(server.info, server_key=other.info.server_key)

    def find(stop: threading.Event, silent: ConnectionInfo | None) -> ConnectionInfo:
        return wrong

    assert isinstance(connect(find).next_event(5), Lost)
    assert server.seen == []


def test_a_refused_version_gives_the_reason_of_the_server(serve: Serve, connect: Connect) -> None:
    refusal = "The server speaks version 9."

    def script(request: Request) -> Sequence[Reply]:
        return [Failed(job_id=request.job_id, code="version", text=refusal)]

    assert connect(serve(script, polite=False).find).next_event(5) == Lost(refusal, update=True)


def test_a_server_that_ignores_versions_is_refused_here(serve: Serve, connect: Connect) -> None:
    def script(request: Request) -> Sequence[Reply]:
        return [
            Welcome(
                job_id=request.job_id,
                protocol_version=PROTOCOL_VERSION + 1,
                package_version="9",
                device="",
                models=[],
            )
        ]

    event = connect(serve(script, polite=False).find).next_event(5)
    assert isinstance(event, Lost)
    assert f"version {PROTOCOL_VERSION + 1}" in event.text


@pytest.mark.parametrize("error", [RetakeError("no server"), ValueError("a bug")])
def test_failing_to_find_a_server_is_an_event(connect: Connect, error: Exception) -> None:
    def find(stop: threading.Event, silent: ConnectionInfo | None) -> ConnectionInfo:
        raise error

    event = connect(find).next_event(5)
    assert isinstance(event, Lost)
    assert str(error) in event.text


def test_a_system_without_sockets_is_an_event(
    serve: Serve, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise OSError("too many open files")

    monkeypatch.setattr(connection_module.socket, "socketpair", refuse)
    connection = connect(serve().find)
    connection.send(Cancel(job_id="a"))
    event = connection.next_event(5)
    assert isinstance(event, Lost)
    assert "too many open files" in event.text


def test_close_interrupts_the_search_and_nothing_follows(connect: Connect) -> None:
    def find(stop: threading.Event, silent: ConnectionInfo | None) -> ConnectionInfo:
        stop.wait(30)
        raise RetakeError("interrupted")

    connection = connect(find)
    connection.close()
    assert connection.next_event(0.2) is None


def _soon(condition: Callable[[], bool], limit_s: float = 5.0) -> bool:
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline and not condition():
        time.sleep(0.01)
    return condition()
