"""How a job that ends without a result is told: the code, a sentence, and what helps."""

from __future__ import annotations

from typing import Any

from ..shared.protocol import Failed, Progress

_ACTIONS = {
    "busy": "retry",
    "cancelled": "continue",
    "crashed": "retry",
    "invalid": "correct",
    "memory": "smaller",
    "too_long": "continue",
    "unknown_model": "choose_model",
}


def failed(job_id: str, code: str, text: str, **more: Any) -> Failed:
    """Failed with the action that goes with its code, unless `more` names another."""
    more = {"action": _ACTIONS.get(code, "")} | more
    return Failed(job_id=job_id, code=code, text=text, **more)


def stopped(job_id: str, code: str, text: str, last: Progress | None) -> Failed:
    """A job that was stopped before its end; `last` is the last news of it, if it had begun."""
    if last is None:
        return failed(job_id, code, text, **({"action": ""} if code == "cancelled" else {}))
    if last.frames_done:
        text += f" {last.frames_done} of {last.frames} frames are finished and kept."
    return failed(job_id, code, text, frames_done=last.frames_done, frames=last.frames)


def too_little_memory(job_id: str, error: MemoryError) -> Failed:
    text = "The computer has too little memory for this. Ask for fewer takes, or cut the clip."
    return failed(job_id, "memory", text, detail=sentence_of(error))


def sentence_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
