# pyright: basic, reportAttributeAccessIssue=false
"""Measures every callback that Blender calls in the add-on, for walks: timers, handlers and what
draws over views are measured by the add-on itself, panels, lists and operators from here."""

from __future__ import annotations

import inspect

import bpy
import numpy as np

METHODS = ("draw", "draw_item", "filter_items", "draw_header", "poll", "invoke", "execute", "modal")

LIMIT_MS = 50.0
"""What a callback may take while a job runs."""


class Meter:
    def __init__(self, gui) -> None:
        self.durations = gui.part("durations")
        self.log = gui.log
        modules = [gui.part(name) for name in gui.part("registration").MODULES]
        for cls in {c for module in modules for c in getattr(module, "CLASSES", ())}:
            if issubclass(cls, (bpy.types.Panel, bpy.types.UIList, bpy.types.Operator)):
                self._measure(cls)
        self.durations.forget()

    def _measure(self, cls) -> None:
        """Blender looks a method up at every call, so that another can be put in its place."""
        for name in METHODS:
            found = next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)
            is_class_method = isinstance(found, classmethod)
            function = found.__func__ if is_class_method else found
            if getattr(function, "__module__", "").partition(".")[0] != "bl_ext":
                continue
            measured = self._measured(function, f"{cls.__name__}.{name}")
            setattr(cls, name, classmethod(measured) if is_class_method else measured)

    def _measured(self, function, name: str):
        """Blender hands over as many arguments as a method's code names."""

        def method(*inputs):
            return function(*inputs)

        method.__module__, method.__qualname__ = function.__module__, name
        code = inspect.unwrap(function).__code__
        names = ", ".join(code.co_varnames[: code.co_argcount])
        return eval(f"lambda {names}: timed({names})", {"timed": self.durations.timed(method)})

    def tell(self, when: str) -> dict[str, np.ndarray]:
        """A table of all calls since the last one, and per callback its calls (N, 2): milliseconds
        by the clock and of this thread's work."""
        calls = {name: 1000 * np.array(each) for name, each in self.durations.last_calls.items()}
        self.log(f"callbacks {when}: calls, then ms by the clock | of work: median, 99 %, longest")
        for name, each in sorted(calls.items(), key=lambda pair: -pair[1][:, 1].max()):
            wall, work = (
                "  ".join(
                    f"{part:7.2f}" for part in (*np.percentile(column, (50, 99)), max(column))
                )
                for column in each.T
            )
            self.log(f"  {len(each):5d}  {wall}  | {work}  {name}")
        self.durations.forget()
        return calls


def too_slow(calls: dict[str, np.ndarray]) -> dict[str, float]:
    """Callbacks whose work was longer than the limit once: ms. Operators are what somebody presses,
    and told apart."""
    longest = {name: float(each[:, 1].max()) for name, each in calls.items()}
    return {name: ms for name, ms in longest.items() if ms > LIMIT_MS}
