"""What may be asked for, and the words in which the rest is refused."""

from typing import Any

import numpy as np
import pytest
from retake.shared.errors import FieldError
from retake.shared.steering import PinnedJoint, Range, Steering


def pinned(**changes: Any) -> PinnedJoint:
    fields: dict[str, Any] = {"joint": 16, "frame": 5, "space": "hip", "place": (0.1, 0.2, 0.3)}
    return PinnedJoint(**{**fields, **changes})


def lengths(value: float = 0.3, joint: int = 5) -> Any:
    wanted = np.full(17, 0.3)
    wanted[joint] = value
    return wanted


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"lengths": np.ones(16)}, "lengths"),
        ({"lengths": lengths(30.0)}, "lengths"),
        ({"lengths": lengths(0.0)}, "lengths"),
        ({"variety": -0.1}, "variety"),
        ({"variety": float("nan")}, "variety"),
        ({"pins": (pinned(), pinned(joint=0))}, "pins[1].joint"),
        ({"pins": (pinned(joint=17),)}, "pins[0].joint"),
        ({"pins": (pinned(space="world"),)}, "pins[0].space"),
        ({"pins": (pinned(place=(1.0, 2.0)),)}, "pins[0].place"),
        ({"pins": (pinned(space="picture"),)}, "pins[0].place"),
        ({"pins": (pinned(place=(float("nan"), 0.0, 0.0)),)}, "pins[0].place"),
        ({"pins": (pinned(space="camera", place=(0.0, 0.0, -1.0)),)}, "pins[0].place"),
        ({"pins": (pinned(), pinned(place=(0.0, 0.0, 0.0)))}, "pins"),
        ({"range": Range(first=5, last=4)}, "range.last"),
        ({"range": Range(first=-1, last=4)}, "range.first"),
        ({"range": Range(first=0, last=4, groups=())}, "range.groups"),
        ({"range": Range(first=0, last=4, groups=("tail",))}, "range.groups"),
        ({"range": Range(first=0, last=4, strength=1.5)}, "range.strength"),
        ({"range": Range(first=0, last=4, blend=-1)}, "range.blend"),
        ({"range": Range(first=0, last=4), "pins": (pinned(),)}, "pins[0].frame"),
        (
            {"range": Range(first=0, last=9, groups=("left_arm",)), "pins": (pinned(),)},
            "pins[0].joint",
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(fields: dict[str, Any], named: str):
    with pytest.raises(FieldError) as raised:
        Steering(**fields)
    assert raised.value.field == named


def test_frames_beyond_the_clip_are_refused():
    Steering(pins=(pinned(),), range=Range(first=0, last=5)).check_clip(6)
    for steering, named in (
        (Steering(pins=(pinned(),)), "pins[0].frame"),
        (Steering(range=Range(first=0, last=5)), "range.last"),
    ):
        with pytest.raises(FieldError) as raised:
            steering.check_clip(5)
        assert raised.value.field == named


def test_unknown_lengths_and_the_root_are_no_mistake():
    Steering(lengths=lengths(float("nan")))
    Steering(lengths=lengths(0.0, joint=0))


def test_groups_name_their_joints():
    assert Range(first=0, last=1, groups=("right_leg", "left_arm")).joints == (1, 2, 3, 11, 12, 13)
    assert Range(first=0, last=1).joints == tuple(range(17))
