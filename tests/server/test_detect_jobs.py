"""Detection as a job: its path is checked, it runs beside lifting, it can be cancelled."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import Mock

import pytest
from retake.server.detect.model_file import PoseModelMissingError
from retake.server.worker import tasks
from retake.server.worker.tasks import Task
from retake.shared.protocol import Cancel, Detect, Failed, Lift, Progress, Track, decode_reply

if TYPE_CHECKING:
    from .conftest import Client, RunningFront

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def client(run_front: Callable[..., RunningFront], connect: Callable[..., Client]) -> Client:
    return connect(run_front().info)


def video(folder: Path, name: str) -> str:
    (folder / name).touch()
    return str(folder / name)


def test_a_video_becomes_a_track(client: Client, tmp_path: Path) -> None:
    client.send(Detect(job_id="d", path=video(tmp_path, "dance.mp4")))
    progress = client.receive_until(Progress)
    assert isinstance(progress, Progress)
    assert (progress.stage, progress.total) == ("detecting", 3)
    track = client.outcome("d")
    assert isinstance(track, Track)
    assert (track.source, track.width, track.fps) == ("dance.mp4", 640, 25.0)
    assert track.points.unpack("points").shape == (3, 17, 2)


def test_detection_runs_beside_a_lift_and_stops_when_asked(
    client: Client, long: Lift, tmp_path: Path
) -> None:
    client.send(long, Detect(job_id="d", path=video(tmp_path, "endless.mp4")))
    stages: set[str] = set()
    while {"detecting", "sampling"} - stages:
        progress = client.receive_until(Progress)
        assert isinstance(progress, Progress)
        stages.add(progress.stage)
    for job_id in ("d", "long"):
        client.send(Cancel(job_id=job_id))
        failed = client.outcome(job_id)
        assert isinstance(failed, Failed)
        assert failed.code == "cancelled"


@pytest.mark.parametrize(
    "path", ["", "dance.mp4", "~/dance.mp4", "/no/such/file.mp4", "/tmp", "/a\0b", "/" + "x" * 5000]
)
def test_a_path_that_is_no_file_of_ours_is_refused(client: Client, path: str) -> None:
    client.send(Detect(job_id="d", path=path))
    failed = client.outcome("d")
    assert isinstance(failed, Failed)
    assert (failed.code, failed.field) == ("invalid", "path")


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such files there")
def test_a_device_is_no_video(client: Client) -> None:
    client.send(Detect(job_id="d", path="/dev/zero"))
    failed = client.outcome("d")
    assert isinstance(failed, Failed)
    assert failed.field == "path"


def test_a_missing_pose_model_is_no_fault_of_the_video(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The add-on's button repairs the server then."""
    video, sent = tmp_path / "video.mp4", list[bytes]()
    video.touch()
    monkeypatch.setattr(tasks, "detect", Mock(side_effect=PoseModelMissingError("Not here.")))
    Task(Detect(job_id="d", path=str(video)), b"", Mock()).run(sent.append)
    failed = decode_reply(sent[-1])
    assert isinstance(failed, Failed)
    assert (failed.code, failed.action) == ("unknown_model", "choose_model")
