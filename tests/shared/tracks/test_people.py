"""People are followed through frames in which the detector lists them in any order."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

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


def walk(frames: list[int], x: list[float], size: float = 300) -> Sightings:
    """One body per entry: in which frame, and where."""
    points = np.stack([body(place, size) for place in x]).astype(np.float32)
    return Sightings(
        frames=np.array(frames),
        points=points,
        confidence=np.ones((len(x), 17), np.float32),
        ids=np.full(len(x), NOT_TRACKED),
        places=COCO17.places,
        format="test",
    )


GONE = [*range(20), *range(40, 60)]
"""Frames in which somebody is seen who is away for 0.8 s."""


def numbers_of(sightings: Sightings, cuts: tuple[int, ...] = ()) -> list[int]:
    return people(sightings, SIZE, np.arange(60) / FPS, cuts).tolist()


def test_who_is_found_again_where_only_they_can_be_is_the_same() -> None:
    """Farther than somebody is followed, and the only one who is lost and found."""
    assert numbers_of(walk(GONE, [300.0] * 20 + [800.0] * 20)) == [0] * 40


def test_nobody_is_followed_across_a_cut() -> None:
    assert numbers_of(walk(GONE, [300.0] * 40), cuts=(30,)) == [0] * 20 + [1] * 20
    assert numbers_of(walk(list(range(60)), [300.0] * 60), cuts=(30,)) == [0] * 30 + [1] * 30


def test_who_leaves_at_the_side_is_somebody_else_than_who_comes() -> None:
    assert numbers_of(walk(GONE, [60.0] * 20 + [560.0] * 20)) == [0] * 20 + [1] * 20


def test_of_two_who_could_be_the_one_none_is() -> None:
    frames = [*range(20), *np.repeat(np.arange(40, 60), 2).tolist()]
    found = numbers_of(walk(frames, [500.0] * 20 + [130.0, 870.0] * 20))
    assert found[:20] == [0] * 20
    assert found[20:22] == [1, 2]
    assert set(found) == {0, 1, 2}


def test_who_is_seen_for_a_moment_is_not_joined() -> None:
    frames = [*range(20), *range(40, 46)]
    assert numbers_of(walk(frames, [300.0] * 20 + [800.0] * 6)) == [0] * 20 + [1] * 6


def test_the_man_who_jumps_from_the_wall_stays_one() -> None:
    """Sports2D's demo (BSD-3-Clause, David Pagnon), as MediaPipe saw it, up to three people.

    Looked at in the pictures: a man on a wall until frame 168, who turns over in the air unseen and
    lands on the lawn (198-226); a woman who walks by (59-200); false people in the trees.
    """
    with np.load(Path(__file__).parents[2] / "data/jumping_man_keypoints.npz") as data:
        points, frames, times = data["points"].astype(np.float32), data["frames"], data["times"]
    sightings = Sightings(
        frames=frames,
        points=points,
        confidence=np.isfinite(points[..., 0]).astype(np.float32),
        ids=np.full(len(frames), NOT_TRACKED),
        places=COCO17.places,
        format="test",
    )
    size = (1768, 994)
    everybody = overview(sightings, people(sightings, size, times), size)
    man = largest(everybody)
    (woman,) = (p for p in everybody if len(p.rows) > 50 and p is not man)
    assert (man.first, man.last, len(man.rows)) == (3, 226, 184)
    assert (woman.first, woman.last) == (59, 200)
    middles = np.nanmean(points, axis=1)
    assert middles[man.rows, 0].min() > 500  # she comes from the right and leaves at the left
    assert middles[woman.rows[-1], 0] < 100
    steps = np.linalg.norm(np.diff(middles[man.rows], axis=0), axis=1)
    near = np.diff(frames[man.rows]) == 1
    assert steps[near].max() < 150
