"""How long Blender's callbacks of ours take: the longest of each, since the last look.

A slow callback makes all of Blender slow, so that it is measured where it happens, always.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Inputs = ParamSpec("Inputs")
Output = TypeVar("Output")

longest_s: dict[str, float] = {}
"""Callback -> seconds of its longest call."""


def timed(callback: Callable[Inputs, Output]) -> Callable[Inputs, Output]:
    """Decorates a callback of Blender: a timer, a handler, something that draws."""
    name = f"{callback.__module__.rpartition('blender_addon.')[2]}.{callback.__qualname__}"

    @functools.wraps(callback)
    def measured(*args: Inputs.args, **options: Inputs.kwargs) -> Output:
        began = time.perf_counter()
        try:
            return callback(*args, **options)
        finally:
            took = time.perf_counter() - began
            longest_s[name] = max(took, longest_s.get(name, 0.0))

    return measured
