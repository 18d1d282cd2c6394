"""Names on made-up poses: what is seen is said, and no two takes are called the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from retake.shared.arrays import Floats
from retake.shared.choosing.names import Scene, names_of
from retake.shared.choosing.words import qualities_of
from retake.shared.takes import LIMB_GROUPS

Direction = tuple[float, float, float]
Figure = Callable[..., Floats]


@pytest.mark.parametrize(
    ("group", "one", "other", "names"),
    [
        (
            "left_arm",
            {"left_elbow": (0, 0.7, -0.7), "left_wrist": (-0.3, 0.2, -1)},
            {"left_elbow": (0, 0.7, 0.7), "left_wrist": (-0.3, 0.2, 1)},
            ["left hand far in front", "left hand behind back"],
        ),
        (
            "left_arm",
            {"left_elbow": (0, 1, 0), "left_wrist": (-0.2, -0.3, -1)},
            {"left_elbow": (0, 1, 0), "left_wrist": (0, 1, 0.1)},
            ["left hand at belly height", "left hand hanging down"],
        ),
        (
            "right_arm",
            {"right_elbow": (-0.3, -1, 0), "right_wrist": (0, -1, 0)},
            {},
            ["right hand above head", "right hand hanging down"],
        ),
        (
            "right_arm",
            {"right_elbow": (-1, 0.1, 0), "right_wrist": (-1, 0, 0)},
            {"right_elbow": (-0.3, 0.1, 0), "right_wrist": (1, 0.1, -0.1)},
            ["right hand far out to the side", "right hand close to body"],
        ),
        (
            "left_leg",
            {"left_knee": (0, 1, 0.5), "left_foot": (0, 1, 0.3)},
            {"left_knee": (0, 1, -0.2), "left_foot": (0, 1, -0.2)},
            ["left foot behind right", "left foot in front of right"],
        ),
        (
            "right_leg",
            {"right_knee": (0, 0.8, -0.6), "right_foot": (0, 0.8, 0.6)},
            {"right_knee": (-0.6, 0.8, 0), "right_foot": (0.6, 0.8, 0)},
            ["right knee bent forward", "right knee below hip"],
        ),
        (
            "torso_head",
            {"neck": (0.45, -0.8, -0.4)},
            {"neck": (-0.45, -0.8, -0.4)},
            ["head turned left", "head turned right"],
        ),
        (
            "torso_head",
            {"spine": (0, -1, -0.5), "thorax": (0, -1, -0.5)},
            {"spine": (0, -1, 0.4), "thorax": (0, -1, 0.4)},
            ["leaning forward", "leaning back"],
        ),
    ],
)
def test_names_say_what_differs(
    figure: Figure,
    group: str,
    one: dict[str, Direction],
    other: dict[str, Direction],
    names: list[str],
) -> None:
    assert names_of([Scene(group, 1.0, np.stack([figure(**one), figure(**other)]))]) == names


def test_names_do_not_depend_on_where_the_body_looks(figure: Figure) -> None:
    """Seen from the side and from behind, a hand before the chest stays there."""
    poses = np.stack(
        [
            figure(left_elbow=(0, 1, -0.3), left_wrist=(-0.2, -0.6, -1)),
            figure(left_elbow=(0, 1, 0.5), left_wrist=(0, 0.5, 1)),
        ]
    )
    for yaw in np.radians((0, 90, 180, 250)):
        turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
        assert names_of([Scene("left_arm", 0.0, poses @ turn.T)]) == [
            "left hand in front of chest",
            "left hand behind back",
        ]


def test_a_body_turned_round_is_told_by_where_it_faces(figure: Figure) -> None:
    poses = np.stack([figure(), figure() * (-1, 1, -1)])
    for group in LIMB_GROUPS:
        names = names_of([Scene(group, 0.0, poses)])
        assert names == ["facing camera", "facing away from camera"]


def test_small_differences_are_compared(figure: Figure) -> None:
    poses = np.stack([figure(left_wrist=(0, 1, -z)) for z in (0.75, 0.6, 0.9)])
    two = names_of([Scene("left_arm", 0.0, poses[:2])])
    assert two == ["left hand further in front", "left hand further back"]
    three = names_of([Scene("left_arm", 0.0, poses)])
    assert [name.partition(": ")[2] for name in three] == ["2 of 3", "1 of 3", "3 of 3"]


def test_the_time_is_said_where_takes_differ_at_several(figure: Figure) -> None:
    front, back = figure(left_wrist=(0, 0.3, -1)), figure(left_wrist=(0, 0.3, 1))
    scenes = [
        Scene("left_arm", 1.0, np.stack([front, front, back])),
        Scene("left_arm", 4.0, np.stack([front, back, back])),
    ]
    assert names_of(scenes) == [
        "left hand in front of belly at 4.0 s",
        "left hand behind back at 4.0 s",
        "left hand behind back at 1.0 s",
    ]


@pytest.mark.parametrize("group", LIMB_GROUPS)
def test_no_two_of_any_takes_have_the_same_name(group: str) -> None:
    poses = np.random.default_rng(0).normal(0, 0.4, (40, 5, 17, 3))
    for few in poses:
        assert len(set(names_of([Scene(group, 0.0, few)]))) == 5
        alike = few[:1] + 1e-3 * few
        assert len(set(names_of([Scene(group, 0.0, alike)]))) == 5
        assert len(set(names_of([Scene(group, 0.01, few[::-1]), Scene(group, 0.02, alike)]))) == 5


@pytest.mark.parametrize("group", LIMB_GROUPS)
def test_every_number_has_a_word(group: str) -> None:
    for quality in qualities_of(group):
        assert len(quality.words) == len(quality.limits) + 1
        assert list(quality.limits) == sorted(quality.limits)
        assert len({*quality.words, quality.less, quality.more}) == len(quality.words) + 2
