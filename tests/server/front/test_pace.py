"""The time left is that of what is still to do, at the pace at which it is done now."""

from __future__ import annotations

import pytest
from retake.server.front.pace import MOST_MARKS, Pace


def test_nothing_is_said_before_anything_is_known() -> None:
    pace = Pace()
    assert pace.seconds_left(10, 0, 100) is None
    assert pace.seconds_left(12, 0, 100) is None
    assert pace.seconds_left(12, 0, 0) is None
    assert pace.seconds_left(13, 5, 4) is None


@pytest.mark.parametrize("steps", [10, 1000])
def test_an_even_pace_ends_when_it_says(steps: int) -> None:
    pace = Pace()
    for done in range(steps + 1):
        left = pace.seconds_left(5 + 0.5 * done, done, steps)
        if done:
            assert left == pytest.approx(0.5 * (steps - done))


def test_what_was_known_already_does_not_count() -> None:
    """90 % in a third of a second, as when a lift goes on; then a step per second."""
    pace = Pace()
    for done in range(91):
        pace.seconds_left(done / 300, done, 100)
    for done in range(91, 101):
        left = pace.seconds_left(0.3 + done - 90, done, 100)
        assert left == pytest.approx(100 - done)


def test_a_slow_beginning_is_forgotten() -> None:
    pace = Pace()
    pace.seconds_left(0, 0, 200)
    left = [pace.seconds_left(60 + done, done, 200) for done in range(201)]
    assert left[150] == pytest.approx(50, rel=0.05)
    assert left[200] == 0


def test_a_long_step_does_not_take_back_what_was_said() -> None:
    pace = Pace()
    pace.seconds_left(0, 0, 10)
    assert pace.seconds_left(10, 5, 10) == pytest.approx(10)
    assert pace.seconds_left(30, 5, 10) == pytest.approx(30)


def test_a_job_of_days_takes_no_memory() -> None:
    pace = Pace()
    for done in range(10_000):
        pace.seconds_left(float(done), done, 20_000)
    assert len(pace) <= MOST_MARKS
    assert pace.seconds_left(10_000.0, 10_000, 20_000) == pytest.approx(10_000, rel=0.01)
