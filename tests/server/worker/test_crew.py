"""The worker's threads: at once, kept, and one that fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import SimpleQueue

import pytest
import zmq
from retake.server.worker.crew import Crew, Send

Context = zmq.Context[zmq.Socket[bytes]]


@pytest.fixture
def context() -> Iterator[Context]:
    one: Context = zmq.Context()
    yield one
    one.destroy(0)


def heard(crew: Crew) -> tuple[bytes, bytes]:
    assert crew.replies.poll(5000)
    token, data = crew.replies.recv_multipart()
    return token, data


def say_thread(send: Send) -> None:
    send(str(threading.get_ident()).encode())


def test_one_thread_does_what_comes_one_after_the_other(context: Context) -> None:
    crew = Crew(context)
    threads: set[bytes] = set()
    for number in range(20):
        crew.start(b"%d" % number, say_thread)
        token, thread = heard(crew)
        assert token == b"%d" % number
        threads.add(thread)
    assert 1 <= len(threads) <= 2  # the next one may come before the last one has rested


def test_as_many_work_at_once_as_there_is_work(context: Context) -> None:
    crew, together = Crew(context), threading.Barrier(4)

    def work(send: Send) -> None:
        together.wait(5)
        send(b"done")

    for _ in range(2):  # with new threads, then with those
        for number in range(4):
            crew.start(b"%d" % number, work)
        assert sorted(heard(crew) for _ in range(4)) == [(b"%d" % n, b"done") for n in range(4)]


def test_work_that_fails_stops_nobody(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    failures: SimpleQueue[threading.ExceptHookArgs] = SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", failures.put)
    crew = Crew(context)

    def fail(send: Send) -> None:
        raise ValueError("a bug")

    for _ in range(3):
        crew.start(b"a", fail)
        crew.start(b"b", say_thread)
        assert heard(crew)[0] == b"b"
        assert failures.get(timeout=5).exc_type is ValueError
