"""People are followed through frames in which the detector lists them in any order."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from retake.shared.arrays import Floats64
from retake.shared.errors import RetakeError
from retake.shared.layouts.known import COCO17
from retake.shared.tracks.assignment import FORBIDDEN, assign
from retake.shared.tracks.choice import by_click, by_number, largest, overview
from retake.shared.tracks.identity import people
from retake.shared.tracks.sightings import NOT_TRACKED, Sightings
from scipy.optimize import linear_sum_assignment

SIZE = (1000, 600)
FPS = 25.0


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 5), (6, 3), (7, 7), (0, 3), (3, 0)])
def test_the_assignment_costs_as_little_as_scipys(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(sum(shape))
    for _ in range(20):
        costs = random.integers(0, 9, shape).astype(float)
        pairs = assign(costs)
        assert len(pairs) == min(shape)
        assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
        best = costs[linear_sum_assignment(costs)].sum() if costs.size else 0
        assert sum(costs[pair] for pair in pairs) == pytest.approx(best)


def test_forbidden_pairs_are_not_given() -> None:
    costs = np.array([[1.0, FORBIDDEN], [2.0, FORBIDDEN]])
    assert assign(costs) == [(0, 0)]
    assert assign(np.full((2, 2), FORBIDDEN)) == []


def body(x: float, height: float, phase: float = 0.0) -> Floats64:
    """(17, 2): somebody who stands at `x` and swings arms and legs."""
    across = np.array([0, 1, -1, 2, -2, 4, -4, 6, -6, 7, -7, 3, -3, 3, -3, 3, -3]) / 20
    down = np.array([8, 6, 6, 7, 7, 18, 18, 33, 33, 46, 46, 50, 50, 73, 73, 95, 95]) / 100
    swing = np.where(np.arange(17) % 2, 1, -1) * np.clip(down - 0.3, 0, 1) * 0.3 * np.sin(phase)
    return np.column_stack([x + height * (across * 0.5 + swing), 100 + height * down])


def crowd(frames: int = 60, seed: int = 0) -> tuple[Sightings, list[int]]:
    """Two who walk past each other and one who comes later, in random order; and who is who."""
    random = np.random.default_rng(seed)
    rows: list[tuple[int, int, Floats64]] = []
    for frame in range(frames):
        t = frame / FPS
        there = [(0, body(150 + 280 * t, 300, 6 * t)), (1, body(850 - 280 * t, 220, 5 * t))]
        if frame >= 20:
            there.append((2, body(950, 150)))
        for i in random.permutation(len(there)):
            who, points = there[i]
            if random.uniform() < 0.08:
                continue  # the detector misses somebody
            if random.uniform() < 0.1:  # and exchanges sides
                points = points[[0, *(i + 1 if i % 2 else i - 1 for i in range(1, 17))]]
            rows.append((frame, who, points + random.normal(0, 2, (17, 2))))
    points = np.stack([p for _, _, p in rows]).astype(np.float32)
    sightings = Sightings(
        frames=np.array([f for f, _, _ in rows]),
        points=points,
        confidence=np.full(points.shape[:2], 0.9, np.float32),
        ids=np.full(len(rows), NOT_TRACKED),
        places=COCO17.places,
        format="test",
    )
    return sightings, [who for _, who, _ in rows]


@pytest.mark.parametrize("seed", range(5))
def test_everybody_keeps_one_number(seed: int) -> None:
    sightings, truth = crowd(seed=seed)
    numbers = people(sightings, SIZE, np.arange(60) / FPS)
    pairs = set(zip(truth, numbers.tolist(), strict=True))
    assert len(pairs) == 3
    assert len({number for _, number in pairs}) == 3


def test_who_is_seen_twice_is_one() -> None:
    sightings, truth = crowd()
    twice = np.repeat(np.arange(len(truth)), 2)
    double = replace(
        sightings,
        frames=sightings.frames[twice],
        points=sightings.points[twice]
        + np.array([0, 3], np.float32)[np.arange(len(twice)) % 2, None, None],
        confidence=sightings.confidence[twice],
        ids=sightings.ids[twice],
    )
    numbers = people(double, SIZE, np.arange(60) / FPS)
    assert (numbers == -1).sum() == len(truth)
    assert set(numbers.tolist()) == {-1, 0, 1, 2}


def test_who_comes_back_much_later_elsewhere_is_somebody_new() -> None:
    points = np.stack([body(100, 300)] * 5 + [body(800, 300)] * 5).astype(np.float32)
    sightings = Sightings(
        frames=np.array([*range(5), *range(10, 15)]),
        points=points,
        confidence=np.ones((10, 17), np.float32),
        ids=np.full(10, NOT_TRACKED),
        places=COCO17.places,
        format="test",
    )
    numbers = people(sightings, SIZE, np.arange(15) / FPS)
    assert numbers.tolist() == [0] * 5 + [1] * 5


def test_a_trackers_own_numbers_are_kept() -> None:
    sightings, truth = crowd()
    tracked = replace(sightings, ids=np.array(truth) * 10 + 5)
    numbers = people(tracked, SIZE, np.arange(60) / FPS)
    for (a, m), (b, n) in itertools.pairwise(zip(truth, numbers.tolist(), strict=True)):
        assert (a == b) == (m == n)


def test_the_choice() -> None:
    sightings, truth = crowd()
    numbers = people(sightings, SIZE, np.arange(60) / FPS)
    everybody = overview(sightings, numbers, SIZE)
    chosen = largest(everybody)
    assert {truth[row] for row in chosen.rows} == {0}
    assert np.all(np.diff(sightings.frames[chosen.rows]) > 0)
    assert by_number(everybody, chosen.number) is chosen
    clicked = by_click(everybody, sightings, SIZE, 50, (950, 180))
    assert {truth[row] for row in clicked.rows} == {2}
    with pytest.raises(RetakeError, match=r"no person 9\. Found were: 0 \(frames"):
        by_number(everybody, 9)
    with pytest.raises(RetakeError, match="Nobody was found in frame 70"):
        by_click(everybody, sightings, SIZE, 70, (0, 0))
