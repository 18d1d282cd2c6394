from __future__ import annotations

import pytest
from retake.server.front import outbox as outbox_module
from retake.server.front.outbox import Outbox, Outcome

A, B = b"a", b"b"


def outcome(job_id: str, size: int = 0) -> Outcome:
    return Outcome(job_id, "digest", bytes(size))


def test_one_at_a_time_in_order() -> None:
    outbox = Outbox()
    assert outbox.offer(A, outcome("1"))
    assert not outbox.offer(A, outcome("2"))
    assert not outbox.offer(A, outcome("3"))
    assert outbox.received(A, "1") == outcome("2")
    assert outbox.received(A, "2") == outcome("3")
    assert outbox.received(A, "3") is None
    assert outbox.offer(A, outcome("4"))


def test_a_client_that_does_not_read_holds_up_nobody_else() -> None:
    outbox = Outbox()
    outbox.offer(A, outcome("1"))
    assert outbox.offer(B, outcome("1"))


def test_an_outcome_is_held_until_the_last_client_has_it() -> None:
    outbox = Outbox()
    assert not outbox.holds("digest")
    outbox.offer(A, Outcome("0", "another"))
    outbox.offer(A, outcome("1"))
    outbox.offer(B, outcome("1"))
    outbox.received(B, "1")
    assert outbox.holds("digest")  # for A, behind another one
    outbox.received(A, "0")
    outbox.received(A, "1")
    assert not outbox.holds("digest")


@pytest.mark.parametrize("job_id", ["2", "", "another"])
def test_what_was_not_sent_cannot_have_arrived(job_id: str) -> None:
    outbox = Outbox()
    outbox.offer(A, outcome("1"))
    outbox.offer(A, outcome("2"))
    assert outbox.received(A, job_id) is None
    assert outbox.received(B, "1") is None
    assert outbox.received(A, "1") == outcome("2")


def test_what_is_held_in_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MOST_HELD_BYTES", 100)
    outbox = Outbox()
    for client in (A, B):
        outbox.offer(client, outcome("1", 1000))
    outbox.offer(A, outcome("2", 60))
    with pytest.raises(MemoryError):
        outbox.offer(B, outcome("2", 60))
    assert outbox.held_bytes() == 60
    outbox.drop(A)
    assert outbox.held_bytes() == 0
    outbox.offer(B, outcome("2", 60))


def test_clients_that_vanish_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox_module, "MOST_CLIENTS", 2)
    outbox = Outbox()
    for client in (b"1", b"2", b"3"):
        outbox.offer(client, outcome("x"))
    assert outbox.offer(b"1", outcome("y"))
    assert not outbox.offer(b"3", outcome("y"))


def test_a_file_is_sent_as_a_message_once() -> None:
    outbox, file = Outbox(), Outcome("1", "digest", by_file=True)
    outbox.offer(A, file)
    outbox.offer(B, outcome("1"))
    assert outbox.as_message(A, "2") is None
    assert outbox.as_message(B, "1") is None  # it was one already
    assert outbox.as_message(A, "1") == outcome("1")
    assert outbox.as_message(A, "1") is None
    assert outbox.received(A, "1") is None
    assert not outbox.is_under_way(A)
