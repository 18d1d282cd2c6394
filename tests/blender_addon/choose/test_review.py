"""Doubt: found where takes disagree, as much as they do; seams where they agree."""

from __future__ import annotations

import numpy as np
import pytest
from retake.blender_addon.choose import review
from retake.blender_addon.choose.agreement import apart, doubt_of
from retake.blender_addon.choose.choice_track import ChoiceTrack, Decision
from retake.blender_addon.choose.review import Stretch
from retake.blender_addon.choose.seams import departures, snap, snapped
from retake.shared.errors import RetakeError
from retake.shared.takes import LIMB_GROUPS, Takes


def test_the_stretch_in_doubt_is_the_one_that_differs(clip: Takes) -> None:
    (stretch,) = review.stretches_of(clip, doubt_of(clip))
    assert stretch.groups == ("left_arm",)
    assert stretch.first == pytest.approx(0.8, abs=0.12)
    assert stretch.last == pytest.approx(1.6, abs=0.12)
    # Half of the weight lies 1.8 rad away, in two of three bones.
    assert 50 < stretch.degrees < 75
    assert 450 < stretch.millimetres < 650


def test_doubt_is_that_of_a_plain_loop(clip: Takes) -> None:
    """At a frame in whose surroundings nothing moves, no averaging matters."""
    frame, row = 30, list(LIMB_GROUPS).index("left_arm")
    squared = 0.0
    for hypothesis in range(clip.hypothesis_count):
        ends = clip.poses[[0, hypothesis], frame, 13] - clip.poses[[0, hypothesis], frame, 8]
        squared += float(np.sum((ends[0] - ends[1]) ** 2)) / clip.hypothesis_count
    assert doubt_of(clip).millimetres[row, frame] == pytest.approx(1000 * squared**0.5, rel=1e-3)


def test_millimetres_are_the_rigs(clip: Takes) -> None:
    doubt = doubt_of(clip)
    (small,), (large,) = (review.stretches_of(clip, doubt, scale=scale) for scale in (1.0, 2.5))
    assert large.millimetres == pytest.approx(2.5 * small.millimetres)


def test_one_take_leaves_no_doubt(clip: Takes) -> None:
    clip.poses[:] = clip.poses[0]
    assert review.stretches_of(clip, doubt_of(clip)) == []


def test_limbs_in_doubt_at_the_same_time_are_one_stretch(clip: Takes) -> None:
    for joint, other in ((14, 11), (15, 12), (16, 13)):
        clip.poses[:, :, joint] = clip.poses[:, :, other] * (-1, 1, 1)
    (stretch,) = review.stretches_of(clip, doubt_of(clip))
    assert set(stretch.groups) == {"left_arm", "right_arm"}


def test_long_doubt_is_cut_where_it_is_least() -> None:
    times = np.arange(500) / 25
    degrees = np.full(500, 30.0)
    degrees[[100, 210, 300, 400]] = 20
    cuts = list(review._runs(degrees > 10, degrees, times))  # pyright: ignore[reportPrivateUsage]
    assert cuts[0][0] == 0
    assert cuts[-1][1] == 499
    assert all(times[last] - times[first] <= review.LONGEST_S for first, last in cuts)
    assert {first for first, _ in cuts} >= {210}


def test_what_is_ticked_off_stays_so_when_its_ends_move() -> None:
    stretch = Stretch(1.0, 2.0, ("left_arm",), 20, 100)
    done = [stretch.key]
    assert review.is_done(Stretch(1.1, 2.2, ("left_arm", "torso_head"), 18, 90), done)
    assert not review.is_done(Stretch(1.8, 3.0, ("left_arm",), 18, 90), done)
    assert not review.is_done(Stretch(1.0, 2.0, ("right_arm",), 18, 90), done)
    assert review.without_done(stretch, done) == []
    assert not review.is_done(stretch, ["rubbish", "a:b:c", ""])


def test_next_and_previous_go_through_all_and_round() -> None:
    rows = [Stretch(f, f + 0.5, ("left_arm",), d, 1) for f, d in ((3.0, 9), (1.0, 5), (2.0, 7))]
    for step, expected in ((1, [1.0, 2.0, 3.0, 1.0]), (-1, [3.0, 2.0, 1.0, 3.0])):
        at, seen = 0.0, []
        for _ in expected:
            found = review.neighbour(rows, at, step)
            assert found is not None
            at = found.first
            seen.append(at)
        assert seen == expected
    assert review.neighbour([], 0.0, 1) is None


def test_time_that_two_stretches_share_counts_once() -> None:
    rows = [Stretch(f, l, ("left_arm",), 1, 1) for f, l in ((0, 2), (1, 3), (5, 6))]
    assert review.total_seconds(rows) == pytest.approx(4)


def test_a_seam_snaps_to_where_the_takes_agree(clip: Takes) -> None:
    """Beside the stretch that differs, both takes are the same."""
    assert apart(clip, 0, 1, ["left_arm"])[25] > 50
    found = snap(clip, 0, 1, ["left_arm"], 23)
    assert found.frame <= 19
    assert found.degrees < 1
    assert snap(clip, 0, 1, ["left_arm"], 30, reach_s=0.1).frame in range(28, 33)


def test_a_decision_snaps_at_both_ends_but_not_at_the_clips(clip: Takes) -> None:
    wish = Decision(0.92, 1.48, 1, "left_arm")
    better = snapped(wish, ChoiceTrack(), clip)
    assert better.first < 0.8
    assert better.last > 1.58
    all_of_it = Decision(0.0, float(clip.times[-1]), 1)
    assert snapped(all_of_it, ChoiceTrack(), clip) == all_of_it


def test_a_seam_outside_of_the_clip_is_refused(clip: Takes) -> None:
    with pytest.raises(RetakeError, match="frame 60 is outside"):
        snap(clip, 0, 1, ["left_arm"], 60)


def test_a_fade_through_postures_that_no_take_shows_is_told(clip: Takes) -> None:
    bold = ChoiceTrack((Decision(1.2, 2.3, 1, "left_arm", 0.4, 0.4),))
    (worst,) = departures(bold, clip)
    assert worst.seam.group == "left_arm"
    assert worst.degrees > 30
    assert worst.seconds == pytest.approx(1.2, abs=0.1)
    assert departures(ChoiceTrack((Decision(0.6, 2.0, 1, "left_arm"),)), clip) == []
