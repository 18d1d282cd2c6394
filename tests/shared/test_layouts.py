"""Layouts -> the 17 joints: sides, symmetry, definitions of the built joints, all alike."""

from __future__ import annotations

import numpy as np
import pytest
from retake.shared.arrays import Floats64
from retake.shared.errors import RetakeError
from retake.shared.layouts.known import COCO17, GOLIATH308, LAYOUTS, MEDIAPIPE33, Layout
from retake.shared.layouts.to_h36m import MappedKeypoints, by_name, to_h36m
from retake.shared.skeleton import HUMAN36M

MIDLINE_X = 200.0
SWAP = [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, *(i + 1 if i % 2 else i - 1 for i in range(11, 33))]
"""MediaPipe's points with left and right exchanged."""


def joint(name: str) -> int:
    return HUMAN36M.joints.index(name)


def mediapipe33(points: Floats64, visibility: Floats64) -> MappedKeypoints:
    return to_h36m(points, visibility, MEDIAPIPE33)


@pytest.fixture
def person() -> Floats64:
    """(1, 33, 2): upright, facing the camera, symmetric; one pixel is one centimetre."""
    left_side = {  # x to the image's right of the midline, y down from the top of the head
        **{0: (0, 14), 1: (2, 11), 2: (3, 11), 3: (4, 11), 7: (7, 12), 9: (3, 18)},
        **{11: (18, 34), 13: (22, 62), 15: (24, 88), 17: (25, 96), 19: (25, 97), 21: (23, 95)},
        **{23: (10, 85), 25: (10, 126), 27: (10, 166), 29: (10, 170), 31: (12, 174)},
    }
    points = np.zeros((33, 2))
    for index, (x, y) in left_side.items():
        points[index] = MIDLINE_X + x, y
        points[SWAP[index]] = MIDLINE_X - x, y
    return points[None]


def certain(points: Floats64) -> Floats64:
    return np.ones(points.shape[:2])


def test_a_symmetric_person_stays_symmetric(person: Floats64) -> None:
    points = mediapipe33(person, certain(person)).points
    mirrored = points[:, HUMAN36M.mirror] * (-1, 1) + (2 * MIDLINE_X, 0)
    np.testing.assert_allclose(points, mirrored, atol=1e-4)


def test_the_persons_left_is_on_the_right_of_a_picture_from_the_front(person: Floats64) -> None:
    points = mediapipe33(person, certain(person)).points[0]
    assert np.all(points[list(HUMAN36M.left), 0] > MIDLINE_X)
    assert np.all(points[list(HUMAN36M.right), 0] < MIDLINE_X)


def test_limbs_are_the_detected_points(person: Floats64) -> None:
    points = mediapipe33(person, certain(person)).points[0]
    for name, source in {
        "left_wrist": 15,
        "right_wrist": 16,
        "right_foot": 28,
        "left_knee": 25,
    }.items():
        np.testing.assert_allclose(points[joint(name)], person[0, source])


def test_built_joints_fit_the_definitions_of_the_training_data(person: Floats64) -> None:
    y = mediapipe33(person, certain(person)).points[0, :, 1]
    shoulder_line, mouth, ears = 34, 18, 12
    assert 1 < shoulder_line - y[joint("thorax")] < 4
    assert y[joint("hip")] - y[joint("spine")] == pytest.approx(
        0.48 * (y[joint("hip")] - y[joint("thorax")]), abs=1e-3
    )
    assert ears < y[joint("neck")] < mouth
    assert 9 < y[joint("neck")] - y[joint("head")] < 13


def test_points_may_be_mapped_before_or_after_an_affine_map(person: Floats64) -> None:
    matrix, shift = np.array([[0.3, -0.9], [1.1, 0.2]]), np.array([40.0, -7.0])
    before = mediapipe33(person @ matrix + shift, certain(person))
    after = mediapipe33(person, certain(person))
    np.testing.assert_allclose(before.points, after.points @ matrix + shift, atol=1e-3)
    np.testing.assert_allclose(before.extra_points, after.extra_points @ matrix + shift, atol=1e-3)


def test_a_built_joint_is_as_certain_as_its_least_certain_source(person: Floats64) -> None:
    visibility = certain(person)
    visibility[0, [23, 9]] = 0.2, 0.3
    confidence = mediapipe33(person, visibility).confidence[0]
    expected = {"hip": 0.2, "spine": 0.2, "left_hip": 0.2, "neck": 0.3, "head": 0.3, "right_hip": 1}
    for name, value in expected.items():
        assert confidence[joint(name)] == pytest.approx(value)


def test_a_frame_without_a_person_is_missing_throughout(person: Floats64) -> None:
    frames = np.concatenate([person, np.full_like(person, np.nan)])
    mapped = mediapipe33(frames, certain(frames))
    assert np.all(np.isfinite(mapped.points[0]))
    assert np.all(np.isnan(mapped.points[1]))
    assert np.all(np.isnan(mapped.extra_points[1]))


def test_extra_points_go_by_their_names(person: Floats64) -> None:
    mapped = mediapipe33(person, certain(person))
    extra = dict(zip(mapped.extra_names, mapped.extra_points[0].tolist(), strict=True))
    assert extra["nose"] == [MIDLINE_X, 14]
    assert extra["left_heel"] == [MIDLINE_X + 10, 170]
    assert extra["right_toe"] == [MIDLINE_X - 12, 174]


ALSO_THERE = {"neck": (0, 34), "mid_hip": (0, 85), "head_top": (0, 2)}
FEET = {"big_toe": (12, 174), "small_toe": (15, 173)}


def in_layout(person: Floats64, layout: Layout) -> Floats64:
    """The same person as another program would report it; (1, count, 2), NaN where no name is."""
    points = np.full((1, layout.count, 2), np.nan)
    for name, place in layout.places.items():
        side, _, limb = name.partition("_")
        if name in MEDIAPIPE33.places:
            points[0, place] = person[0, MEDIAPIPE33.places[name]]
        elif name in ALSO_THERE:
            points[0, place] = np.add(ALSO_THERE[name], (MIDLINE_X, 0))
        else:
            x, y = FEET[limb]
            points[0, place] = MIDLINE_X + (x if side == "left" else -x), y
    return points


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_all_layouts_agree_about_one_person(person: Floats64, layout: Layout) -> None:
    points = in_layout(person, layout)
    mapped = to_h36m(points, certain(points), layout)
    expected = mediapipe33(person, certain(person))
    off = np.linalg.norm(mapped.points - expected.points, axis=-1)[0]
    built = [joint(name) for name in ("neck", "head")]
    assert np.delete(off, built).max() < 1e-4
    assert off[joint("neck")] < 2  # centimetres, from a mouth that had to be guessed
    assert off[joint("head")] < 5
    mirrored = mapped.points[:, HUMAN36M.mirror] * (-1, 1) + (2 * MIDLINE_X, 0)
    np.testing.assert_allclose(mapped.points, mirrored, atol=1e-4)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_layout_has_one_place_per_point(layout: Layout) -> None:
    places = list(layout.places.values())
    assert len(set(places)) == len(places)
    assert max(places) < layout.count
    assert {n.replace("left", "right") for n in layout.places} >= {
        n for n in layout.places if "right" in n
    }


def test_goliath_is_not_coco_below_the_elbows() -> None:
    wrists = [COCO17.places[n] for n in ("left_wrist", "right_wrist")]
    hips = [GOLIATH308.places[n] for n in ("left_hip", "right_hip")]
    assert wrists == hips == [9, 10]


def test_a_body_without_a_head_has_no_head(person: Floats64) -> None:
    places = {n: i for n, i in MEDIAPIPE33.places.items() if i >= 11}
    mapped = by_name(person, certain(person), places)
    missing = np.isnan(mapped.points[0]).any(axis=-1)
    assert np.flatnonzero(missing).tolist() == [joint("neck"), joint("head")]
    assert not mapped.confidence[0, missing].any()
    assert mapped.points[0, joint("thorax"), 1] == 34


def test_points_that_are_no_body_are_refused(person: Floats64) -> None:
    with pytest.raises(RetakeError, match="expected points such as left_shoulder"):
        by_name(person, certain(person), {"snout": 0, "tailbase": 1})
