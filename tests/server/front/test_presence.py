from __future__ import annotations

import os

import pytest
from retake.server.front import presence as presence_module
from retake.server.front.presence import Presence, Process
from retake.shared.processes import start_of

ME = Process(os.getpid(), start_of(os.getpid()))
DEAD = Process(os.getpid(), "another process of this number")
REMOTE = Process(0, "")


def test_started_by_hand_it_is_never_abandoned() -> None:
    presence = Presence()
    presence.add(b"a", DEAD)
    assert presence.take_dead(0) == [b"a"]
    assert not presence.is_abandoned()


def test_it_is_abandoned_when_its_owner_and_all_clients_are_gone() -> None:
    presence = Presence(owner=DEAD)
    presence.add(b"me", ME)
    presence.add(b"dead", DEAD)
    assert presence.take_dead(0) == [b"dead"]
    assert not presence.is_abandoned()
    presence.remove(b"me")
    assert presence.is_abandoned()


def test_a_living_owner_is_enough() -> None:
    presence = Presence(owner=ME)
    presence.take_dead(0)
    assert not presence.is_abandoned()


def test_clients_elsewhere_keep_no_server_alive() -> None:
    presence = Presence(owner=DEAD)
    presence.add(b"far", REMOTE)
    assert presence.take_dead(0) == []
    assert presence.is_abandoned()


def test_the_system_is_asked_once_a_second() -> None:
    presence = Presence()
    assert presence.take_dead(10.0) == []
    presence.add(b"a", DEAD)
    assert presence.take_dead(10.9) == []
    assert presence.take_dead(11.0) == [b"a"]


def test_processes_are_counted_not_connections() -> None:
    presence = Presence()
    for name, process in ((b"1", ME), (b"2", ME), (b"3", REMOTE), (b"4", REMOTE)):
        presence.add(name, process)
    assert presence.count() == 3


def test_connections_that_left_silently_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence_module, "MOST_CLIENTS", 2)
    presence = Presence()
    for name in (b"1", b"2", b"3"):
        presence.add(name, ME)
    assert presence.names() == [b"2", b"3"]
