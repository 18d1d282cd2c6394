"""Feet planted and lifted by hand, against flags on a fine grid of times as a naive twin."""

from __future__ import annotations

import numpy as np
import pytest
from retake.blender_addon.rig.ground.contact_edits import PARTS, lifted, parts_of, planted, stands
from retake.shared.arrays import Bools
from retake.shared.contact_spans import ContactSpans

TIMES = np.arange(0, 10, 0.05)


def flags(spans: ContactSpans) -> Bools:
    return spans.numbered(TIMES) > 0


@pytest.mark.parametrize("seed", range(5))
def test_edits_do_what_flags_would_do(seed: int) -> None:
    generator = np.random.default_rng(seed)
    spans, naive = ContactSpans(), np.zeros((len(TIMES), 4), bool)
    for _ in range(30):
        foot = str(generator.choice(["left", "right", *PARTS]))
        first, last = np.sort(generator.choice(TIMES, 2)).tolist()
        edit, value = ((planted, True), (lifted, False))[generator.integers(2)]
        spans = edit(spans, foot, first, last)
        columns = [PARTS.index(part) for part in parts_of(foot)]
        inside = (first - 1e-6 <= TIMES) & (last + 1e-6 >= TIMES)
        naive[np.ix_(inside, columns)] = value
        np.testing.assert_array_equal(flags(spans), naive)
        assert ContactSpans.from_json(spans.to_json(), "a test") is not None


def test_planting_joins_what_it_meets() -> None:
    spans = ContactSpans(left_toe=((0.0, 1.0), (2.0, 3.0), (5.0, 6.0)))
    assert planted(spans, "left_toe", 0.5, 2.5).left_toe == ((0.0, 3.0), (5.0, 6.0))


def test_a_foot_stands_with_either_part() -> None:
    spans = ContactSpans(right_toe=((1.0, 2.0),))
    assert stands(spans, "right", 1.5)
    assert not stands(spans, "right_heel", 1.5)
    assert not stands(spans, "left", 1.5)
