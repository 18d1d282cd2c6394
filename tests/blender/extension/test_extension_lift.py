# pyright: basic, reportAttributeAccessIssue=false
"""The installed extension and a real server process: from the bundled sample to an action."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import bpy
import numpy as np
import pytest
from retake.blender_addon.packaging.make_sample import SAMPLE, SAMPLES
from retake.server.detect import model_file
from retake.shared import connection_file

# the first test downloads the wheels and starts the server
pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("server_folder")]

Part = Callable[[str], ModuleType]


@pytest.fixture(autouse=True)
def sample(part: Part) -> Iterator[None]:
    """The bundled sample, and few takes of it; at the end the connection is closed."""
    bpy.ops.retake.load_track(filepath=str(SAMPLES / f"{SAMPLE}.npz"))
    bpy.context.scene.retake.hypotheses = 2
    bpy.context.scene.retake.iterations = 2
    yield
    part("timer").client.close()


def test_a_sample_becomes_an_action_on_a_rig(capfd: pytest.CaptureFixture[str]) -> None:
    assert bpy.ops.retake.sample_takes(wait=True, timeout=120) == {"FINISHED"}
    state = bpy.context.scene.retake
    assert state.takes[0].hypothesis == -1
    assert {take.hypothesis for take in state.takes} == {-1, 0, 1}
    rig = _meta_rig()
    for hypothesis in (-1, 1):
        assert bpy.ops.retake.apply_take(hypothesis=hypothesis) == {"FINISHED"}
    assert "New action: pose2sim_cam01 take 2. Hands, toes" in capfd.readouterr().out
    curves = _curves(rig)
    for bone in ("spine", "upper_arm.L", "forearm.R", "thigh.L", "shin.R"):
        keys = curves[f'pose.bones["{bone}"].rotation_quaternion']
        assert np.ptp(keys, axis=1).max() > 0.01, f"{bone} does not move"
    assert len([a for a in bpy.data.actions if a.users]) == 2


def test_keypoints_are_found_in_a_clip_and_belong_to_its_scene(part: Part) -> None:
    if not model_file.pose_model_path().is_file():
        pytest.skip("the pose model is not here: retake models get pose")
    bpy.ops.retake.load_clip(filepath=str(SAMPLES / f"{SAMPLE}.mp4"))
    bpy.ops.retake.move_keypoint(joint=3, frame=1, x=1, y=1)
    scene, timer = bpy.context.scene, part("timer")
    assert bpy.ops.retake.detect_keypoints() == {"FINISHED"}
    bpy.context.window.scene = bpy.data.scenes.new("Meanwhile elsewhere")
    _tick_until_over(timer)
    assert timer.client.message == ""
    assert bpy.context.scene.retake.track_path == ""
    assert scene.retake_track.edits == ""  # they belonged to the track before
    track = part("session").track_of(scene)
    assert (track.frame_count, track.image_size) == (100, (1080, 1920))
    assert part("track.scene").findings_of(scene) == []


def test_a_failed_detection_is_told_with_what_helps(part: Part, tmp_path: Path) -> None:
    bpy.ops.retake.load_clip(filepath=str(SAMPLES / f"{SAMPLE}.mp4"))
    (tmp_path / "text.mp4").write_text("no video")
    bpy.context.scene.retake_clip.clip.filepath = str(tmp_path / "text.mp4")
    with pytest.raises(RuntimeError, match=r"text\.mp4 is not a video") as error:
        bpy.ops.retake.detect_keypoints(wait=True, timeout=120)
    assert "Traceback" not in str(error.value)
    assert part("timer").client.failure.code == "invalid"


def test_a_take_that_does_not_exist_is_a_sentence() -> None:
    bpy.ops.retake.sample_takes(wait=True, timeout=120)
    rig = _meta_rig()
    with pytest.raises(RuntimeError, match="99") as error:
        bpy.ops.retake.apply_take(hypothesis=99)
    assert "Traceback" not in str(error.value)
    assert rig.animation_data is None or rig.animation_data.action is None


def test_without_waiting_blender_stays_free_and_the_timer_brings_the_takes(part: Part) -> None:
    timer = part("timer")
    assert bpy.ops.retake.sample_takes() == {"FINISHED"}
    assert timer.client.job, "the operator has returned before the job ended"
    assert timer.tick(), "and the timer before it had anything to bring"
    assert timer.client.job
    _tick_until_over(timer)
    assert len(bpy.context.scene.retake.takes) == 3


def test_cancelling_ends_the_job_and_the_server_serves_on(part: Part) -> None:
    timer, state = part("timer"), bpy.context.scene.retake
    state.hypotheses, state.iterations = 10, 50  # no computer does the rest before the Cancel
    bpy.ops.retake.sample_takes()
    _tick_while(timer, lambda: timer.client.job.done == 0)
    bpy.ops.retake.cancel_job()
    _tick_until_over(timer)
    assert (len(state.takes), timer.client.message) == (0, "")
    state.hypotheses = 2
    state.iterations = 1
    assert bpy.ops.retake.sample_takes(wait=True, timeout=120) == {"FINISHED"}


def test_a_killed_server_is_reported_and_started_again(part: Part) -> None:
    timer = part("timer")
    bpy.ops.retake.sample_takes(wait=True, timeout=120)
    info = connection_file.read()
    assert info is not None
    os.kill(info.pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows has no other
    _tick_while(timer, lambda: timer.client.is_open)
    assert "ended" in timer.client.status
    assert bpy.ops.retake.sample_takes(wait=True, timeout=120) == {"FINISHED"}
    assert connection_file.read() != info


def _tick_until_over(timer: ModuleType) -> None:
    _tick_while(timer, lambda: timer.client.job is not None)


def _tick_while(timer: ModuleType, condition: Callable[[], bool]) -> None:
    """What Blender's event loop would do."""
    deadline = time.monotonic() + 120
    while condition():
        assert time.monotonic() < deadline, timer.client.status
        timer.tick()
        time.sleep(0.02)


def _meta_rig() -> bpy.types.Object:
    bpy.ops.preferences.addon_enable(module="rigify")
    bpy.ops.object.armature_human_metarig_add()
    return bpy.context.object


def _curves(rig: bpy.types.Object) -> dict[str, np.ndarray]:
    """Data path -> keys (channels, frames) of the rig's action."""
    animation = rig.animation_data
    bag = animation.action.layers[0].strips[0].channelbag(animation.action_slot)
    curves: dict[str, list[list[float]]] = {}
    for curve in bag.fcurves:
        values = [key.co[1] for key in curve.keyframe_points]
        curves.setdefault(curve.data_path, []).append(values)
    return {path: np.array(values) for path, values in curves.items()}
