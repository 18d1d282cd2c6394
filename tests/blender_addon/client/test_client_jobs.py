"""What a job can be and bring beside takes: keypoints, first frames, a place in a queue, a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from retake.blender_addon.client.client import Client
from retake.blender_addon.client.outcomes import Job, JobFailed, Preview, TakesReady, TrackReady
from retake.blender_addon.takes.messages import LiftSettings, lift_request
from retake.shared.connection_file import ConnectionInfo
from retake.shared.errors import RetakeError
from retake.shared.kept_file import parts_of
from retake.shared.keypoints import KeypointTrack
from retake.shared.protocol import (
    Accepted,
    Array,
    Cancel,
    Deliver,
    Detect,
    Failed,
    Kept,
    Lift,
    Partial,
    Progress,
    Reply,
    Request,
    Result,
)
from retake.shared.takes import Takes
from retake.shared.track_message import message_of

if TYPE_CHECKING:
    from .conftest import FakeServer

Serve = Callable[..., "FakeServer"]


@pytest.fixture
def client() -> Iterator[Client]:
    one = Client()
    yield one
    one.close()


@pytest.fixture
def request_one(track: KeypointTrack) -> Lift:
    return lift_request("one", track, LiftSettings(hypotheses=2))


def _alive(info: ConnectionInfo) -> bool:
    return True


def _answers(kind: type[Request], *replies: Reply) -> Callable[[Request], Sequence[Reply]]:
    return lambda request: replies if isinstance(request, kind) else []


def _poses(first: int, frames: int) -> Array:
    values = np.arange(first, first + frames, dtype=np.float32)
    return Array.pack(np.broadcast_to(values[None, :, None, None], (2, frames, 17, 3)))


def test_keypoints_of_a_video_arrive_saved(
    client: Client, serve: Serve, track: KeypointTrack, tmp_path: Path
) -> None:
    extra = np.full((track.frame_count, 2, 2), 3, np.float32)
    full = replace(
        track, extra_points=extra, extra_names=("toe", "heel"), extra_confidence=extra[..., 0] / 3
    )
    server = serve(_answers(Detect, message_of("d", full)))
    client.open(server.find, _alive)
    client.detect(Detect(job_id="d", path="/a video.mp4"), tmp_path / "track.npz")
    outcome = client.wait(5)
    assert isinstance(outcome, TrackReady)
    saved = KeypointTrack.load(tmp_path / "track.npz")
    for found in (outcome.track, saved):
        np.testing.assert_array_equal(found.points, full.points)
        np.testing.assert_array_equal(found.extra_points, full.extra_points)
        assert found.extra_names == full.extra_names


def test_finished_frames_are_seen_before_the_takes(
    client: Client, serve: Serve, request_one: Lift, tmp_path: Path
) -> None:
    parts = [
        Partial(job_id="one", first=f, poses=_poses(f, n)) for f, n in ((0, 3), (3, 2), (4, 4))
    ]
    client.open(serve(_answers(Lift, *parts)).find, _alive)
    client.lift(replace(request_one, partial=True), tmp_path / "takes.npz")
    assert client.wait(0.5) is None
    assert client.preview is not None
    assert client.preview.poses.shape == (2, 8, 17, 3)
    np.testing.assert_array_equal(client.preview.poses[1, :, 4, 2], np.arange(8))
    client.cancel()
    assert client.preview.poses.shape == (2, 8, 17, 3)  # what has come stays


@pytest.mark.parametrize("first", [-1, 1, 9])
def test_frames_that_do_not_follow_are_refused(first: int) -> None:
    with pytest.raises(RetakeError, match="follow"):
        Preview.begun("one", 2).grown(Partial(job_id="one", first=first, poses=_poses(0, 2)))


def test_frames_of_other_shapes_are_refused() -> None:
    for shape, kind in (((3, 1, 17, 3), "f4"), ((2, 1, 16, 3), "f4"), ((2, 1, 17, 3), "f8")):
        part = Partial(job_id="one", first=0, poses=Array.pack(np.zeros(shape, kind)))
        with pytest.raises(RetakeError, match="follow"):
            Preview.begun("one", 2).grown(part)


def test_a_new_request_may_take_the_place_of_the_job(
    client: Client, serve: Serve, request_one: Lift, result: Result, tmp_path: Path
) -> None:
    def script(request: Request) -> Sequence[Reply]:
        match request:
            case Lift(job_id="one"):
                return [Progress(job_id="one", stage="sampling", done=1, total=2)]
            case Lift(job_id="two"):
                return [replace(result, job_id="two")]
            case Cancel():
                return [Failed(job_id=request.job_id, code="cancelled", text="Cancelled.")]
            case _:
                return []

    server = serve(script)
    client.open(server.find, _alive)
    client.lift(request_one, tmp_path / "one.npz")
    assert client.wait(0.3) is None
    with pytest.raises(RetakeError, match="busy"):
        client.lift(replace(request_one, job_id="two"), tmp_path / "two.npz")
    client.lift(replace(request_one, job_id="two"), tmp_path / "two.npz", replace=True)
    outcome = client.wait(5)
    assert isinstance(outcome, TakesReady)
    assert (outcome.job_id, outcome.path) == ("two", tmp_path / "two.npz")
    assert Cancel(job_id="one") in server.seen
    assert client.failure is None


def test_a_failure_says_what_helps_and_what_is_kept(
    client: Client, serve: Serve, request_one: Lift, tmp_path: Path
) -> None:
    failed = Failed(
        job_id="one",
        code="crashed",
        text="It crashed.",
        detail="signal 9",
        action="continue",
        frames_done=412,
        frames=900,
    )
    client.open(serve(_answers(Lift, failed)).find, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    outcome = client.wait(5)
    assert outcome == client.failure
    assert isinstance(outcome, JobFailed)
    assert (outcome.code, outcome.detail, outcome.action) == ("crashed", "signal 9", "continue")
    assert (outcome.frames_done, outcome.frames) == (412, 900)
    assert client.message == "It crashed."


def test_the_takes_may_come_as_a_file(
    client: Client, serve: Serve, request_one: Lift, result: Result, takes: Takes, tmp_path: Path
) -> None:
    digest = "0f" * 32
    (tmp_path / digest).write_bytes(b"".join(parts_of(result)))
    server = serve(_answers(Lift, Kept(job_id="one", digest=digest, folder=str(tmp_path))))
    client.open(server.find, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    assert isinstance(client.wait(5), TakesReady)
    np.testing.assert_array_equal(Takes.load(tmp_path / "takes.npz").poses, takes.poses)
    assert [r.by_file for r in server.seen if isinstance(r, Lift)] == [True]


@pytest.mark.parametrize("name", ["0f" * 32, "../secret", "0f" * 31, ""])
def test_a_file_that_is_no_outcome_is_asked_for_as_a_message(
    client: Client, serve: Serve, request_one: Lift, result: Result, tmp_path: Path, name: str
) -> None:
    (tmp_path / "secret").write_bytes(b"".join(parts_of(result)))
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / ("0f" * 32)).write_bytes(b"".join(parts_of(result))[:-99])

    def script(request: Request) -> Sequence[Reply]:
        match request:
            case Lift():
                return [Kept(job_id="one", digest=name, folder=str(tmp_path / "folder"))]
            case Deliver():
                return [result]
            case _:
                return []

    server = serve(script)
    client.open(server.find, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    assert isinstance(client.wait(5), TakesReady)
    assert Deliver(job_id="one") in server.seen


@pytest.mark.parametrize(
    ("news", "sentence"),
    [
        (Accepted(job_id="one", ahead=2), "2 jobs ahead"),
        (Progress(job_id="one", stage="waiting", done=0, total=0, ahead=1), "1 job ahead"),
        (Progress(job_id="one", stage="sampling", done=41, total=100), "Sampling, 41 %"),
        (
            Progress(job_id="one", stage="sampling", done=1, total=4, seconds_left=130.0),
            "Sampling, 25 %, about 2 min left",
        ),
        (
            Progress(job_id="one", stage="placing", done=1, total=2, seconds_left=0.2),
            "Placing, 50 %, about 1 s left",
        ),
        (
            Progress(job_id="one", stage="detecting", done=1, total=2, seconds_left=9000.0),
            "Detecting, 50 %, about 2.5 h left",
        ),
    ],
)
def test_a_job_says_in_one_line_how_far_it_is(news: Accepted | Progress, sentence: str) -> None:
    job = Job("one", Path("takes")).told(news)
    assert job.sentence == sentence
    assert job.ahead == news.ahead


def test_a_remark_in_between_does_not_set_the_bar_back() -> None:
    job = Job("one", Path("takes"), done=3, total=4)
    remark = Progress(job_id="one", stage="continuing in smaller parts", done=0, total=0)
    assert job.told(remark).fraction == 0.75
