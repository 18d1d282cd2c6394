"""A bar that goes on evenly: shares of time, not of steps."""

from __future__ import annotations

import pytest
from retake.server.worker.shares import PARTS, Shares, parts_done


def test_the_last_lift_says_what_the_next_one_will_take() -> None:
    shares = Shares()
    shares.remember(iterations=4, sampling_s=8.0, placing_s=2.0)
    assert shares.of_sampling(4) == pytest.approx(0.8)
    assert shares.of_sampling(1) == pytest.approx(0.5)
    shares.remember(iterations=1, sampling_s=0.1, placing_s=0.9)
    assert shares.of_sampling(1) == pytest.approx(0.1)
    shares.remember(iterations=1, sampling_s=0.0, placing_s=0.0)
    assert 0 < shares.of_sampling(1) < 1


@pytest.mark.parametrize("sampling", [0.0, 0.3, 1.0])
def test_progress_begins_at_nothing_never_goes_back_and_ends_at_all(sampling: float) -> None:
    parts = [parts_done(sampling, done, iterations=5, hypotheses=3) for done in range(9)]
    assert parts == sorted(parts)
    assert (parts[0], parts[-1]) == (0, PARTS)
    assert parts[5] == round(PARTS * sampling)
