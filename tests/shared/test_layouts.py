"""MediaPipe's 33 points -> the 17 joints: sides, symmetry, definitions of the built joints."""

from __future__ import annotations

import numpy as np
import pytest
from retake.shared.arrays import Floats64
from retake.shared.layouts import mediapipe33
from retake.shared.skeleton import HUMAN36M

MIDLINE_X = 200.0
SWAP = [0, 4, 5, 6, 1, 2, 3, 8, 7, 10, 9, *(i + 1 if i % 2 else i - 1 for i in range(11, 33))]
"""MediaPipe's points with left and right exchanged."""


def joint(name: str) -> int:
    return HUMAN36M.joints.index(name)


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
