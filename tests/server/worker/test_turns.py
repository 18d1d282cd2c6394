"""Whose turn it is: one at a time, and batch jobs give way between two steps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from retake.server.worker.turns import Room, Turns, is_shared


def in_threads(*works: Callable[[], None]) -> None:
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def test_never_two_at_a_time() -> None:
    turns, inside, most = Turns(), [0], [0]

    def work(batch: bool) -> None:
        with turns.turn(batch):
            for _ in range(20):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                time.sleep(0.001)
                inside[0] -= 1
                turns.step(batch)

    in_threads(*(lambda batch=i % 2 == 0: work(batch) for i in range(6)))
    assert most[0] == 1


def test_a_batch_job_gives_way_at_its_next_step() -> None:
    turns, log = Turns(), list[str]()
    begun, asked = threading.Event(), threading.Event()

    def batch() -> None:
        with turns.turn(batch=True):
            log.append("batch 1")
            begun.set()
            assert asked.wait(10)
            while not turns.somebody_waits():
                time.sleep(0.001)
            turns.step(batch=True)
            log.append("batch 2")

    def urgent() -> None:
        assert begun.wait(10)
        asked.set()
        with turns.turn(batch=False):
            log.append("urgent 1")
            turns.step(batch=False)
            log.append("urgent 2")

    in_threads(batch, urgent)
    assert log == ["batch 1", "urgent 1", "urgent 2", "batch 2"]


def test_a_job_that_fails_gives_its_turn_back() -> None:
    turns = Turns()
    try:
        with turns.turn(batch=False):
            raise ValueError
    except ValueError:
        pass
    in_threads(lambda: turns.turn(batch=True).__enter__())


def test_where_the_device_is_shared_everybody_has_a_turn() -> None:
    turns = Turns(shared=is_shared("cuda"))
    with turns.turn(batch=False), turns.turn(batch=True), turns.turn(batch=False):
        turns.step(batch=True)
        assert not turns.somebody_waits()
    assert not is_shared("cpu")


def test_many_are_in_a_room_together_or_one_alone() -> None:
    room, inside, seen = Room(), [0], list[int]()

    def together() -> None:
        for _ in range(30):
            with room.together():
                inside[0] += 1
                time.sleep(0.0005)
                inside[0] -= 1

    def alone() -> None:
        for _ in range(10):
            with room.alone():
                seen.append(inside[0])
                time.sleep(0.001)
                seen.append(inside[0])

    in_threads(*([together] * 4 + [alone] * 2))
    assert seen == [0] * 40


def test_who_fails_leaves_the_room() -> None:
    room = Room()
    for way in (room.together, room.alone):
        try:
            with way():
                raise ValueError
        except ValueError:
            pass
    with room.alone():
        pass
