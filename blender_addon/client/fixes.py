"""What can be done about a state or a failure: buttons, not instructions. Knows no Blender."""

from __future__ import annotations

from dataclasses import dataclass

from .client import ServerState
from .outcomes import JobFailed


@dataclass(frozen=True)
class Button:
    """An operator, with another label than its own if `text` is not empty."""

    operator: str
    text: str
    icon: str


SET_UP = Button("retake.set_up_server", "", "IMPORT")
UPDATE = Button("retake.set_up_server", "Update Server", "FILE_REFRESH")
START = Button("retake.start_server", "", "PLAY")
AGAIN = Button("retake.retry_job", "Try Again", "FILE_REFRESH")
DIAGNOSE = Button("retake.copy_diagnostics", "", "COPYDOWN")

ACTIONS = {
    "continue": Button("retake.retry_job", "Continue", "PLAY"),
    "retry": AGAIN,
    "smaller": Button("retake.retry_smaller", "Fewer Takes", "REMOVE"),
    "choose_model": UPDATE,
    "update": UPDATE,
    "diagnose": DIAGNOSE,
}
"""The server's `action` -> what does it. "correct" has none: the sentence names the field."""


def buttons_for_state(state: ServerState, is_installed: bool, is_connected: bool) -> list[Button]:
    """What helps the server, whatever became of the last job."""
    if state is ServerState.UPDATE:
        return [UPDATE]
    if not is_installed:
        return [SET_UP]
    if state is ServerState.FAILED:
        return [START, DIAGNOSE]
    return [START] if not is_connected else []


def buttons_for_failure(failure: JobFailed) -> list[Button]:
    """What the animator can do about a job that ended without an outcome."""
    found = [ACTIONS[failure.action]] if failure.action in ACTIONS else []
    if failure.frames_done and ACTIONS["continue"] not in found:
        found.insert(0, ACTIONS["continue"])
    if DIAGNOSE not in found and failure.code in ("crashed", "lost", ""):
        found.append(DIAGNOSE)
    return found


def kept_sentence(failure: JobFailed) -> str:
    """ "Kept 412 of 900 frames."; empty if there is nothing to go on from."""
    if not failure.frames_done:
        return ""
    return f"Kept {failure.frames_done} of {failure.frames} frames."
