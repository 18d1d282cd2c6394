# pyright: basic, reportAttributeAccessIssue=false
"""*Try the Sample*: one call from a fresh installation to a moving character, without a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import (  # pyright: ignore[reportMissingImports]
    world_to_camera_view,
)

pytestmark = pytest.mark.timeout(300)  # the first test may have to download the wheels

Part = Callable[[str], ModuleType]

JOINTS = {"thigh.L": 4, "thigh.R": 1, "foot.L": 6, "foot.R": 3, "upper_arm.L": 11, "hand.R": 16}


@pytest.fixture
def sample(part: Part, monkeypatch: pytest.MonkeyPatch) -> bpy.types.Object:
    """The character. A connection to a server would fail the test."""
    monkeypatch.setattr(part("timer"), "connect", lambda python: pytest.fail("asked for a server"))
    assert bpy.ops.retake.try_sample() == {"FINISHED"}
    return bpy.context.object


def test_one_click_gives_a_moving_character(sample: bpy.types.Object) -> None:
    scene, places = bpy.context.scene, []
    assert scene.render.fps / scene.render.fps_base == 60
    for frame in range(scene.frame_start, scene.frame_end + 1, 10):
        scene.frame_set(frame)
        places.append([np.array(bone.head) for bone in sample.pose.bones])
    moved = np.ptp(places, axis=0).max(axis=1)
    assert moved.max() > 0.3
    assert sum(moved > 0.05) > len(moved) / 2
    assert len(scene.retake.takes) > 3


def test_through_the_shot_camera_the_character_covers_the_person(
    part: Part, sample: bpy.types.Object
) -> None:
    scene = bpy.context.scene
    track = part("session").track_of(scene)
    size, off = np.array(track.image_size), []
    for frame in range(scene.frame_start, scene.frame_end + 1, 10):
        scene.frame_set(frame)
        for bone, joint in JOINTS.items():
            place = sample.matrix_world @ sample.pose.bones[bone].head
            at = world_to_camera_view(scene, scene.camera, place)
            pixel = np.array([at.x, 1 - at.y]) * size
            off.append(np.linalg.norm(pixel - track.points[frame - scene.frame_start, joint]))
    assert np.median(off) < 0.025 * size.max()


def test_nothing_of_the_file_it_was_opened_in_is_touched(part: Part) -> None:
    bpy.ops.object.armature_add()
    before, objects = bpy.context.scene, set(bpy.context.scene.objects)
    time = (before.render.fps, before.frame_end, before.camera)
    bpy.ops.retake.try_sample()
    assert bpy.context.scene != before
    assert set(before.objects) == objects
    assert (before.render.fps, before.frame_end, before.camera) == time


def test_twice_is_two_samples_that_do_not_share_files(part: Part, tmp_path: Path) -> None:
    for _ in range(2):
        bpy.ops.retake.try_sample()
    paths = {s.retake.takes_path for s in bpy.data.scenes if s.retake.takes_path}
    assert len(paths) == 2
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "two.blend"))
    assert len(list((tmp_path / "two.retake").glob("Sample-*.npz"))) == 2


def test_the_takes_are_a_copy_outside_the_extension(part: Part, sample: bpy.types.Object) -> None:
    extension = Path(str(part("sample.operators").__file__)).parents[2]
    assert not Path(bpy.context.scene.retake.takes_path).is_relative_to(extension)
