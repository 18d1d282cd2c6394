# pyright: basic, reportAttributeAccessIssue=false
"""*Sample Again Here* against a real server: a range of the sample, through a pin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType

import bpy
import numpy as np
import pytest

pytestmark = pytest.mark.timeout(300)  # the first test downloads the wheels and starts the server

Part = Callable[[str], ModuleType]


@pytest.fixture(autouse=True)
def closed(server_folder: None, part: Part) -> Iterator[None]:
    """The connection, before the server ends."""
    yield
    part("timer").client.close()


def test_a_range_is_sampled_again_through_a_pin(part: Part) -> None:
    bpy.ops.retake.try_sample(play=False)
    scene, session = bpy.context.scene, part("session")
    state = scene.retake_choose
    state.first_frame, state.last_frame, state.group = 30, 60, "left_arm"
    scene.retake.hypotheses = scene.retake.iterations = 2
    scene.frame_set(45)
    state.pin_joint = "left_wrist"
    bpy.ops.retake.add_pin()
    (pin,) = part("choose.reading").pins_in(scene)
    pin.location.z += 0.1
    before, row_count = session.takes_of(scene), len(scene.retake.takes)
    assert bpy.ops.retake.sample_again(wait=True, timeout=240) == {"FINISHED"}
    after = session.takes_of(scene)
    assert after.hypothesis_count == before.hypothesis_count + 2
    assert len(scene.retake.takes) == row_count + 2
    np.testing.assert_array_equal(after.poses[:12], before.poses)
    entry = after.provenance["resampled"][0]
    assert entry["hypotheses"] == [12, 14]
    chosen = part("choose.combine").combine(before)
    chosen = chosen - chosen[:, :1]
    new = after.poses[12:]
    np.testing.assert_allclose(new[:, 61:], np.stack([chosen[61:]] * 2), atol=1e-5)
    np.testing.assert_allclose(new[:, 40, 3], np.stack([chosen[40, 3]] * 2), atol=1e-5)
    moved = np.linalg.norm(new[:, 44, 13] - chosen[44, 13], axis=-1)
    assert np.all(moved > 0.03)
    place = np.array(entry["provenance"]["steer"]["pins"][0]["place"])
    assert entry["provenance"]["pins_missed"] or np.allclose(new[:, 44, 13], place, atol=0.02)
