# pyright: basic, reportAttributeAccessIssue=false
"""The server's set-up and its failures as the panel shows them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import bpy
import pytest

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels

Part = Callable[[str], ModuleType]
Draw = Callable[[type], list[tuple[str, str]]]


def test_without_online_access_nothing_is_fetched(part: Part) -> None:
    assert not bpy.app.online_access
    with pytest.raises(RuntimeError, match="Blender may not go online"):
        bpy.ops.retake.set_up_server()
    assert not part("setup.operators").setup.is_running


def test_what_it_costs_is_said_before(part: Part, fake_layout: type) -> None:
    operators = part("setup.operators")
    log: list[tuple[str, str]] = []
    layout = fake_layout(log)
    for name, *_ in operators.variant_items(None, bpy.context):
        log.clear()
        rna = bpy.ops.retake.set_up_server.get_rna_type()
        me = SimpleNamespace(layout=layout, variant=name, bl_rna=rna)
        operators.RETAKE_OT_set_up_server.draw(me, bpy.context)
        text = " ".join(text for _, text in log)
        assert "MB" in text
        assert "pypi.org" in text
        assert part("preferences").setup_folder().name in text


def test_an_environment_that_was_set_up_is_used(
    part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    preferences, plan = part("preferences"), part("setup.plan")
    monkeypatch.delenv("RETAKE_SERVER_PYTHON", raising=False)
    folder = preferences.setup_folder()
    assert preferences.server_python(bpy.context) == ""
    python = plan.python_in(folder)
    python.parent.mkdir(parents=True)
    python.touch()
    assert preferences.server_python(bpy.context) == ""  # half made
    (folder / plan.STAMP).write_text('{"variant": "CPU"}')
    assert preferences.server_python(bpy.context) == str(python)
    assert bpy.ops.retake.remove_server() == {"FINISHED"}
    assert not folder.exists()
    assert not bpy.ops.retake.remove_server.poll()


def test_a_running_set_up_and_its_failure_are_drawn(
    part: Part, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    setup, panel = part("setup.operators").setup, part("client.panel").RETAKE_PT_status
    monkeypatch.setattr(setup, "child", object())
    monkeypatch.setattr(setup, "stage", "Downloading torch")
    drawn = draw(panel)
    assert ("progress", "Downloading torch") in drawn
    assert ("operator", "retake.cancel_setup") in drawn
    monkeypatch.setattr(setup, "child", None)
    monkeypatch.setattr(setup, "failure", "The server's libraries could not be installed.")
    monkeypatch.setattr(setup, "detail", "No space left on device")
    assert "could not be installed" in " ".join(text for _, text in draw(panel))
    assert all("No space" not in text for _, text in draw(panel))  # folded
    bpy.context.window_manager.retake_details = True
    try:
        assert any("No space" in text for _, text in draw(panel))
    finally:
        bpy.context.window_manager.retake_details = False


@pytest.mark.parametrize(
    ("action", "operator"),
    [
        ("retry", "retake.retry_job"),
        ("continue", "retake.retry_job"),
        ("smaller", "retake.retry_smaller"),
        ("update", "retake.set_up_server"),
        ("diagnose", "retake.copy_diagnostics"),
    ],
)
def test_every_failure_has_the_button_that_helps(
    part: Part, draw: Draw, monkeypatch: pytest.MonkeyPatch, action: str, operator: str
) -> None:
    client, outcomes = part("timer").client, part("client.outcomes")
    failure = outcomes.JobFailed("job", "It failed.", action=action)
    monkeypatch.setattr(client, "failure", failure)
    monkeypatch.setattr(client, "message", failure.text)
    drawn = draw(part("client.panel").RETAKE_PT_status)
    assert ("operator", operator) in drawn


@pytest.mark.parametrize("sentence", ["", "It failed. 412 of 900 frames are finished and kept."])
def test_what_is_kept_is_said_once(
    part: Part, draw: Draw, monkeypatch: pytest.MonkeyPatch, sentence: str
) -> None:
    """By the panel if a job was cancelled, which has no sentence; else by the server."""
    client, outcomes = part("timer").client, part("client.outcomes")
    failure = outcomes.JobFailed("job", sentence, frames_done=412, frames=900)
    monkeypatch.setattr(client, "failure", failure)
    monkeypatch.setattr(client, "message", sentence)
    drawn = " ".join(text or "" for _, text in draw(part("client.panel").RETAKE_PT_status))
    assert drawn.count("412 of 900") == 1


def test_every_action_of_the_wire_has_a_button_or_a_reason(part: Part) -> None:
    from retake.shared.protocol import ACTIONS

    known = part("client.fixes").ACTIONS
    assert set(ACTIONS) - set(known) == {"", "correct"}


def test_diagnostics_are_copied_and_name_nobody(
    part: Part, monkeypatch: pytest.MonkeyPatch
) -> None:
    operators = part("setup.operators")
    monkeypatch.setattr(operators, "server_python", lambda context: "")
    assert bpy.ops.retake.copy_diagnostics() == {"FINISHED"}
    page = operators.own_page()
    assert bpy.app.version_string in page
    assert str(Path.home()) + "/" not in page


def test_callbacks_are_measured(part: Part) -> None:
    part("timer").tick()
    assert part("durations").longest_s["timer.tick"] < 1.0


def test_a_running_job_can_be_cancelled_in_the_status_bar(
    part: Part, draw: Draw, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel, client = part("client.panel"), part("timer").client
    header = type("Header", (), {"draw": staticmethod(panel.draw_in_status_bar), "bl_rna": None})
    assert draw(header) == []
    monkeypatch.setattr(client, "job", part("client.outcomes").Job("job", Path("takes.npz")))
    assert draw(header) == [("operator", "retake.cancel_job")]


def test_the_status_bar_is_left_as_it_was(part: Part) -> None:
    panel, bar = part("client.panel"), bpy.types.STATUSBAR_HT_header
    assert panel.draw_in_status_bar in bar.draw._draw_funcs
    panel.unregister()
    try:
        assert panel.draw_in_status_bar not in bar.draw._draw_funcs
    finally:
        panel.register()
