"""Pins are met, their neighbours bend smoothly, and nothing else changes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from retake.shared.arrays import Floats
from retake.shared.model.guidance.bones import Body
from retake.shared.model.guidance.falloff import fall_off, inside, smooth_step
from retake.shared.model.guidance.pins import Pin, Pins, missed
from retake.shared.skeleton import HUMAN36M
from torch import Tensor

LEFT_WRIST, RIGHT_WRIST, RIGHT_FOOT = 13, 16, 3
EVERY = tuple(range(17))
FREE = np.zeros(3)


def pin(motions: Tensor, joint: int, frame: int, move: tuple[float, float, float]) -> Pin:
    """A pin at a distance of `move` from where the first motion has the joint."""
    place = motions[0, frame, joint].double().numpy()
    return Pin(joint, frame, place + np.array(move), FREE)


def pins(body: Body, *asked: Pin, frames: int = 90) -> Pins:
    return Pins(asked, body, 0, frames - 1, EVERY)


def third_differences(values: Tensor | Floats) -> float:
    return float(np.abs(np.diff(np.asarray(values), n=3, axis=-2)).max())


@pytest.mark.parametrize(
    ("joint", "move"),
    [
        (RIGHT_WRIST, (0.1, -0.15, 0.1)),
        (LEFT_WRIST, (-0.2, 0.0, 0.0)),
        (RIGHT_FOOT, (0.1, -0.1, 0.1)),
        (15, (0.05, -0.05, 0.0)),
        (8, (0.1, 0.03, 0.02)),
    ],
)
def test_a_pin_is_met_with_unchanged_lengths(
    motions: Tensor, body: Body, joint: int, move: tuple[float, float, float]
):
    asked = pin(motions, joint, 40, move)
    result = pins(body, asked)(motions, 0, 0)
    assert missed(motions.numpy(), [asked])
    assert not missed(result.numpy(), [asked])
    torch.testing.assert_close(body.split(result)[1], body.split(motions)[1], atol=1e-6, rtol=0)


def test_frames_beyond_the_fall_off_stay_bit_by_bit(motions: Tensor, body: Body):
    guide = pins(body, pin(motions, RIGHT_WRIST, 40, (0.1, -0.1, 0.1)))
    result = guide(motions, 0, 0)
    away = torch.from_numpy(np.abs(np.arange(90) - 40) >= guide.reach)
    assert torch.equal(result[:, away], motions[:, away])
    assert not torch.equal(result[:, 40 - guide.reach + 5], motions[:, 40 - guide.reach + 5])


def test_neighbours_bend_smoothly(motions: Tensor, body: Body):
    """The change has little more jerk than the smoothest step of its size, and no spike at all."""
    move = (0.1, -0.15, 0.1)
    asked = pin(motions, RIGHT_WRIST, 40, move)
    guide = pins(body, asked)
    change = (guide(motions, 0, 0) - motions)[0, :, RIGHT_WRIST]
    bump = smooth_step(1 - np.abs(np.arange(90) - 40) / guide.reach)[:, None] * np.array(move)
    assert third_differences(change) < 4 * third_differences(bump)
    spike = np.zeros((90, 3))
    spike[40] = move
    assert third_differences(spike) > 30 * third_differences(bump)


def test_a_held_joint_does_not_jump_when_another_pin_comes(motions: Tensor, body: Body):
    """One hand is held for long, the other is pinned once, both out of reach without the trunk."""
    held = [pin(motions, LEFT_WRIST, f, (0.15, -0.2, 0.0)) for f in range(20, 70)]
    once = pin(motions, RIGHT_WRIST, 45, (0.0, -0.2, 0.2))
    result = pins(body, *held, once)(motions, 0, 0)
    assert not missed(result.numpy()[:1], [*held, once])
    alone = pins(body, *held)(motions, 0, 0)
    trunk = (result - alone)[0, :, 8]
    assert third_differences(trunk) < 0.2 * float(trunk.norm(dim=-1).max())


def test_both_hands_and_a_foot_on_one_frame(motions: Tensor, body: Body):
    asked = [
        pin(motions, LEFT_WRIST, 30, (0.1, -0.1, 0.0)),
        pin(motions, RIGHT_WRIST, 30, (-0.1, -0.1, 0.1)),
        pin(motions, RIGHT_FOOT, 30, (0.05, -0.1, 0.0)),
    ]
    assert not missed(pins(body, *asked)(motions, 0, 0).numpy(), asked)


def test_pins_close_in_time_are_all_met(motions: Tensor, body: Body):
    asked = [pin(motions, RIGHT_WRIST, f, (0.02 * (f % 3), -0.1, 0.0)) for f in (30, 34, 35, 44)]
    assert not missed(pins(body, *asked)(motions, 0, 0).numpy(), asked)


def test_what_cannot_be_reached_is_neared_and_reported(motions: Tensor, body: Body):
    asked = pin(motions, RIGHT_WRIST, 40, (3.0, 0.0, 0.0))
    result = pins(body, asked)(motions, 0, 0)
    before, after = missed(motions.numpy(), [asked]), missed(result.numpy(), [asked])
    assert [(m.joint, m.frame, m.hypothesis) for m in after] == [
        (RIGHT_WRIST, 40, h) for h in range(3)
    ]
    shortest = np.linalg.norm(asked.point) - float(
        body.split(motions)[1][0, 0, list(HUMAN36M.path(RIGHT_WRIST))[1:]].sum()
    )
    for b, a in zip(before, after, strict=True):
        assert shortest < a.distance < b.distance - 0.1
    arm = body.split(result)[0][:, 40, [15, 16]]
    assert float((arm[:, 0] * arm[:, 1]).sum(dim=-1).min()) > 0.99


def test_on_a_ray_only_the_depth_is_free(motions: Tensor, body: Body):
    eye = np.array([0.0, 0.0, -4.0])
    seen = motions[0, 40, RIGHT_WRIST].double().numpy() + np.array((0.1, -0.1, 0.0))
    along = (seen - eye) / np.linalg.norm(seen - eye)
    asked = Pin(RIGHT_WRIST, 40, eye, along)
    result = pins(body, asked)(motions, 0, 0)
    assert not missed(result.numpy(), [asked], tolerance=0.001)
    depths = (result[:, 40, RIGHT_WRIST].double().numpy() - eye) @ along
    assert np.ptp(depths) > 0.01


def test_a_clip_in_blocks_gives_what_the_whole_gives(motions: Tensor, body: Body):
    asked = [pin(motions, RIGHT_WRIST, f, (0.1, -0.1, 0.1)) for f in (25, 33, 60)]
    guide = pins(body, *asked)
    whole = guide(motions, 0, 0)
    for first, last in ((0, 20), (20, 40), (40, 90)):
        a, b = max(first - guide.reach, 0), min(last + guide.reach, 90)
        block = guide(motions[:, a:b], a, 0)[:, first - a : last - a]
        torch.testing.assert_close(block, whole[:, first:last], atol=1e-6, rtol=0)


def test_only_the_bones_and_frames_allowed_move(motions: Tensor, body: Body):
    asked = pin(motions, RIGHT_WRIST, 40, (0.05, -0.05, 0.05))
    guide = replace(pins(body, asked), joints=(14, 15, 16), first=35, last=90)
    result = guide(motions, 0, 0)
    assert not missed(result.numpy(), [asked])
    assert torch.equal(result[:, :35], motions[:, :35])
    others = [j for j in EVERY if j not in (14, 15, 16)]
    torch.testing.assert_close(result[:, :, others], motions[:, :, others], atol=1e-6, rtol=0)


def test_weights_of_close_pins_sum_to_one_between_them():
    frames, pinned = np.arange(40), np.array([10, 16, 17])
    weights = fall_off(frames, pinned, 12, 5, 39)
    np.testing.assert_allclose(weights[pinned], np.eye(3))
    np.testing.assert_allclose(weights[10:18].sum(axis=1), 1)
    assert not weights[:5].any()
    assert not weights[29:].any()


def test_the_weight_of_a_range_rises_inside_it():
    weights = inside(np.arange(30), 8, 22, 4)
    assert not weights[:8].any()
    assert not weights[23:].any()
    assert (np.diff(weights[7:13]) > 0).all()
    np.testing.assert_array_equal(weights[12:19], 1)
