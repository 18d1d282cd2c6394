"""Decisions: the later one wins, they survive a file, bad ones are sentences."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from retake.blender_addon.choose.choice_track import (
    GROUPS,
    WHOLE,
    ChoiceTrack,
    Decision,
    moved,
)
from retake.shared.arrays import Ints
from retake.shared.errors import RetakeError
from retake.shared.takes import LIMB_GROUPS, Takes

SECONDS = st.integers(0, 240).map(lambda hundredths: hundredths / 100)


@st.composite
def decisions(draw: st.DrawFn) -> Decision:
    first, last = sorted((draw(SECONDS), draw(SECONDS)))
    return Decision(first, last, draw(st.integers(0, 5)), draw(st.sampled_from(GROUPS)))


FEW = settings(max_examples=40)

TRACKS = st.lists(decisions(), max_size=6).map(lambda rows: ChoiceTrack(tuple(rows)))


def test_without_decisions_every_group_is_the_takes_best(clip: Takes) -> None:
    picks = ChoiceTrack().picks(clip)
    assert {g: set(own.tolist()) for g, own in picks.items()} == {g: {0} for g in LIMB_GROUPS}
    assert ChoiceTrack().seams(clip) == []


def test_the_later_decision_wins_where_two_disagree(clip: Takes) -> None:
    track = ChoiceTrack((Decision(0.4, 1.6, 1), Decision(0.8, 1.2, 3, "left_arm")))
    arm = track.picks(clip)["left_arm"]
    assert arm[[9, 10, 19, 20, 30, 31, 40, 41]].tolist() == [0, 1, 1, 3, 3, 1, 1, 0]
    assert set(track.picks(clip)["right_arm"][10:41].tolist()) == {1}


@FEW
@given(TRACKS)
def test_json_brings_back_the_same_decisions(track: ChoiceTrack) -> None:
    assert ChoiceTrack.from_json(track.to_json()) == track


@FEW
@given(TRACKS, decisions())
def test_what_is_cleared_is_the_best_again_and_nothing_else_changes(
    track: ChoiceTrack, hole: Decision
) -> None:
    times = np.arange(60) / 25
    inside = (times >= hole.first) & (times <= hole.last)
    before, after = _picks(track), _picks(track.without(hole.first, hole.last, hole.group))
    for group in LIMB_GROUPS:
        cleared = inside if group in hole.groups else np.zeros(60, bool)
        assert np.all(after[group][cleared] == 0)
        np.testing.assert_array_equal(after[group][~cleared], before[group][~cleared])


@FEW
@given(TRACKS, decisions())
def test_decisions_that_nobody_sees_any_more_are_dropped(
    track: ChoiceTrack, decision: Decision
) -> None:
    shorter, longer = track.with_decision(decision), ChoiceTrack((*track.decisions, decision))
    for group in LIMB_GROUPS:
        np.testing.assert_array_equal(_picks(shorter)[group], _picks(longer)[group])
    assert shorter.with_decision(Decision(0, 3, 2)).decisions == (Decision(0, 3, 2),)


def _picks(track: ChoiceTrack) -> dict[str, Ints]:
    """The naive twin of `ChoiceTrack.picks`: frame by frame."""
    found = {group: np.zeros(60, np.intp) for group in LIMB_GROUPS}
    for frame, time in enumerate(np.arange(60) / 25):
        for decision in track.decisions:
            for group in decision.groups:
                if decision.first - 1e-6 <= time <= decision.last + 1e-6:
                    found[group][frame] = decision.hypothesis
    return found


PATIENT = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(suppress_health_check=PATIENT, max_examples=40)
@given(TRACKS)
def test_picks_agree_with_the_naive_twin(clip: Takes, track: ChoiceTrack) -> None:
    for group, own in track.picks(clip).items():
        np.testing.assert_array_equal(own, _picks(track)[group])


def test_seams_take_the_blend_of_the_decision_that_makes_them(clip: Takes) -> None:
    first = Decision(0.4, 0.8, 1, "left_leg", blend_in=0.1, blend_out=0.2)
    second = Decision(0.84, 1.2, 2, "left_leg", blend_in=0.3, blend_out=0.4)
    seams = ChoiceTrack((first, second)).seams(clip)
    assert [(s.frame, s.before, s.after, s.seconds) for s in seams] == [
        (10, 0, 1, 0.1),
        (21, 1, 2, 0.3),
        (31, 2, 0, 0.4),
    ]


@pytest.mark.parametrize(
    "row",
    [
        {"first": 1.0, "last": 0.0, "hypothesis": 0},
        {"first": float("nan"), "last": 1.0, "hypothesis": 0},
        {"first": 0.0, "last": 1.0, "hypothesis": -1},
        {"first": 0.0, "last": 1.0, "hypothesis": 0, "group": "tail"},
        {"first": 0.0, "last": 1.0, "hypothesis": 0, "blend_in": -1.0},
        {"first": 0.0, "last": 1.0},
        {"first": 0.0, "last": 1.0, "hypothesis": 0, "colour": "red"},
        "left arm",
    ],
)
def test_a_bad_decision_is_a_sentence(row: object) -> None:
    with pytest.raises(RetakeError, match=r"[Dd]ecision"):
        ChoiceTrack.from_json(json.dumps([row]))


@pytest.mark.parametrize("text", ["", "{", "{}", "7", '"x"'])
def test_a_bad_file_is_a_sentence(text: str) -> None:
    with pytest.raises(RetakeError, match="choices"):
        ChoiceTrack.from_json(text)


def test_a_take_that_does_not_exist_is_a_sentence(clip: Takes) -> None:
    with pytest.raises(RetakeError, match="take 6: the takes hold 0 to 5"):
        ChoiceTrack((Decision(0, 1, 6),)).picks(clip)


def test_ends_do_not_pass_each_other() -> None:
    decision = Decision(0.5, 1.0, 2, WHOLE)
    assert moved(decision, first=3.0).first == 1.0
    assert moved(decision, last=0.1).last == 0.5
