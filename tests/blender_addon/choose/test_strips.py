"""The timeline's strip: heat where takes disagree, colours where somebody decided."""

from __future__ import annotations

import numpy as np
import pytest
from retake.blender_addon.choose import strips
from retake.blender_addon.choose.agreement import doubt_of
from retake.blender_addon.choose.choice_track import ChoiceTrack, Decision
from retake.blender_addon.choose.colours import colour_of, heat
from retake.shared.arrays import Floats
from retake.shared.contact_spans import ContactSpans
from retake.shared.takes import Takes

ARM_ROW = strips.ROWS.index("left_arm")


def _frame_of(seconds: float) -> float:
    return 1 + 25 * seconds


def _boxes(quads: strips.Quads) -> tuple[Floats, Floats]:
    """(N, 4) left, below, right, above and (N, 4) colours."""
    corners = quads.corners.reshape(-1, 6, 2)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return boxes, quads.colours.reshape(-1, 6, 4)[:, 0]


def test_columns_cover_the_clip_and_are_hot_where_takes_disagree(clip: Takes) -> None:
    boxes, colours = _boxes(strips.heat_of(clip, doubt_of(clip), _frame_of, 10.0))
    assert len(boxes) == 60 * len(strips.ROWS)
    assert (boxes[:, 0].min(), boxes[:, 2].max()) == pytest.approx((0.5, 60.5))
    in_row = np.floor(boxes[:, 1]) == ARM_ROW
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    hot = colours[in_row & (middle > 25) & (middle < 38), 0]
    cold = colours[in_row & (middle < 15), 0]
    assert hot.min() > cold.max()


def test_decisions_lie_over_their_frames_in_their_colour(clip: Takes) -> None:
    track = ChoiceTrack((Decision(0.8, 1.6, 1, "left_arm", colour=1),))
    boxes, colours = _boxes(strips.chosen_of(clip, track, _frame_of))
    assert boxes.tolist() == [pytest.approx([20.5, ARM_ROW, 41.5, ARM_ROW + strips.CHOSEN_HEIGHT])]
    assert tuple(colours[0, :3]) == pytest.approx(colour_of(1))
    none, _ = _boxes(strips.chosen_of(clip, ChoiceTrack(), _frame_of))
    assert len(none) == 0


def test_a_foot_that_stands_has_a_row_for_heel_and_toe() -> None:
    spans = ContactSpans(left_toe=((0.0, 0.4), (1.0, 1.2)), right_heel=((0.2, 0.2),))
    boxes, _ = _boxes(strips.standing_of(spans, _frame_of))
    rows = {"right_heel": 1, "left_toe": 2}
    found = sorted((box[1], box[0], box[2]) for box in boxes.tolist())
    assert found == [
        pytest.approx((rows["right_heel"], 5.5, 6.5)),
        pytest.approx((rows["left_toe"], 0.5, 11.5)),
        pytest.approx((rows["left_toe"], 25.5, 31.5)),
    ]


def test_long_clips_have_no_more_columns_than_a_screen(clip: Takes) -> None:
    edges = strips._edges(  # pyright: ignore[reportPrivateUsage]
        type("Long", (), {"frame_count": 100_000})()  # pyright: ignore[reportArgumentType]
    )
    assert len(edges) == strips.MOST_COLUMNS + 1
    assert (edges[0], edges[-1]) == (0, 100_000)
    assert np.all(np.diff(edges) >= 1)


@pytest.mark.parametrize("height", [20.0, 40.0, 60.0, 120.0, 900.0])
def test_it_stays_inside_of_its_region(height: float) -> None:
    layout = strips.placed(height)
    assert strips.LOWEST_PX <= layout.row <= strips.HIGHEST_PX
    top = layout.limbs + layout.row * len(strips.ROWS)
    highest = max(height, 12) - (height > 60) * strips.SCRUB_PX
    assert top <= highest
    if layout.feet is not None:
        assert layout.feet + layout.row * len(strips.FEET) <= layout.limbs
    if layout.legend is not None:
        assert top <= layout.legend <= highest - layout.row


def test_feet_and_words_need_room() -> None:
    assert strips.placed(80.0).feet is None
    assert not strips.placed(80.0).has_words
    assert strips.placed(300.0).feet is not None
    assert strips.placed(300.0).legend is not None


def test_heat_rises() -> None:
    brightness = [sum(heat(share)) for share in np.linspace(-0.1, 1.1, 20)]
    assert brightness == sorted(brightness)
