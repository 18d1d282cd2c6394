"""Memory that is no longer needed: what a process keeps of it between jobs, and when it lets go.

Two things keep memory that looks like a leak: the interpreter's lists of used-up tuples, which only
a full collection empties and which grow for some thousand messages; and the C library, which keeps
what was freed for the next job. The next job is faster by that; a server at rest need not have it.
"""

from __future__ import annotations

import ctypes
import gc
import sys

REST_S = 5.0
"""After so long without a job, memory goes back to the system."""


MOST_LOOKED_AT = 10_000
"""Objects that a collection goes through each time. More than these survive only where models, or
parts of PyTorch, have been loaded since."""

_is_settled = False


def settle() -> None:
    """To be called once all is loaded: later collections leave it alone and take milliseconds.

    With PyTorch loaded, one that does not takes a third of a second, in the middle of a job.
    """
    global _is_settled
    gc.collect()
    gc.freeze()
    _is_settled = True


def collect() -> None:
    """Drop what a finished job has left behind, if `settle` was called: else it costs too much."""
    if not _is_settled:
        return
    gc.collect()
    if len(gc.get_objects()) > MOST_LOOKED_AT:
        gc.freeze()


def give_back() -> None:
    """Return to the system what the C library keeps. Those other than glibc do it by themselves."""
    collect()
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(0)
