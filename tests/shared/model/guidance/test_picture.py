"""Keypoints moved to pins."""

from typing import Any

import numpy as np
from retake.shared.camera import Camera
from retake.shared.model.guidance.bones import Body
from retake.shared.model.guidance.picture import pinned_keypoints
from retake.shared.model.guidance.pins import Pin, Pins

WRIST = 16


def test_a_pinned_keypoint_is_the_picture_of_its_pin(shot: Any, camera: Camera, body: Body):
    pixels = camera.project(shot.points)
    moved = shot.poses[40, WRIST] + (0.1, -0.1, 0.2)
    ray = shot.points[60, WRIST] + (0.2, 0.0, 0.0)
    asked = (
        Pin(WRIST, 40, moved, np.zeros(3)),
        Pin(WRIST, 60, -shot.root[60], ray / np.linalg.norm(ray)),
    )
    pins = Pins(asked, body, 0, 89, tuple(range(17)))
    result = pinned_keypoints(pixels, pins, shot.root, camera)
    np.testing.assert_allclose(result[40, WRIST], camera.project(moved + shot.root[40]), atol=1e-6)
    np.testing.assert_allclose(result[60, WRIST], camera.project(ray), atol=1e-6)
    others = [j for j in range(17) if j != WRIST]
    np.testing.assert_array_equal(result[:, others], pixels[:, others])
    np.testing.assert_array_equal(result[:25], pixels[:25])
    jumps = np.abs(np.diff((result - pixels)[:, WRIST], axis=0)).max()
    assert jumps < 0.2 * np.abs(result - pixels).max()
