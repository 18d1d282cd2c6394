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
    options: tuple[tuple[str, object], ...] = ()


SET_UP = Button("retake.set_up_server", "", "IMPORT")
UPDATE = Button("retake.set_up_server", "Update Server", "FILE_REFRESH")
REPAIR = Button("retake.set_up_server", "Repair Server", "FILE_REFRESH")
START = Button("retake.start_server", "", "PLAY")
STOP = Button("retake.stop_server", "", "QUIT")
AGAIN = Button("retake.retry_job", "Try Again", "FILE_REFRESH")
DIAGNOSE = Button("retake.copy_diagnostics", "", "COPYDOWN")
PERSON = Button("retake.pick_person", "", "EYEDROPPER")
LOAD_TRACK = Button("retake.load_track", "", "FILE_FOLDER")

ACTIONS = {
    "continue": Button("retake.retry_job", "Continue", "PLAY"),
    "retry": AGAIN,
    "smaller": Button("retake.retry_smaller", "Fewer Takes", "REMOVE"),
    "choose_model": REPAIR,
    "update": UPDATE,
    "diagnose": DIAGNOSE,
}
"""The server's `action` -> what does it. "correct" has none: the sentence names the field."""

KEPT = "Kept {done} of {frames} frames."
"""What of a cancelled job can be gone on from."""

OTHERWISE = {"unknown_model": [REPAIR], "lost": [AGAIN], "": [AGAIN]}
"""Code of a failure -> what helps if the server has named no action. Empty: it happened here, such
as a full disk; the server keeps what it has computed, so that asking again costs nothing."""


def buttons_for_state(
    state: ServerState, is_installed: bool, is_connected: bool, is_running: bool = False
) -> list[Button]:
    """What helps the server, whatever became of the last job.

    `is_running`: there is one, though it may not answer.
    """
    if state is ServerState.UPDATE:
        return [UPDATE]
    if not is_installed:
        return [SET_UP]
    if state is ServerState.FAILED:
        return [START, *([STOP] if is_running else []), DIAGNOSE]
    return [START] if not is_connected else []


def buttons_for_failure(failure: JobFailed, is_detection: bool = False) -> list[Button]:
    """What the animator can do about a job that ended without an outcome."""
    found = [ACTIONS[failure.action]] if failure.action in ACTIONS else []
    if not found:
        found = list(OTHERWISE.get(failure.code, []))
    if is_detection and failure.code == "invalid":  # nobody was found, or the video is damaged
        found += [PERSON, LOAD_TRACK]
    if failure.frames_done:  # trying again is going on
        found = [ACTIONS["continue"], *(b for b in found if b.operator != AGAIN.operator)]
    if DIAGNOSE not in found and failure.code in ("crashed", "lost", ""):
        found.append(DIAGNOSE)
    return found
