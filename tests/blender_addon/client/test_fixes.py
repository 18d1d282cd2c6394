"""Every trouble that an animator can have has a sentence and a button that helps."""

from __future__ import annotations

import pytest
from retake.blender_addon.client.client import ServerState
from retake.blender_addon.client.fixes import (
    ACTIONS,
    buttons_for_failure,
    buttons_for_state,
)
from retake.blender_addon.client.outcomes import JobFailed
from retake.shared.protocol import ACTIONS as WIRE

SET_UP, START, STOP = "retake.set_up_server", "retake.start_server", "retake.stop_server"
AGAIN, SMALLER = "retake.retry_job", "retake.retry_smaller"
DIAGNOSE, PERSON, LOAD = "retake.copy_diagnostics", "retake.pick_person", "retake.load_track"

STATES = {
    "not installed": ((ServerState.OFF, False, False, False), [SET_UP]),
    "off": ((ServerState.OFF, True, False, False), [START]),
    "another version": ((ServerState.UPDATE, True, False, True), [SET_UP]),
    "blocked, or it has ended": ((ServerState.FAILED, True, False, False), [START, DIAGNOSE]),
    "one from before that does not answer": (
        (ServerState.FAILED, True, False, True),
        [START, STOP, DIAGNOSE],
    ),
    "ready": ((ServerState.READY, True, True, True), []),
}

FAILURES = {
    "too little memory": (("memory", "smaller", False), [SMALLER]),
    "it takes too long": (("too_long", "continue", False), [AGAIN]),
    "the queue is full": (("busy", "retry", False), [AGAIN]),
    "the worker died": (("crashed", "retry", False), [AGAIN, DIAGNOSE]),
    "it dies at every start": (("crashed", "diagnose", False), [DIAGNOSE]),
    "the server is gone": (("lost", "retry", False), [AGAIN, DIAGNOSE]),
    "a model is missing": (("unknown_model", "choose_model", False), [SET_UP]),
    "there is no model at all": (("unknown_model", "", False), [SET_UP]),
    "nobody was found": (("invalid", "correct", True), [PERSON, LOAD]),
    "the disk is full": (("", "", False), [AGAIN, DIAGNOSE]),
}


@pytest.mark.parametrize("name", STATES)
def test_every_state_of_the_server_has_its_buttons(name: str) -> None:
    (state, is_installed, is_connected, is_running), expected = STATES[name]
    found = buttons_for_state(state, is_installed, is_connected, is_running)
    assert [button.operator for button in found] == expected


@pytest.mark.parametrize("name", FAILURES)
def test_every_failure_has_its_buttons(name: str) -> None:
    (code, action, is_detection), expected = FAILURES[name]
    found = buttons_for_failure(JobFailed("j", "Text.", code=code, action=action), is_detection)
    assert [button.operator for button in found] == expected


def test_what_is_kept_can_be_continued() -> None:
    failed = JobFailed("j", "Text.", code="crashed", action="retry", frames_done=412, frames=900)
    first, *others = buttons_for_failure(failed)
    assert (first.operator, first.text) == (AGAIN, "Continue")
    assert AGAIN not in [button.operator for button in others]  # it would do the same


def test_every_action_of_the_wire_is_known() -> None:
    assert set(WIRE) - set(ACTIONS) == {"", "correct"}
