"""Memory between jobs: what is kept, and what goes back to the system."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import pytest
from retake.server import spare_memory
from retake.server.worker import worker
from retake.server.worker.worker import Worker

HOLDING_ON = """
import psutil
from retake.server.spare_memory import give_back, settle

def held():
    return psutil.Process().memory_info().rss / 2**20

settle()
blocks = [bytearray(50_000) for _ in range(4000)]
for block in blocks:
    block[::4096] = b"x" * len(block[::4096])
last = blocks[-1]
del blocks, block
before = held()
give_back()
print(before - held())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps so much")
def test_what_was_freed_goes_back_to_the_system() -> None:
    """200 MB in small parts, of which one is still in use: without help glibc keeps them all."""
    run = subprocess.run(
        [sys.executable, "-c", HOLDING_ON], capture_output=True, text=True, check=True
    )
    assert float(run.stdout) > 150


def test_a_collection_finds_what_came_after_the_start_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Knot:
        alive = 0

        def __init__(self) -> None:
            Knot.alive += 1
            self.itself = self

        def __del__(self) -> None:
            Knot.alive -= 1

    monkeypatch.setattr(spare_memory, "_is_settled", False)
    gc.disable()
    try:
        Knot()
        spare_memory.collect()
        assert Knot.alive == 1  # nothing is settled: a full collection would cost too much
        spare_memory.settle()
        assert Knot.alive == 0
        Knot()
        spare_memory.collect()
        assert Knot.alive == 0
        loaded = [[number] for number in range(spare_memory.MOST_LOOKED_AT)]
        spare_memory.collect()
        assert len(gc.get_objects()) < len(loaded)  # and are not looked at any more
    finally:
        gc.unfreeze()
        gc.enable()


def test_a_worker_gives_back_once_after_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    monkeypatch.setattr(worker, "give_back", lambda: given.append(now))
    idle = Worker.__new__(Worker)
    idle._tasks, idle._spare_since = {}, 100.0  # pyright: ignore[reportPrivateUsage]
    for now in (101.0, 104.9, 105.1, 106.0, 200.0):
        idle._rest_if_idle(now)  # pyright: ignore[reportPrivateUsage]
    assert given == [105.1]


class Job:
    is_over = False


def test_a_resting_worker_keeps_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "give_back", lambda: None)
    idle, task = Worker.__new__(Worker), Job()
    seen = weakref.ref(task)
    idle._tasks, idle._spare_since = {b"1": task}, 100.0  # pyright: ignore
    idle._rest_if_idle(200.0)  # pyright: ignore[reportPrivateUsage]
    task.is_over = True
    del task
    idle._rest_if_idle(204.0)  # pyright: ignore[reportPrivateUsage]
    assert seen() is not None
    idle._rest_if_idle(206.0)  # pyright: ignore[reportPrivateUsage]
    assert seen() is None
