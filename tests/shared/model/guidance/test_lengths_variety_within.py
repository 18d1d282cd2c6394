"""Known lengths, variety, and the range that may change: each does what it says, exactly."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from retake.shared.model.guidance.bones import Body, turn
from retake.shared.model.guidance.lengths import KnownLengths
from retake.shared.model.guidance.variety import Variety
from retake.shared.model.guidance.within import Within
from retake.shared.skeleton import HUMAN36M
from torch import Tensor

LAST_T = 99
RIGHT_ARM = (14, 15, 16)


def rig(**unknown: int) -> Tensor:
    lengths = torch.linspace(0.1, 0.5, 17)
    lengths[list(unknown.values())] = torch.nan
    return lengths


def spread(motions: Tensor, around: Tensor, body: Body) -> Tensor:
    """Mean angle of every bone (J - 1,) from the mean direction of the hypotheses `around`."""
    directions = body.split(motions)[0]
    mean = body.split(around)[0].mean(dim=0, keepdim=True)
    mean = mean / mean.norm(dim=-1, keepdim=True)
    angle = torch.acos((directions * mean).sum(dim=-1).clamp(-1, 1))
    return angle.mean(dim=(0, 1))[1:]


def variety(body: Body, factor: float) -> Variety:
    return Variety(torch.full((17,), factor), body, LAST_T)


def test_lengths_are_exact_in_every_frame_and_directions_stay(motions: Tensor, body: Body):
    stretched = motions * torch.linspace(0.8, 1.2, 90)[:, None, None]
    directions, lengths = body.split(KnownLengths(rig(), body)(stretched, 0, 0))
    expected = rig()[1:, None].expand_as(lengths[..., 1:, :])
    torch.testing.assert_close(lengths[..., 1:, :], expected, atol=1e-6, rtol=0)
    torch.testing.assert_close(directions, body.split(motions)[0], atol=1e-5, rtol=0)


def test_an_unknown_length_stays_as_predicted(motions: Tensor, body: Body):
    lengths = body.split(KnownLengths(rig(shin=3, neck=9), body)(motions, 0, 0))[1]
    torch.testing.assert_close(
        lengths[..., [3, 9], :], body.split(motions)[1][..., [3, 9], :], atol=1e-6, rtol=0
    )
    torch.testing.assert_close(lengths[0, 5, [1, 16], 0], rig()[[1, 16]], atol=1e-6, rtol=0)


def test_a_bone_without_length_gets_one(body: Body):
    flat = KnownLengths(rig(), body)(torch.zeros(1, 1, 17, 3), 0, 0)
    torch.testing.assert_close(body.split(flat)[1][0, 0, 1:, 0], rig()[1:], atol=1e-6, rtol=0)


def test_variety_scales_the_angles_from_the_mean(motions: Tensor, body: Body):
    given = spread(motions, motions, body)
    for factor in (0.3, 0.8, 2.0):
        found = spread(variety(body, factor)(motions, 0, LAST_T), motions, body)
        torch.testing.assert_close(found / given, torch.full((16,), factor), atol=0.1, rtol=0)


def test_without_variety_all_hypotheses_are_the_mean(motions: Tensor, body: Body):
    narrow = variety(body, 0.0)(motions, 0, LAST_T)
    torch.testing.assert_close(narrow, narrow[:1].expand_as(narrow), atol=1e-6, rtol=0)
    mean = body.split(motions)[0].mean(dim=0)
    mean = mean / mean.norm(dim=-1, keepdim=True)
    torch.testing.assert_close(body.split(narrow)[0][0, :, 1:], mean[:, 1:], atol=1e-5, rtol=0)


def test_more_variety_is_more_spread_and_keeps_lengths(motions: Tensor, body: Body):
    widened = [variety(body, factor)(motions, 0, LAST_T) for factor in (0, 0.5, 1, 2, 5, 15, 20)]
    spreads = torch.stack([spread(motion, motions, body) for motion in widened])
    assert (spreads.diff(dim=0) > -1e-4).all()
    for motion in widened[2:]:
        torch.testing.assert_close(body.split(motion)[1], body.split(motions)[1])


def test_variety_of_one_changes_nothing(motions: Tensor, body: Body):
    torch.testing.assert_close(variety(body, 1.0)(motions, 0, LAST_T), motions, atol=1e-5, rtol=0)


def test_variety_waits_for_its_step(motions: Tensor, body: Body):
    assert torch.equal(variety(body, 3.0)(motions, 0, LAST_T + 1), motions)


def test_turning_stops_before_the_far_side():
    start, end = torch.tensor([1.0, 0, 0]), torch.tensor([0.0, 1.0, 0])
    torch.testing.assert_close(turn(start, end, 0.5), torch.tensor([0.5**0.5, 0.5**0.5, 0]))
    torch.testing.assert_close(turn(start, end, 3.0, most=torch.pi / 2), end)
    torch.testing.assert_close(turn(start, start, 0.5), start)


@pytest.fixture
def within(motions: Tensor, body: Body) -> Within:
    return Within(motions, 30, 69, 8, tuple(range(17)), body)


def other(motions: Tensor, body: Body) -> Tensor:
    """Another motion: every bone tilted the same way in all frames."""
    directions, lengths = body.split(motions)
    tilted = torch.nn.functional.normalize(directions + torch.tensor([0.3, 0, 0.2]), dim=-1)
    return body.join(tilted, lengths, motions)


def test_outside_the_range_the_take_stays_bit_by_bit(motions: Tensor, body: Body, within: Within):
    new = other(motions, body)
    result = within(new, 0, 0)
    assert torch.equal(result[:, :30], motions[:, :30])
    assert torch.equal(result[:, 70:], motions[:, 70:])
    torch.testing.assert_close(result[:, 38:62], new[:, 38:62], atol=1e-6, rtol=0)
    torch.testing.assert_close(body.split(result)[1], body.split(motions)[1], atol=1e-6, rtol=0)


def test_the_seam_has_no_jerk_of_its_own(motions: Tensor, body: Body, within: Within):
    def jerk(values: Tensor, first: int, last: int) -> float:
        return float(np.abs(np.diff(values.numpy(), n=3, axis=1))[:, first:last].max())

    new = other(motions, body)
    inside, seam = jerk(within(new, 0, 0), 40, 57), jerk(within(new, 0, 0), 26, 34)
    hard = jerk(replace(within, blend=0)(new, 0, 0), 26, 34)
    assert seam < 1.5 * inside
    assert hard > 5 * seam


def test_only_the_limbs_asked_for_change(motions: Tensor, body: Body, within: Within):
    result = replace(within, joints=RIGHT_ARM)(other(motions, body), 0, 0)
    others = [j for j in range(17) if j not in RIGHT_ARM]
    assert torch.equal(result[:, :, others], motions[:, :, others])
    assert float((result - motions)[:, 40:60, 16].norm(dim=-1).min()) > 0.02


def test_limbs_follow_a_trunk_that_may_change_alone(motions: Tensor, body: Body, within: Within):
    result = replace(within, joints=(7, 8, 9, 10))(other(motions, body), 0, 0)
    arms = [11, 12, 13, 14, 15, 16]
    torch.testing.assert_close(
        body.split(result)[0][:, :, arms], body.split(motions)[0][:, :, arms], atol=1e-5, rtol=0
    )
    legs = [j for j in range(17) if HUMAN36M.path(j)[1:2] in ((1,), (4,))]
    assert torch.equal(result[:, :, legs], motions[:, :, legs])


def test_blocks_find_their_place_in_the_take(motions: Tensor, body: Body, within: Within):
    new = other(motions, body)
    block = within(new[:, 20:50], 20, 0)
    assert torch.equal(block[:, :10], motions[:, 20:30])
    torch.testing.assert_close(block, within(new, 0, 0)[:, 20:50], atol=1e-6, rtol=0)
