"""The camera is found again from a rig that wears the take, however the rig stands."""

from __future__ import annotations

import numpy as np
import pytest
from retake.blender_addon.clip.shot_camera import fitted_pose
from retake.blender_addon.packaging.make_sample import SAMPLE, SAMPLES
from retake.shared.errors import RetakeError
from retake.shared.ground import find_ground
from retake.shared.takes import Takes

JOINTS = Takes.load(SAMPLES / f"{SAMPLE}.takes.npz")


@pytest.mark.parametrize(("degrees", "scale"), [(0.0, 1.0), (130.0, 0.4), (-75.0, 3.0)])
def test_what_the_video_saw_is_seen_again(degrees: float, scale: float) -> None:
    """A joint in the camera frame, and the same joint of the rig in the world, seen by the camera.

    The rig here is the take itself, scaled, turned and moved.
    """
    takes = JOINTS
    joints = (takes.poses[0] + takes.root[0][:, None]).astype(np.float64)
    angle = np.radians(degrees)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    world = scale * find_ground(joints, takes.fps).to_world(joints) @ turn.T + (3.0, -2.0, 0.5)
    legs = [(1, 2), (2, 3), (4, 5), (5, 6)]
    leg = sum(np.median(np.linalg.norm(world[:, a] - world[:, b], axis=-1)) for a, b in legs) / 2
    shown = np.arange(0, len(world), 9)
    pose = fitted_pose(joints, takes.fps, shown, world[shown][:, (4, 1)], float(leg))
    seen = (world - pose.location) @ pose.axes * (1, -1, -1)
    np.testing.assert_allclose(seen, scale * joints, atol=1e-6 * scale)
    np.testing.assert_allclose(pose.axes @ pose.axes.T, np.eye(3), atol=1e-9)


def test_a_body_without_legs_is_a_sentence() -> None:
    with pytest.raises(RetakeError, match="no length"):
        fitted_pose(np.full((5, 17, 3), (0, 0, 4)), 25.0, np.arange(5), np.zeros((5, 2, 3)), 0.8)
