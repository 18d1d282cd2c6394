"""How a child process ended, in words. Worker and detector share it."""

from __future__ import annotations


def why_it_ended(exit_code: int) -> str:
    """For people: "was killed by signal 9 (often: out of memory)", "ended with code 1"."""
    if exit_code >= 0:
        return f"ended with code {exit_code}"
    return f"was killed by signal {-exit_code}" + (
        " (often: out of memory)" if exit_code == -9 else ""
    )
