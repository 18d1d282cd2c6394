# pyright: basic, reportAttributeAccessIssue=false
"""What goes wrong between Blender and a real server process, and the button that mends it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import bpy
import pytest
from retake.blender_addon.packaging.make_sample import SAMPLE, SAMPLES
from retake.server.detect import model_file
from retake.shared import connection_file

# the first test downloads the wheels and starts the server
pytestmark = [pytest.mark.timeout(300), pytest.mark.usefixtures("server_folder")]

Part = Callable[[str], ModuleType]


@pytest.fixture(autouse=True)
def sample(part: Part) -> Iterator[None]:
    """The bundled sample's keypoints, and few takes of it."""
    bpy.ops.retake.load_track(filepath=str(SAMPLES / f"{SAMPLE}.npz"))
    bpy.context.scene.retake.hypotheses = 2
    bpy.context.scene.retake.iterations = 1
    yield
    part("timer").client.close()
    part("jobs").forget_all()


def test_the_server_is_started_and_stopped_by_buttons(part: Part) -> None:
    timer = part("timer")
    assert bpy.ops.retake.start_server() == {"FINISHED"}
    _tick_while(timer, lambda: timer.client.state.name == "STARTING")
    assert timer.client.state.name == "READY"
    assert not bpy.ops.retake.start_server.poll()
    info = connection_file.read()
    assert info is not None
    assert bpy.ops.retake.stop_server() == {"FINISHED"}
    _wait_while(lambda: connection_file.is_alive(info))
    assert not bpy.ops.retake.stop_server.poll()
    assert timer.client.state.name == "OFF"


def test_a_run_that_blenders_end_interrupted_is_continued(part: Part, tmp_path: Path) -> None:
    """The request is the same, so that the server goes on, or hands over what it has."""
    timer, jobs = part("timer"), part("jobs")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert bpy.ops.retake.sample_takes() == {"FINISHED"}
    job_id = timer.client.job.job_id
    bpy.ops.wm.save_mainfile()
    timer.client.close()
    jobs.forget_all()  # Blender has ended
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "shot.blend"))
    assert jobs.interrupted(bpy.context.scene) == ("takes", job_id)
    assert bpy.ops.retake.continue_job(wait=True, timeout=120) == {"FINISHED"}
    state = bpy.context.scene.retake
    assert len(state.takes) == 3
    assert Path(state.takes_path).stem.endswith(job_id[:8])
    assert state.job == ""


def test_a_failed_job_is_asked_for_again(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once as it was, once smaller: here the disk was full."""
    timer, state = part("timer"), bpy.context.scene.retake

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(part("takes.messages").Takes, "save", full)
        with pytest.raises(RuntimeError, match="No space left"):
            bpy.ops.retake.sample_takes(wait=True, timeout=120)
    assert state.job == ""
    assert len(state.takes) == 0
    assert bpy.ops.retake.retry_job() == {"FINISHED"}
    _tick_while(timer, lambda: timer.client.job is not None)
    assert len(state.takes) == 3
    with monkeypatch.context() as patch:
        patch.setattr(part("takes.messages").Takes, "save", full)
        with pytest.raises(RuntimeError, match="No space left"):
            bpy.ops.retake.sample_takes(wait=True, timeout=120)
    assert bpy.ops.retake.retry_smaller() == {"FINISHED"}
    _tick_while(timer, lambda: timer.client.job is not None)
    assert [row.hypothesis for row in state.takes] == [-1, 0]
    assert bpy.ops.retake.copy_details(text="what was said") == {"FINISHED"}


def test_takes_name_the_video_they_were_made_of(part: Part) -> None:
    if not model_file.pose_model_path().is_file():
        pytest.skip("the pose model is not here: retake models get pose")
    video = SAMPLES / f"{SAMPLE}.mp4"
    bpy.ops.retake.load_clip(filepath=str(video))
    bpy.ops.retake.detect_keypoints(wait=True, timeout=200)
    bpy.ops.retake.sample_takes(wait=True, timeout=120)
    state, expected = bpy.context.scene.retake, hashlib.sha256(video.read_bytes()).hexdigest()
    assert state.track_video == state.takes_video == expected
    takes = part("session").takes_of(bpy.context.scene)
    assert takes.provenance["video_sha256"] == expected
    part("client.scene").notices(bpy.context.scene)
    _wait_while(part("clip.fingerprint").is_reading)
    assert part("client.scene").notices(bpy.context.scene) == []


def test_nobody_in_the_video_offers_another_person_or_a_file(part: Part) -> None:
    client, jobs = part("timer").client, part("jobs")
    jobs.remember(bpy.context.scene, "j", kind=jobs.TRACK)
    client.failure = part("client.outcomes").JobFailed(
        "j", "Nobody was found in any of the 100 frames.", code="invalid", action="correct"
    )
    found = part("client.fixes").buttons_for_failure(client.failure, jobs.kind_of("j") == "track")
    client.failure = None
    assert [button.operator for button in found] == ["retake.pick_person", "retake.load_track"]


def test_a_person_who_is_clicked_is_asked_for(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `retake.pick_person` does with a click; tests/gui/walk_sample.py clicks."""
    bpy.ops.retake.load_clip(filepath=str(SAMPLES / f"{SAMPLE}.mp4"))
    assert not bpy.ops.retake.pick_person.poll()  # no window here
    asked: list[object] = []
    monkeypatch.setattr(part("timer"), "connect", lambda python: None)
    monkeypatch.setattr(part("timer").client, "detect", lambda request, path: asked.append(request))
    bpy.context.scene.frame_set(bpy.context.scene.frame_start + 12)
    tool = part("track.tool").RETAKE_OT_pick_person
    assert tool._picked(None, bpy.context, (447.0, 788.0)) == {"FINISHED"}
    (request,) = asked
    assert request.place[:2] == [447.0, 788.0]
    assert request.people > 1


def test_without_a_server_a_click_says_so(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator that another one calls raises; people read the sentence alone."""
    bpy.ops.retake.load_clip(filepath=str(SAMPLES / f"{SAMPLE}.mp4"))

    def missing(python: str) -> None:
        raise part("reporting").RetakeError("There is no Python at /no/python.")

    monkeypatch.setattr(part("timer"), "connect", missing)
    reports: list[tuple[set[str], str]] = []
    me = SimpleNamespace(report=lambda kind, text: reports.append((kind, text)))
    picked = part("track.tool").RETAKE_OT_pick_person._picked(me, bpy.context, (447.0, 788.0))
    assert picked == {"CANCELLED"}
    ((kind, text),) = reports
    assert kind == {"ERROR"}
    assert text == "There is no Python at /no/python."


def test_a_set_up_is_cancelled_by_its_button(
    part: Part, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    setup = part("setup.operators").setup
    assert not bpy.ops.retake.cancel_setup.poll()
    monkeypatch.setattr(setup, "child", SimpleNamespace(exit_status=None))
    monkeypatch.setattr(setup, "folder", tmp_path / "python-3")
    assert bpy.ops.retake.cancel_setup() == {"FINISHED"}
    assert (tmp_path / "python-3.cancel").exists()


def _wait_while(condition: Callable[[], bool]) -> None:
    _tick_while(SimpleNamespace(tick=lambda: None, client=None), condition)


def _tick_while(timer: ModuleType | SimpleNamespace, condition: Callable[[], bool]) -> None:
    """What Blender's event loop would do."""
    deadline = time.monotonic() + 120
    while condition():
        assert time.monotonic() < deadline
        timer.tick()
        time.sleep(0.02)
