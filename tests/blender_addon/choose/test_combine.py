"""One motion of several takes: bones keep lengths, seams are smooth, the rest stays."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from retake.blender_addon.choose.choice_track import ChoiceTrack, Decision
from retake.blender_addon.choose.combine import choice_of, combine, turned_partway
from retake.shared.arrays import Floats
from retake.shared.bones import decompose
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.root import solve_root
from retake.shared.rotations import normalise
from retake.shared.skeleton import HUMAN36M
from retake.shared.takes import Takes

ARM = Decision(0.8, 1.6, 1, "left_arm", 0.16, 0.16)


def test_one_hypothesis_is_itself(clip: Takes) -> None:
    expected = clip.poses[3] + clip.root[3][:, None]
    np.testing.assert_allclose(combine(clip, 3), expected, atol=1e-6)
    np.testing.assert_allclose(combine(clip, choice_of(clip, 3)), expected, atol=1e-6)


def test_decisions_over_nothing_are_the_best(clip: Takes) -> None:
    np.testing.assert_array_equal(combine(clip, ChoiceTrack()), combine(clip, None))
    np.testing.assert_array_equal(combine(clip, []), combine(clip, None))


def test_a_decision_changes_its_limb_in_its_range_only(clip: Takes) -> None:
    chosen, best, other = combine(clip, [ARM]), combine(clip, None), combine(clip, 1)
    inside = slice(23, 38)  # without the fades of two frames to each side
    np.testing.assert_allclose(chosen[inside, 11:14], other[inside, 11:14], atol=1e-12)
    others = [joint for joint in range(17) if joint not in (12, 13)]
    np.testing.assert_allclose(chosen[:, others], best[:, others], atol=1e-12)
    np.testing.assert_array_equal(chosen[:17], best[:17])
    np.testing.assert_array_equal(chosen[44:], best[44:])


def test_bones_keep_their_lengths_in_every_fade(clip: Takes) -> None:
    """Averaged positions would not: half way between two directions a limb is too short."""
    lengths = decompose(combine(clip, [ARM]), HUMAN36M)[0]
    np.testing.assert_allclose(lengths - lengths[0], 0, atol=1e-6)
    apart = clip.poses[0, 21, 13] - clip.poses[1, 21, 13]
    assert np.linalg.norm(apart) > 0.1


def test_a_fade_is_smooth_and_a_cut_is_none(clip: Takes) -> None:
    def largest_step(blend: float) -> float:
        moves = np.diff(combine(clip, [Decision(1.0, 2.4, 1, "left_arm", blend, 0)]), axis=0)
        return float(np.linalg.norm(moves[15:30, 13], axis=-1).max())

    cut, short, long = (largest_step(blend) for blend in (0.0, 0.16, 0.5))
    assert cut > 1.5 * short > 1.5 * 1.5 * long


def test_many_seams_on_few_frames_stay_continuous(clip: Takes) -> None:
    rows = [
        Decision(1.0 + i * 0.08, 1.04 + i * 0.08, i % 5, "left_arm", 0.4, 0.4) for i in range(5)
    ]
    steps = np.linalg.norm(np.diff(combine(clip, rows), axis=0)[15:35, 13], axis=-1)
    jump = np.linalg.norm((clip.poses[1] - clip.poses[0])[25:35, 13], axis=-1).max()
    assert steps.max() < 0.7 * jump


@given(st.floats(0, 1), st.integers(0, 1000))
def test_directions_turn_on_the_great_circle(share: float, seed: int) -> None:
    before, after = normalise(np.random.default_rng(seed).normal(size=(2, 1, 3)))
    turned = turned_partway(before, after, np.array([[share]]))
    assert np.linalg.norm(turned) == pytest.approx(1)
    whole = _angle(before, after)
    assert _angle(before, turned) == pytest.approx(share * whole, abs=1e-6)
    assert _angle(turned, after) == pytest.approx((1 - share) * whole, abs=1e-6)


def test_opposite_directions_turn_through_something_that_is_no_point() -> None:
    up = np.array([[0.0, 0.0, 1.0]])
    for share in (0.25, 0.5, 0.75):
        assert np.linalg.norm(turned_partway(up, -up, np.array([[share]]))) == pytest.approx(1)


def test_the_place_is_solved_again_where_limbs_are_mixed(
    clip: Takes, clip_track: KeypointTrack
) -> None:
    """As much as the place of the mixed body differs from that of the torso's own take."""
    clip.poses[2] = _with_long_legs(clip)
    choice = {**choice_of(clip, 0), "left_leg": 2, "right_leg": 2}
    moved = combine(clip, choice, clip_track) - combine(clip, choice)
    roots = [
        solve_root(poses, clip_track.points, clip_track.confidence, clip.camera, clip.fps)
        for poses in (combine(clip, choice) - clip.root[0][:, None], clip.poses[0])
    ]
    np.testing.assert_allclose(moved[:, 5], roots[0] - roots[1], atol=1e-6)
    assert np.median(moved[:, 5, 2]) > 0.05


def test_the_place_far_from_mixed_limbs_stays_bit_by_bit(
    clip: Takes, clip_track: KeypointTrack
) -> None:
    clip.poses[2] = _with_long_legs(clip)
    legs = [Decision(1.0, 1.2, 2, "left_leg"), Decision(1.0, 1.2, 2, "right_leg")]
    kept, solved = combine(clip, legs), combine(clip, legs, clip_track)
    np.testing.assert_array_equal(kept[:12], solved[:12])
    np.testing.assert_array_equal(kept[44:], solved[44:])
    assert np.abs(kept - solved)[25:31].max() > 0.01
    steps = np.linalg.norm(np.diff(solved[:, 0] - kept[:, 0], axis=0), axis=-1)
    assert steps.max() < 0.03


def test_nothing_is_solved_where_one_take_is_whole(clip: Takes, clip_track: KeypointTrack) -> None:
    rows = [Decision(0.5, 1.0, 4)]
    np.testing.assert_array_equal(combine(clip, rows), combine(clip, rows, clip_track))


def test_a_track_of_another_clip_is_refused(clip: Takes, track: KeypointTrack) -> None:
    with pytest.raises(RetakeError, match="not of the same clip"):
        combine(clip, [ARM], track)


def test_a_hypothesis_that_does_not_exist_is_refused(clip: Takes) -> None:
    with pytest.raises(RetakeError, match="no hypothesis 9: the takes hold 0 to 5"):
        combine(clip, 9)


def _angle(one: Floats, other: Floats) -> float:
    return float(np.arctan2(np.linalg.norm(np.cross(one, other)), np.sum(one * other)))


def _with_long_legs(takes: Takes) -> Floats:
    poses = takes.poses[0].copy()
    poses[:, (2, 3, 5, 6)] *= 1.15
    return poses
