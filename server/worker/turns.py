"""Whose turn it is on the device: one job computes at a time, batch jobs give way at every step."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager


def is_shared(device: str) -> bool:
    """Whether several jobs at once are faster there than one after the other.

    On a GPU their windows go through the network together (`shared.model.together`). A processor is
    busy with one.
    """
    return device.startswith("cuda")


class Turns:
    """A lock that a batch job lends to the others between two steps."""

    def __init__(self, shared: bool = False) -> None:
        """`shared`: everybody always has a turn."""
        self._shared = shared
        self._changed = threading.Condition()
        self._taken = False
        self._urgent_waiting = 0

    @contextmanager
    def turn(self, batch: bool) -> Generator[None]:
        """Waits for its turn and has it until the block ends."""
        if self._shared:
            yield
            return
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


class Room:
    """Where many may be at once, or one alone."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside = 0
        self._closed = False

    @contextmanager
    def together(self) -> Generator[None]:
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Generator[None]:
        """Waits until all others have left. Not to be entered by one who is inside."""
        with self._changed:
            self._changed.wait_for(lambda: not self._closed)
            self._closed = True
            self._changed.wait_for(lambda: not self._inside)
        try:
            yield
        finally:
            with self._changed:
                self._closed = False
                self._changed.notify_all()
