"""Contacts as spans: there and back, and files that somebody edited by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from retake.shared.contact_spans import ContactSpans
from retake.shared.errors import RetakeError

TIMES = 10.0 + np.arange(100) / 25


def test_spans_of_probabilities_hold_in_the_same_frames() -> None:
    probabilities = (np.random.default_rng(0).random((20, 4)) > 0.5).repeat(5, axis=0) * 0.9
    spans = ContactSpans.of(probabilities, TIMES)
    np.testing.assert_array_equal(spans.numbered(TIMES) > 0, probabilities > 0.5)


def test_contacts_that_some_hypotheses_lose_for_a_moment_go_on() -> None:
    votes = np.zeros((100, 4))
    votes[20:60, 1], votes[35:39, 1], votes[45, 1] = 0.8, 0.4, 0.0
    votes[70:80, 1] = 0.4
    votes[90, 1] = 0.8
    spans = ContactSpans.of(votes, TIMES)
    assert spans == ContactSpans(left_toe=((float(TIMES[20]), float(TIMES[59])),))


def test_spans_in_another_time_are_told_from_none() -> None:
    assert ContactSpans(left_toe=((0.0, 9.9),)).beyond(TIMES)
    assert ContactSpans(left_toe=((15.0, 16.0),)).beyond(TIMES)
    assert not ContactSpans(left_toe=((0.0, 9.9), (10.0, 10.001))).beyond(TIMES)
    assert not ContactSpans().beyond(TIMES)


def test_spans_are_numbered_and_include_both_ends() -> None:
    spans = ContactSpans(left_toe=((10.4, 10.8), (10.84, 11.0)))
    numbers = spans.numbered(TIMES)
    assert not numbers[:, [0, 2, 3]].any()
    assert np.flatnonzero(numbers[:, 1] == 1).tolist() == list(range(10, 21))
    assert np.flatnonzero(numbers[:, 1] == 2).tolist() == list(range(21, 26))


def test_file_there_and_back(tmp_path: Path) -> None:
    spans = ContactSpans(((0.5, 1.25),), ((0.5, 1.5), (2.0, 2.0)), (), ((3.0, 4.0),))
    spans.save(tmp_path / "feet.json")
    assert ContactSpans.load(tmp_path / "feet.json") == spans
    assert "[0.5000, 1.2500]" in (tmp_path / "feet.json").read_text(encoding="utf-8")


def test_a_part_that_is_left_out_never_stands() -> None:
    assert ContactSpans.from_json('{"left_heel": [[1, 2]]}', "feet") == ContactSpans(
        left_heel=((1.0, 2.0),)
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "expected left_heel"),
        ('{"left_hand": []}', "expected left_heel"),
        ('{"left_heel": [1, 2]}', "must be a list of"),
        ('{"left_heel": [["a", 2]]}', "must be a list of"),
        ('{"left_heel": [[true, 2]]}', "must be a list of"),
        ('{"left_heel": [[2, 1]]}', "the earlier first"),
        ('{"left_heel": [[0, NaN]]}', "the earlier first"),
        ('{"left_heel": [[0, 2], [1, 3]]}', "overlap at 1 s"),
    ],
)
def test_rubbish_is_refused_in_a_sentence(text: str, words: str) -> None:
    with pytest.raises(RetakeError, match=words):
        ContactSpans.from_json(text, "feet.json")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RetakeError, match="cannot be read"):
        ContactSpans.load(tmp_path / "none.json")
