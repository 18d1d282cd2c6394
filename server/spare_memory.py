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


def settle() -> None:
    """To be called once all is loaded: later collections leave it alone and take microseconds.

    With PyTorch loaded, one that does not takes a third of a second, in the middle of a job.
    """
    gc.collect()
    gc.freeze()


def collect() -> None:
    """Drop what a finished job has left behind, if `settle` was called: else it costs too much."""
    if gc.get_freeze_count():
        gc.collect()


def give_back() -> None:
    """Return to the system what the C library keeps. Those other than glibc do it by themselves."""
    collect()
    if sys.platform == "linux" and hasattr(library := ctypes.CDLL(None), "malloc_trim"):
        library.malloc_trim(0)
