"""Whose turn it is on the device: one job computes at a time, batch jobs give way at every step."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager


class Turns:
    """A lock that a batch job lends to the others between two steps."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._taken = False
        self._urgent_waiting = 0

    @contextmanager
    def turn(self, batch: bool) -> Generator[None]:
        """Waits for its turn and has it until the block ends."""
        self._take(batch)
        try:
            yield
        finally:
            self._give()

    def step(self, batch: bool) -> None:
        """Between two steps of a job that has its turn: lets those pass that are in a hurry."""
        if batch and self.somebody_waits():
            self._give()
            self._take(batch)

    def somebody_waits(self) -> bool:
        """Whether a job that is no batch job does."""
        return self._urgent_waiting > 0

    def _take(self, batch: bool) -> None:
        with self._changed:
            self._urgent_waiting += not batch
            try:
                self._changed.wait_for(
                    lambda: not self._taken and not (batch and self._urgent_waiting)
                )
                self._taken = True
            finally:
                self._urgent_waiting -= not batch

    def _give(self) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify_all()
