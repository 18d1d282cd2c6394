"""How long Blender's callbacks of ours take: the last calls of each, and the longest.

A slow callback makes all of Blender slow, so that it is measured where it happens, always.
"""

from __future__ import annotations

import functools
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import NamedTuple, ParamSpec, TypeVar

Inputs = ParamSpec("Inputs")
Output = TypeVar("Output")

MOST_KEPT = 5000


class Call(NamedTuple):
    """Seconds by the clock, and of them those in which this thread was at work: the others went to
    other programs, and to other threads of Blender's."""

    wall: float
    processor: float


longest_s: dict[str, float] = {}
"""Callback -> seconds of its longest call, by the clock."""

last_calls: dict[str, deque[Call]] = defaultdict(lambda: deque(maxlen=MOST_KEPT))
"""Callback -> its last calls."""


def timed(callback: Callable[Inputs, Output]) -> Callable[Inputs, Output]:
    """Decorates a callback of Blender: a timer, a handler, something that draws."""
    name = f"{callback.__module__.rpartition('blender_addon.')[2]}.{callback.__qualname__}"

    @functools.wraps(callback)
    def measured(*args: Inputs.args, **options: Inputs.kwargs) -> Output:
        began, worked = time.perf_counter(), time.thread_time()
        try:
            return callback(*args, **options)
        finally:
            call = Call(time.perf_counter() - began, time.thread_time() - worked)
            last_calls[name].append(call)
            longest_s[name] = max(call.wall, longest_s.get(name, 0.0))

    return measured


def forget() -> None:
    """Measure anew."""
    longest_s.clear()
    last_calls.clear()
