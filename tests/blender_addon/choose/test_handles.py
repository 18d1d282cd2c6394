"""The ends of decisions and contacts on the strip: found under the mouse, moved."""

from __future__ import annotations

from dataclasses import replace

import pytest
from retake.blender_addon.choose.choice_track import ChoiceTrack, Decision
from retake.blender_addon.choose.handles import (
    DECISION,
    REACH_PX,
    Handle,
    ends_of,
    handle_at,
    with_contact_end,
    with_end,
)
from retake.blender_addon.choose.seams import snap
from retake.blender_addon.choose.strips import FEET, ROWS, Layout, placed
from retake.shared.contact_spans import ContactSpans
from retake.shared.takes import Takes

ARM = Decision(0.8, 1.6, 1, "left_arm")
LAYOUT = placed(300.0)
SPANS = ContactSpans(left_heel=((0.0, 0.5), (1.0, 1.5)))


def _frame_of(seconds: float) -> float:
    return 1 + 25 * seconds


def _x(frame: float) -> float:
    return 10 * frame


def _limb_y(group: str, layout: Layout = LAYOUT) -> float:
    return layout.limbs + layout.row * (ROWS.index(group) + 0.5)


def _foot_y(part: str) -> float:
    assert LAYOUT.feet is not None
    return LAYOUT.feet + LAYOUT.row * (FEET.index(part) + 0.5)


def _under(x: float, y: float, *decisions: Decision, layout: Layout = LAYOUT) -> Handle | None:
    ends = ends_of(ChoiceTrack(decisions or (ARM,)), SPANS, _frame_of)
    return handle_at(ends, (x, y), layout, _x)


def test_the_ends_are_found_where_the_rectangles_end() -> None:
    y = _limb_y("left_arm")
    assert _under(_x(20.5), y) == Handle(DECISION, 0, False)
    assert _under(_x(41.5) + REACH_PX - 0.1, y) == Handle(DECISION, 0, True)
    assert _under(_x(41.5) + REACH_PX + 0.1, y) is None
    assert _under(_x(30), y) is None, "its middle is Blender's"
    assert _under(_x(20.5), _limb_y("right_arm")) is None
    assert _under(_x(20.5), LAYOUT.limbs + LAYOUT.row * 5 + 1) is None


def test_a_decision_for_the_whole_body_is_dragged_by_any_row() -> None:
    whole = replace(ARM, group="whole")
    for group in ROWS:
        assert _under(_x(20.5), _limb_y(group), whole) == Handle(DECISION, 0, False)


def test_of_two_ends_at_one_place_the_later_decision_is_meant() -> None:
    assert _under(_x(20.5), _limb_y("left_arm"), ARM, ARM) == Handle(DECISION, 1, False)


def test_contacts_have_ends_too_where_their_rows_are() -> None:
    assert _under(_x(38.5), _foot_y("left_heel")) == Handle("left_heel", 1, True)
    assert _under(_x(38.5), _foot_y("left_toe")) is None
    low = placed(80.0)
    assert low.feet is None
    assert _under(_x(20.5), _limb_y("left_arm", low), layout=low) == Handle(DECISION, 0, False)


def test_thin_rows_are_met_from_a_little_away() -> None:
    thin = placed(40.0)
    above = thin.limbs + thin.row * len(ROWS) + 1
    whole = replace(ARM, group="whole")
    assert _under(_x(20.5), above, whole, layout=thin) == Handle(DECISION, 0, False)
    assert _under(_x(20.5), above + 10, whole, layout=thin) is None


def test_an_end_goes_where_it_is_dragged_and_not_past_the_other(clip: Takes) -> None:
    track = ChoiceTrack((replace(ARM, group="torso_head", hypothesis=2), ARM))
    new = with_end(track, 1, True, 1.2, clip, snap=False)
    assert new.decisions == (track.decisions[0], replace(ARM, last=1.2))
    crossed = with_end(track, 1, False, 2.0, clip, snap=False).decisions[1]
    assert (crossed.first, crossed.last) == (ARM.last, ARM.last)


def test_a_snapped_end_finds_the_frame_near_by_where_takes_agree(clip: Takes) -> None:
    # Hypothesis 1 leaves the best one between frames 19 and 21.
    new = with_end(ChoiceTrack((ARM,)), 0, False, float(clip.times[21]), clip, snap=True)
    best = snap(clip, clip.best["left_arm"], 1, ("left_arm",), 21, 0.2)
    assert new.decisions[0].first == clip.times[best.frame]
    assert best.frame < 21
    assert new.decisions[0].last == ARM.last, "only the end that is dragged moves"


def test_contacts_keep_apart() -> None:
    moved = with_contact_end(SPANS, "left_heel", 0, True, 0.7, 0.04)
    assert moved.left_heel == ((0.0, 0.7), (1.0, 1.5))
    later = with_contact_end(SPANS, "left_heel", 0, True, 1.4, 0.04).left_heel
    assert later[0] == (0.0, pytest.approx(0.96))
    earlier = with_contact_end(SPANS, "left_heel", 1, False, 0.1, 0.04).left_heel
    assert earlier[1] == (pytest.approx(0.54), 1.5)
    short = with_contact_end(SPANS, "left_heel", 1, True, 0.2, 0.04)
    assert short.left_heel[1] == (1.0, 1.0), "one frame is left of it"
