"""What a range offers; takes sampled again join the others and replace none."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from retake.blender_addon.choose import here
from retake.blender_addon.choose.choice_track import WHOLE
from retake.shared.errors import RetakeError
from retake.shared.takes import Takes

AGAIN = here.Again(0.8, 1.2, ("left_arm",), 0.5, 7)


def _more(takes: Takes) -> Takes:
    """Two takes that differ from hypothesis 0 in frames 20 to 30 only."""
    poses = np.repeat(takes.poses[:1], 2, axis=0)
    poses[1, 20:31, 13] = poses[1, 20:31, 12] + (0.25, 0, 0)
    poses[0, 20:31, 13] = poses[0, 20:31, 12] - (0.25, 0, 0)
    return replace(
        takes,
        poses=poses,
        root=takes.root[:2],
        weights=np.array([0.5, 0.5], np.float32),
        groups=takes.groups,
    )


def test_a_range_offers_what_differs_there(clip: Takes) -> None:
    arms = here.alternatives_in(clip, "left_arm", 22, 37)
    assert len(arms) == 2
    assert {arm.hypothesis % 2 for arm in arms} == {0, 1}
    assert sum(arm.share for arm in arms) == pytest.approx(1)
    assert len(here.alternatives_in(clip, "left_arm", 42, 59)) == 1
    assert len(here.alternatives_in(clip, "left_leg", 22, 37)) == 1
    assert len(here.alternatives_in(clip, WHOLE, 22, 37)) == 2


def test_of_the_whole_clip_the_servers_own_names_hold(clip: Takes) -> None:
    assert here.alternatives_in(clip, "left_arm", 0, 59) == clip.groups["left_arm"]
    heavy = replace(clip, weights=np.array([0.1, 0.1, 0.3, 0.2, 0.2, 0.1], np.float32))
    shown = here.alternatives_in(heavy, WHOLE, 0, 59)
    assert [a.hypothesis for a in shown] == [2, 3, 4, 0, 1]
    named = replace(clip, whole=clip.groups["torso_head"])
    assert here.alternatives_in(named, WHOLE, 0, 59) == named.whole


def test_new_takes_join_the_others_and_nothing_old_changes(clip: Takes) -> None:
    merged = here.with_more(clip, _more(clip), AGAIN)
    assert merged.hypothesis_count == 8
    np.testing.assert_array_equal(merged.poses[:6], clip.poses)
    np.testing.assert_array_equal(merged.root[:6], clip.root)
    assert merged.best == clip.best
    assert merged.weights.sum() == pytest.approx(1)
    assert merged.weights[6:].sum() == pytest.approx(2 / 8)
    (entry,) = merged.provenance[here.RESAMPLED]
    assert entry["hypotheses"] == [6, 8]
    assert (entry["seed"], entry["model"]) == (7, "small")


def test_they_count_only_in_their_range(clip: Takes) -> None:
    merged = here.with_more(clip, _more(clip), AGAIN)
    assert here.valid_in(merged, 0.9, 1.0).tolist() == list(range(8))
    assert here.valid_in(merged, 1.3, 2.0).tolist() == list(range(6))
    inside = here.alternatives_in(merged, "left_arm", 20, 30)
    assert {6, 7} <= {a.hypothesis for a in inside}
    outside = here.alternatives_in(merged, "left_arm", 32, 59)
    assert outside == here.alternatives_in(clip, "left_arm", 32, 59)


def test_they_survive_a_second_time_and_the_file(clip: Takes, tmp_path: Path) -> None:
    twice = here.with_more(here.with_more(clip, _more(clip), AGAIN), _more(clip), AGAIN)
    twice.save(tmp_path / "takes.npz")
    read = Takes.load(tmp_path / "takes.npz")
    assert [e["hypotheses"] for e in read.provenance[here.RESAMPLED]] == [[6, 8], [8, 10]]
    assert here.valid_in(read, 2.0, 2.2).tolist() == list(range(6))


def test_takes_of_another_clip_do_not_join(clip: Takes, takes: Takes) -> None:
    with pytest.raises(RetakeError, match="not of the same clip"):
        here.with_more(clip, takes, AGAIN)


@pytest.mark.parametrize(("first", "last"), [(-1, 5), (9, 8), (0, 60)])
def test_a_range_outside_of_the_clip_is_refused(clip: Takes, first: int, last: int) -> None:
    with pytest.raises(RetakeError, match="frames 0 to 59"):
        here.alternatives_in(clip, WHOLE, first, last)


def test_the_take_that_is_worn_stands_for_those_like_it(clip: Takes) -> None:
    rows = here.alternatives_in(clip, "left_arm", 22, 37)
    shown = [row.hypothesis for row in rows]
    for worn in set(range(clip.hypothesis_count)) - set(shown):
        changed = here.with_worn(clip, rows, "left_arm", worn, 22, 37)
        ((before, after),) = [
            (a, b) for a, b in zip(rows, changed, strict=True) if a.hypothesis != b.hypothesis
        ]
        assert after == replace(before, hypothesis=worn)
        assert after.hypothesis % 2 == before.hypothesis % 2  # the clip has two kinds of arms
    assert here.with_worn(clip, rows, "left_arm", shown[1], 22, 37) == rows
