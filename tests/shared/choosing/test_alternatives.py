"""From hypotheses to named takes: as many as there are answers, whoever asks in which order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from retake.shared.arrays import Floats, Floats64
from retake.shared.choosing.alternatives import Choice, choice_in, choice_of
from retake.shared.errors import RetakeError
from retake.shared.takes import LIMB_GROUPS, Takes

SECONDS, FPS, COUNT = 10, 50, 20
TIMES = np.arange(SECONDS * FPS) / FPS
FORWARD, BACK = (0.0, 0.5, -0.85), (0.0, 0.5, 0.85)
IN_DOUBT = slice(300, 350)
FLIPPED = (3, 8, 11, 17, 18)


@pytest.fixture
def standing(figure: Callable[..., Floats], jitter: Callable[..., Floats]) -> Floats:
    """(20, 500, 17, 3): all the same but for their jitter."""
    return jitter(np.broadcast_to(figure(left_wrist=FORWARD), (COUNT, len(TIMES), 17, 3)))


@pytest.fixture
def doubtful(standing: Floats, figure: Callable[..., Floats]) -> Floats:
    """For one second of ten, five of twenty hold the left forearm backwards."""
    poses = standing.copy()
    change = figure(left_wrist=BACK) - figure(left_wrist=FORWARD)
    for hypothesis in FLIPPED:
        poses[hypothesis, IN_DOUBT] += change
    return poses


def even(poses: Floats) -> Floats:
    return np.full(len(poses), 1 / len(poses))


def choose(poses: Floats, times: Floats64 = TIMES) -> Choice:
    return choice_of(poses, even(poses), times)


def test_a_second_of_doubt_in_a_long_clip_gives_two_takes(doubtful: Floats) -> None:
    choice = choose(doubtful)
    first, second = choice.groups["left_arm"]
    assert (first.share, second.share) == pytest.approx((0.75, 0.25))
    assert first.hypothesis not in FLIPPED
    assert second.hypothesis in FLIPPED
    assert "in front of" in first.name
    assert "behind" in second.name
    assert first.moment == second.moment == pytest.approx(6.5, abs=0.5)
    assert [take.name for take in choice.whole] == [first.name, second.name]


def test_where_nothing_differs_there_is_one_take_and_it_says_so(doubtful: Floats) -> None:
    choice = choose(doubtful)
    for group in set(LIMB_GROUPS) - {"left_arm"}:
        (only,) = choice.groups[group]
        assert (only.name, only.share, only.moment) == ("all agree within 8°", 1.0, None)
    (alone,) = choose(doubtful[:1]).whole
    assert (alone.name, alone.hypothesis) == ("the only take", 0)


def test_the_threshold_is_in_degrees(figure: Callable[..., Floats]) -> None:
    angle = np.radians(20)
    raised = figure(left_elbow=(0, np.cos(angle), -np.sin(angle)))
    poses = np.stack([figure(), figure(), raised, raised])[:, None].repeat(60, axis=1)
    # The elbow carries forearm and hand along, but only one of three bones turns: its length is
    # 0.29 of 0.7 m.
    chord = 2 * np.sin(angle / 2) * np.sqrt(0.29 / 0.7)
    degrees = float(np.degrees(2 * np.arcsin(chord / 2)))
    for threshold, takes in ((degrees - 0.1, 2), (degrees + 0.1, 1)):
        choice = choice_of(poses, even(poses), TIMES[:60], threshold_degrees=threshold)
        assert len(choice.groups["left_arm"]) == takes


def test_the_order_of_the_hypotheses_does_not_matter(doubtful: Floats) -> None:
    weights = np.random.default_rng(5).dirichlet(np.full(COUNT, 5.0))
    order = np.random.default_rng(6).permutation(COUNT)
    one = choice_of(doubtful, weights, TIMES)
    other = choice_of(doubtful[order], weights[order], TIMES)
    assert one.best == {group: order[take] for group, take in other.best.items()}
    for own, shuffled in zip(one.groups.values(), other.groups.values(), strict=True):
        assert [(t.name, t.share, t.hypothesis, t.moment) for t in own] == [
            (t.name, t.share, order[t.hypothesis], t.moment) for t in shuffled
        ]


def test_weights_and_not_heads_are_counted(doubtful: Floats) -> None:
    weights = np.ones(COUNT)
    weights[list(FLIPPED)] = 9
    first, second = choice_of(doubtful, weights / weights.sum(), TIMES).groups["left_arm"]
    assert (first.share, second.share) == pytest.approx((0.75, 0.25))
    assert first.hypothesis in FLIPPED


def test_independent_doubts_give_a_take_for_every_combination(
    standing: Floats, figure: Callable[..., Floats]
) -> None:
    change = figure(left_wrist=BACK) - figure(left_wrist=FORWARD)
    standing[:10, 50:100] += change
    standing[5:15, 400:450] += change
    takes = choose(standing).groups["left_arm"]
    assert [take.share for take in takes] == pytest.approx([0.25] * 4)
    corners = {take.hypothesis // 5 for take in takes}
    assert corners == {0, 1, 2, 3}
    assert len({take.name for take in takes}) == 4


def test_a_stray_sample_is_no_take(standing: Floats, figure: Callable[..., Floats]) -> None:
    standing[0, IN_DOUBT] += figure(left_wrist=BACK) - figure(left_wrist=FORWARD)
    weights = np.full(COUNT, 0.97 / 19)
    weights[0] = 0.03
    assert len(choice_of(standing, weights, TIMES).groups["left_arm"]) == 1


def test_there_are_never_more_than_five_takes(figure: Callable[..., Floats]) -> None:
    angles = np.radians(np.arange(12) * 30)
    poses = np.stack([figure(left_wrist=(np.cos(a), 0.3, np.sin(a))) for a in angles])
    takes = choose(poses[:, None].repeat(50, axis=1), TIMES[:50]).groups["left_arm"]
    assert len(takes) == 5
    assert len({take.name for take in takes}) == 5
    assert sum(take.share for take in takes) == pytest.approx(1)


def test_the_better_of_equal_answers_stands_for_them(doubtful: Floats) -> None:
    costs = np.full((COUNT, len(LIMB_GROUPS)), 50.0)
    costs[11] = 0
    choice = choice_of(doubtful, even(doubtful), TIMES, costs=costs)
    assert choice.groups["left_arm"][1].hypothesis == 11


def test_limbs_of_another_hypothesis_must_fit_to_the_torso(
    figure: Callable[..., Floats],
) -> None:
    """A left arm whose shoulder points elsewhere is not put on a torso that it does not fit."""
    swung, bent = figure(left_shoulder=(0.3, 0, -1)), figure(left_wrist=FORWARD)
    for odd, fits in ((swung, False), (bent, True)):
        poses = np.stack([figure(), odd, odd])[:, None].repeat(60, axis=1)
        costs = np.zeros((3, len(LIMB_GROUPS)))
        costs[1:] = 200
        costs[1:, list(LIMB_GROUPS).index("left_arm")] = 0
        weights = np.array([0.34, 0.33, 0.33])
        choice = choice_of(poses, weights, TIMES[:60], costs=costs, threshold_degrees=60)
        assert choice.best["torso_head"] == 0
        assert (choice.best["left_arm"] != 0) is fits


def test_a_range_of_frames_has_its_own_takes(
    doubtful: Floats, make_takes: Callable[..., Takes]
) -> None:
    takes = make_takes(doubtful, fps=FPS)
    inside = choice_in(takes, IN_DOUBT.start, IN_DOUBT.stop - 1)
    assert [t.share for t in inside.groups["left_arm"]] == pytest.approx([0.75, 0.25])
    assert inside.groups["left_arm"][0].moment == pytest.approx(6.5, abs=0.3)
    assert len(choice_in(takes, 0, 200).whole) == 1
    assert len(choice_in(takes, 7, 7).whole) >= 1
    for first, last in ((-1, 5), (9, 8), (0, takes.frame_count)):
        with pytest.raises(RetakeError, match=f"frame {first} to {last}; the clip has frames 0 to"):
            choice_in(takes, first, last)
