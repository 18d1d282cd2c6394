"""What is finished is kept: after a cancel, a crash, a new server; and how it is handed over."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from retake.server.caller import Caller
from retake.server.front import desk
from retake.shared.kept_file import read_kept
from retake.shared.protocol import (
    Array,
    Cancel,
    Deliver,
    Failed,
    Kept,
    Lift,
    Progress,
    Received,
    Result,
)

if TYPE_CHECKING:
    from .conftest import Client, RunningFront, Server

Connect = Callable[..., "Client"]
RequestLift = Callable[..., Lift]
RunFront = Callable[..., "RunningFront"]

pytestmark = pytest.mark.timeout(400)

WINDOW_BY_WINDOW = """
import json, sys, time
from pathlib import Path
import numpy as np
from retake.server.worker import worker
from retake.server.lifting.lift import OpenModel

def sample(
    pixels, width, height, *, hypotheses, iterations, seed, on_step, on_frames, recall, on_layer,
    **more
):
    # 5 frames a window; the seed says after how many new windows it waits to be stopped
    result, computed = np.empty((hypotheses, len(pixels), 17, 3), np.float32), 0
    for first in range(0, len(pixels), 5):
        clean = recall.get(0, first)
        if clean is None:
            while seed and computed == seed:
                time.sleep(0.01)
                on_layer(first / len(pixels))
            clean = np.full((hypotheses, len(result[0, first : first + 5]), 17, 3), 0.1, np.float32)
            clean *= np.random.default_rng(first).random(clean.shape)
            recall.put(0, first, clean.astype(np.float32))
            computed += 1
        result[:, first : first + 5] = clean
        on_frames(first, result[:, first : first + 5])
    on_step(iterations, iterations)
    return result

worker._prepare_torch = lambda: ("none", lambda folder: OpenModel(sample, ""))
worker.main()
"""


def until_frames(client: Client, frames: int) -> Progress:
    """Waits for the news that so many frames are finished."""
    while True:
        reply = client.receive_until(Progress, Result, Failed)
        assert isinstance(reply, Progress)
        if reply.frames_done >= frames:
            return reply


def clip(request_lift: RequestLift, job_id: str, seed: int = 8) -> Lift:
    """120 frames at 30 fps are 199 at the model's rate: 40 windows, so that 8 are a fifth."""
    return request_lift(job_id, frames=120, seed=seed)


def test_a_cancelled_job_says_what_is_kept_and_goes_on_from_there(
    run_front: RunFront, connect: Connect, request_lift: RequestLift, tmp_path: Path
) -> None:
    front = run_front(WINDOW_BY_WINDOW)
    client = connect(front.info)
    for number in range(1, 5):
        client.send(clip(request_lift, f"try {number}"))
        last = until_frames(client, 24 * number - 1)
        assert last.frames == 120
        client.send(Cancel(job_id=f"try {number}"))
        failed = client.outcome(f"try {number}")
        assert isinstance(failed, Failed)
        assert (failed.code, failed.action) == ("cancelled", "continue")
        assert (failed.frames_done, failed.frames) == (last.frames_done, 120)
        assert f"{failed.frames_done} of 120 frames are finished and kept." in failed.text
    client.send(clip(request_lift, "the last try"))
    takes = client.outcome("the last try")
    assert isinstance(takes, Result)
    assert list((tmp_path / "data" / "unfinished").iterdir()) == []


def test_what_goes_on_is_what_would_have_been(
    run_front: RunFront, connect: Connect, request_lift: RequestLift
) -> None:
    client = connect(run_front(WINDOW_BY_WINDOW).info)
    client.send(clip(request_lift, "a", seed=39))
    until_frames(client, 110)
    client.send(Cancel(job_id="a"), clip(request_lift, "b", seed=39))
    continued = client.outcome("b")
    client.send(clip(request_lift, "c", seed=0))
    straight = client.outcome("c")
    assert isinstance(continued, Result)
    assert isinstance(straight, Result)
    assert continued.poses == straight.poses


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal there")
def test_a_job_goes_on_after_the_worker_was_killed(
    run_front: RunFront, connect: Connect, request_lift: RequestLift
) -> None:
    front = run_front(WINDOW_BY_WINDOW)
    client = connect(front.info)
    for number in range(1, 4):
        client.send(clip(request_lift, f"try {number}", seed=13))
        until_frames(client, 39 * number - 1)
        os.kill(front.worker.pid, signal.SIGKILL)
        failed = client.outcome(f"try {number}")
        assert isinstance(failed, Failed)
        assert (failed.code, failed.action) == ("crashed", "retry")
        assert failed.frames_done >= 39 * number - 1
    client.send(clip(request_lift, "the last try", seed=13))
    assert isinstance(client.outcome("the last try"), Result)
    assert front.starts == 4


KILLED_WHILE_KEEPING = WINDOW_BY_WINDOW.replace(
    "worker._prepare_torch",
    """
from retake.server import results
def put(self, digest, outcome):
    time.sleep(600)
results.Results.put = put
worker._prepare_torch""",
)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal there")
def test_nothing_is_lost_when_the_worker_dies_while_it_keeps_the_takes(
    run_front: RunFront, connect: Connect, request_lift: RequestLift, tmp_path: Path
) -> None:
    front = run_front(KILLED_WHILE_KEEPING)
    client = connect(front.info)
    client.send(clip(request_lift, "a", seed=0))
    until_frames(client, 120)
    assert len(list((tmp_path / "data" / "unfinished").iterdir())) == 1
    os.kill(front.worker.pid, signal.SIGKILL)
    failed = client.outcome("a")
    assert isinstance(failed, Failed)
    assert (failed.code, failed.frames_done) == ("crashed", 120)
    front.stop()
    assert "while seed and computed == seed:" in WINDOW_BY_WINDOW
    computes_none = WINDOW_BY_WINDOW.replace("while seed and computed == seed:", "while True:")
    client = connect(run_front(computes_none).info)
    client.send(clip(request_lift, "b", seed=0))
    assert isinstance(client.outcome("b"), Result)
    assert list((tmp_path / "data" / "unfinished").iterdir()) == []


def test_a_new_server_goes_on_too(
    run_front: RunFront, connect: Connect, request_lift: RequestLift
) -> None:
    first = run_front(WINDOW_BY_WINDOW)
    client = connect(first.info)
    client.send(clip(request_lift, "a", seed=30))
    until_frames(client, 89)
    first.stop()
    client = connect(run_front(WINDOW_BY_WINDOW).info)
    client.send(clip(request_lift, "a", seed=30))
    assert isinstance(client.outcome("a"), Result)


def test_a_job_has_so_much_time_and_keeps_what_it_has_done(
    run_front: RunFront,
    connect: Connect,
    request_lift: RequestLift,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = connect(run_front(WINDOW_BY_WINDOW).info)
    client.send(clip(request_lift, "a"))
    until_frames(client, 23)
    with monkeypatch.context() as patch:
        patch.setattr(desk, "LONGEST_S", 0.0)
        failed = client.outcome("a")
    assert isinstance(failed, Failed)
    assert (failed.code, failed.action) == ("too_long", "continue")
    client.send(clip(request_lift, "b"))
    assert until_frames(client, 47).frames_done >= 47
    client.send(Cancel(job_id="b"))


def test_the_real_sampler_goes_on_from_its_windows(
    server: Server, connect: Connect, request_lift: RequestLift
) -> None:
    client = connect(server.info)
    request = request_lift("a", frames=500, hypotheses=1, iterations=2, seed=77)
    client.send(request)
    until_frames(client, 100)
    client.send(Cancel(job_id="a"))
    failed = client.outcome("a")
    assert isinstance(failed, Failed)
    assert failed.frames_done >= 100
    client.send(replace(request, job_id="b", partial=True, clip="another name for it"))
    continued = client.outcome("b")
    client.send(replace(request, job_id="c"))
    straight = client.outcome("c")
    assert isinstance(continued, Result)
    assert isinstance(straight, Result)
    np.testing.assert_allclose(
        continued.poses.unpack("poses"), straight.poses.unpack("poses"), atol=1e-5
    )


# Handed over as a file


def test_a_local_client_reads_the_file_that_the_server_names(
    run_front: RunFront, connect: Connect, request_lift: RequestLift
) -> None:
    client = connect(run_front().info)
    client.send(request_lift("a", by_file=True))
    kept = client.receive_until(Kept, Result)
    assert isinstance(kept, Kept)
    inside = read_kept(kept)
    client.send(Deliver(job_id="a"))
    sent = client.receive_until(Kept, Result)
    assert sent == inside
    client.send(Deliver(job_id="a"), Deliver(job_id="b"))  # once is enough: it costs memory
    client.send(Received(job_id="a"), Deliver(job_id="a"), request_lift("a", by_file=True))
    assert client.receive_until(Kept, Result) == kept  # not computed again


def test_a_file_that_is_gone_comes_as_a_message_or_as_a_failure(
    run_front: RunFront, connect: Connect, request_lift: RequestLift
) -> None:
    client = connect(run_front().info)
    client.send(request_lift("a", by_file=True))
    kept = client.receive_until(Kept)
    assert isinstance(kept, Kept)
    Path(kept.folder, kept.digest).unlink()
    client.send(Deliver(job_id="a"))
    failed = client.receive_until(Failed, Result)
    assert isinstance(failed, Failed)
    assert (failed.code, failed.action) == ("busy", "retry")
    client.send(request_lift("a", by_file=True))
    assert isinstance(client.receive_until(Kept, Failed), Kept)


def test_programs_that_wait_read_the_file(run_front: RunFront, request_lift: RequestLift) -> None:
    front = run_front()
    with Caller(front.info) as caller:
        by_file = caller.work(request_lift("a", frames=100), Result)
    with Caller(replace(front.info, pid=0)) as elsewhere:
        by_message = elsewhere.work(request_lift("a", frames=100), Result)
    assert by_file == by_message
    assert isinstance(by_file.poses, Array)


def test_another_computer_gets_no_file(
    start_fast: Callable[..., Server], connect: Connect, request_lift: RequestLift, tmp_path: Path
) -> None:
    import zmq

    public, secret = (key.decode() for key in zmq.curve_keypair())
    (tmp_path / "keys").write_text(public)
    server = start_fast("--bind", "tcp://127.0.0.1:*", "--authorized-keys", str(tmp_path / "keys"))
    remote = connect(server.info, client_key=public, client_secret=secret)
    remote.send(request_lift("a", by_file=True))
    assert isinstance(remote.receive_until(Kept, Result), Result)


# Handed over in memory


@pytest.fixture
def near(run_front: RunFront, memory: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runtime folder of `run_front`, in memory."""
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", str(memory))
    return memory


def test_takes_go_through_memory_and_stay_on_disk(
    run_front: RunFront,
    connect: Connect,
    request_lift: RequestLift,
    wait_until: Callable[[Callable[[], object]], None],
    tmp_path: Path,
    near: Path,
) -> None:
    front = run_front()
    reader, other = connect(front.info), connect(front.info)
    reader.send(request_lift("a", by_file=True))
    kept = reader.receive_until(Kept, Result)
    assert isinstance(kept, Kept)
    assert Path(kept.folder).parent == near
    taken = Path(kept.folder, kept.digest).read_bytes()
    on_disk = tmp_path / "data" / "results" / kept.digest
    wait_until(on_disk.exists)
    assert Path(kept.folder, kept.digest).exists()  # it was not acknowledged
    reader.send(Received(job_id="a"))
    wait_until(lambda: not Path(kept.folder, kept.digest).exists())
    assert on_disk.read_bytes() == taken
    other.send(request_lift("a", by_file=True))
    again = other.receive_until(Kept, Result)
    assert isinstance(again, Kept)
    assert Path(again.folder, again.digest) == on_disk
    reader.send(request_lift("b"))  # without a file: as a message, from memory or disk
    assert isinstance(reader.outcome("b"), Result)
    front.stop()
    assert list(near.iterdir()) == []


def test_what_the_network_said_stays_where_the_disk_takes_no_takes(
    run_front: RunFront, connect: Connect, request_lift: RequestLift, tmp_path: Path, near: Path
) -> None:
    assert "time.sleep(600)" in KILLED_WHILE_KEEPING
    front = run_front(KILLED_WHILE_KEEPING.replace("time.sleep(600)", "return False"))
    client = connect(front.info)
    client.send(replace(clip(request_lift, "a", seed=0), by_file=True))
    assert isinstance(client.receive_until(Kept, Result, Failed), Kept)
    client.send(Received(job_id="a"), clip(request_lift, "b", seed=0))
    assert isinstance(client.outcome("b"), Result)
    assert len(list((tmp_path / "data" / "unfinished").iterdir())) == 1


def test_what_a_killed_server_left_in_memory_goes_with_the_next(
    run_front: RunFront, wait_until: Callable[[Callable[[], object]], None], near: Path
) -> None:
    left = near / "handed-over"
    left.mkdir()
    for name in ("0" * 64, "retake-0.part"):
        (left / name).touch()
    run_front()
    wait_until(lambda: not list(left.iterdir()))


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal there")
def test_a_disk_that_hangs_does_not_keep_takes_from_their_client(
    run_front: RunFront,
    connect: Connect,
    request_lift: RequestLift,
    tmp_path: Path,
    near: Path,
) -> None:
    front = run_front(KILLED_WHILE_KEEPING)
    client = connect(front.info)
    client.send(replace(clip(request_lift, "a", seed=0), by_file=True))
    kept = client.receive_until(Kept, Failed)
    assert isinstance(kept, Kept)
    os.kill(front.worker.pid, signal.SIGKILL)  # the disk has not got them
    assert isinstance(read_kept(kept), Result)
    assert len(list((tmp_path / "data" / "unfinished").iterdir())) == 1
    front.stop()
    assert list(near.iterdir()) == []
    computes_none = WINDOW_BY_WINDOW.replace("while seed and computed == seed:", "while True:")
    client = connect(run_front(computes_none).info)
    client.send(clip(request_lift, "b", seed=0))
    assert isinstance(client.outcome("b"), Result)
