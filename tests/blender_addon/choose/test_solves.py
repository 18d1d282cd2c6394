"""Motions that were solved once are kept, as long as nothing they depend on changes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from retake.blender_addon.choose import solves
from retake.blender_addon.choose.choice_track import ChoiceTrack, Decision
from retake.blender_addon.rig.wishes import Wishes
from retake.shared.keypoints import KeypointTrack
from retake.shared.takes import Takes

ARM = ChoiceTrack((Decision(0.8, 1.6, 1, "left_arm"),))


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was really solved."""
    made: list[Any] = []

    def solve_read(*asked: Any) -> SimpleNamespace:
        made.append(asked)
        return SimpleNamespace(number=len(made))

    def read_wearer(rig: str) -> tuple[str, Any]:
        return rig, np.eye(3)

    def switches_of(*rig: Any) -> tuple[()]:
        return ()

    monkeypatch.setattr(solves, "solve_read", solve_read)
    monkeypatch.setattr(solves, "switches_of", switches_of)
    monkeypatch.setattr(solves, "read_wearer", read_wearer)
    monkeypatch.setattr(solves, "_made_of", ())
    monkeypatch.setattr(solves, "_kept", {})
    return made


def test_each_choice_is_solved_once(
    clip: Takes, clip_track: KeypointTrack, counted: list[Any]
) -> None:
    asked = solves.Asked(clip, 24.0, 1, Wishes(), clip_track)
    for _ in range(3):
        ready = solves.solves_for("rig", replace(asked, wishes=Wishes()))
        assert [ready.whole(c) for c in (ChoiceTrack(), ARM)] == list(ready.kept.values())
    assert len(counted) == 2


@pytest.mark.parametrize(
    "change",
    [{"scene_fps": 25.0}, {"start_frame": 2}, {"wishes": Wishes(in_place=True)}, {"track": None}],
)
def test_they_are_old_when_anything_else_is_asked(
    clip: Takes, clip_track: KeypointTrack, counted: list[Any], change: dict[str, Any]
) -> None:
    asked = solves.Asked(clip, 24.0, 1, Wishes(), clip_track)
    solves.solves_for("rig", asked).whole(ARM)
    solves.solves_for("rig", replace(asked, **change)).whole(ARM)
    solves.solves_for("other rig", replace(asked, **change)).whole(ARM)
    other = replace(asked, **change, takes=replace(clip))
    solves.solves_for("other rig", other).whole(ARM)
    assert len(counted) == 4


def test_the_memory_has_an_end(clip: Takes, counted: list[Any]) -> None:
    ready = solves.solves_for("rig", solves.Asked(clip, 24.0, 1, Wishes(), None))
    for first in range(solves.MOST_KEPT + 5):
        ready.whole(ChoiceTrack((Decision(first / 25, 2.0, 1),)))
    assert len(ready.kept) == solves.MOST_KEPT
    ready.whole(ChoiceTrack((Decision(0.0, 2.0, 1),)))
    assert len(counted) == solves.MOST_KEPT + 6, "the oldest is the one that went"


def test_what_a_thread_has_solved_is_not_solved_again(clip: Takes, counted: list[Any]) -> None:
    ready = solves.solves_for("rig", solves.Asked(clip, 24.0, 1, Wishes(), None))
    choices = [ChoiceTrack(), ARM]
    ready.whole(ChoiceTrack())
    assert ready.missing(choices, None) == [ARM]
    found = ready.solved([ARM], None)
    assert ready.missing(choices, None) == [ARM], "a thread keeps nothing by itself"
    ready.keep(found)
    assert ready.missing(choices, None) == []
    assert ready.whole(ARM) in found.values()
    assert len(counted) == 2


def test_a_thread_that_comes_late_does_not_spoil_what_is_new(
    clip: Takes, counted: list[Any]
) -> None:
    """Takes, wishes or the rig have changed while it was at work."""
    asked = solves.Asked(clip, 24.0, 1, Wishes(), None)
    old = solves.solves_for("rig", asked)
    new = solves.solves_for("rig", replace(asked, start_frame=5))
    old.keep(old.solved([ARM], None))
    assert new.missing([ARM], None) == [ARM]
