"""Who comes first, who asks for the same, who is superseded, and what became of the outcomes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from retake.server.front import desk
from retake.shared.protocol import (
    Accepted,
    Cancel,
    Failed,
    Kept,
    Lift,
    Partial,
    Ping,
    Pong,
    Progress,
    Received,
)
from retake.shared.protocol import Result as Takes

if TYPE_CHECKING:
    from ..conftest import Client, RunningFront

Connect = Callable[..., "Client"]
RequestLift = Callable[..., Lift]
RunFront = Callable[..., "RunningFront"]

DEAF = "import sys; sys.stdin.read()"

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def front(run_front: RunFront) -> RunningFront:
    return run_front()


@pytest.fixture
def client(front: RunningFront, connect: Connect) -> Client:
    return connect(front.info)


def test_an_interactive_job_does_not_wait_for_a_batch_job(
    client: Client, long: Lift, request_lift: RequestLift
) -> None:
    client.send(replace(long, batch=True))
    client.receive_until(Progress)
    client.send(request_lift("now"))
    assert isinstance(client.outcome("now"), Takes)
    client.receive_until(Progress)  # the other one goes on
    client.send(Cancel(job_id="long"))
    assert isinstance(client.outcome("long"), Failed)


def test_within_one_long_step_jobs_give_way_and_stop(
    client: Client, request_lift: RequestLift
) -> None:
    long = request_lift("long", seed=98, batch=True)
    client.send(long)
    client.receive_until(Progress)
    client.send(request_lift("now"))
    assert isinstance(client.outcome("now"), Takes)
    client.send(Cancel(job_id="long"), request_lift("next", batch=True))
    failed = client.receive_until(Failed)
    assert isinstance(failed, Failed)
    assert failed.code == "cancelled"
    assert isinstance(client.outcome("next"), Takes)


def test_finished_frames_come_before_the_takes_if_they_are_asked_for(
    client: Client, request_lift: RequestLift
) -> None:
    client.send(request_lift("a", partial=True, frames=30))
    parts = [client.receive_until(Partial, Takes) for _ in range(2)]
    assert [p.first for p in parts if isinstance(p, Partial)] == [0, 5]
    shapes = [p.poses.unpack("poses").shape for p in parts if isinstance(p, Partial)]
    assert shapes[0] == (2, 5, 17, 3)
    assert isinstance(client.outcome("a"), Takes)
    client.send(request_lift("b", seed=7))
    assert isinstance(client.receive_until(Partial, Takes), Takes)


def test_who_waits_is_told_who_is_before_it_and_when_that_changes(
    client: Client, long: Lift, request_lift: RequestLift
) -> None:
    client.send(long, request_lift("second"), request_lift("third"))
    accepted = [client.receive_until(Accepted) for _ in range(3)]
    assert [a.ahead for a in accepted if isinstance(a, Accepted)] == [0, 1, 2]
    client.send(Cancel(job_id="long"))
    seen: list[Progress] = []
    while isinstance(reply := client.receive_until(Progress, Takes), Progress):
        seen.append(reply)
    assert [p.ahead for p in seen if p.job_id == "third"] == [1]


def test_progress_says_how_long_it_will_take(client: Client, request_lift: RequestLift) -> None:
    client.send(request_lift("a", iterations=4))
    seen: list[Progress] = []
    while isinstance(reply := client.receive_until(Progress, Takes), Progress):
        seen.append(reply)
    assert seen[0].seconds_left is None
    assert seen[-1].seconds_left == 0
    assert all(p.seconds_left is not None and p.seconds_left >= 0 for p in seen if p.done)


def test_a_newer_request_for_a_clip_takes_the_place_of_the_older(
    client: Client, long: Lift, request_lift: RequestLift
) -> None:
    client.send(replace(long, clip="shot"))
    client.receive_until(Progress)
    client.send(request_lift("middle", seed=99, clip="shot"), request_lift("new", clip="shot"))
    failed = [client.receive_until(Failed) for _ in range(2)]
    assert [(f.job_id, f.code) for f in failed if isinstance(f, Failed)] == [
        ("long", "replaced"),
        ("middle", "replaced"),
    ]
    assert isinstance(client.outcome("new"), Takes)


def test_the_same_request_again_joins_the_job(
    front: RunningFront, client: Client, connect: Connect, long: Lift
) -> None:
    """As a client does that has lost its connection, or crashed and come back."""
    client.send(long)
    client.receive_until(Progress)
    again = connect(front.info)
    again.send(long)
    assert again.receive() == Accepted(job_id="long", ahead=0)
    again.receive_until(Progress)
    again.send(Ping(job_id="p"))
    pong = again.receive_until(Pong)
    assert isinstance(pong, Pong)
    assert pong.jobs == 1
    client.send(Cancel(job_id="long"))
    assert isinstance(client.outcome("long"), Failed)
    again.receive_until(Progress)  # it goes on for the other one
    again.send(Cancel(job_id="long"))
    assert isinstance(again.outcome("long"), Failed)


def test_a_client_that_comes_back_in_time_finds_its_job_running(
    front: RunningFront, client: Client, connect: Connect, long: Lift
) -> None:
    client.send(long)
    client.receive_until(Progress)
    client.socket.close()
    back = connect(front.info)
    back.send(long)
    back.receive_until(Progress)
    back.send(Ping(job_id="p"))
    pong = back.receive_until(Pong)
    assert isinstance(pong, Pong)
    assert pong.jobs == 1


def test_what_is_finished_is_not_computed_again_even_by_another_server(
    run_front: RunFront, connect: Connect, request_lift: RequestLift
) -> None:
    first = run_front()
    client = connect(first.info)
    client.send(request_lift("a"))
    takes = client.outcome("a")
    first.stop()
    second = run_front(DEAF)  # it could not compute anything
    client = connect(second.info)
    client.send(request_lift("a"))
    assert client.outcome("a") == takes
    client.send(request_lift("a", seed=2))
    client.send(Ping(job_id="p"))
    assert isinstance(client.receive_until(Takes, Pong), Pong)


def test_a_damaged_file_of_a_finished_job_is_computed_again(
    front: RunningFront, client: Client, request_lift: RequestLift, tmp_path: Path
) -> None:
    client.send(request_lift("a"))
    takes = client.outcome("a")
    kept = list((tmp_path / "data" / "results").iterdir())
    assert len(kept) == 1
    kept[0].write_bytes(kept[0].read_bytes()[:-5])
    client.send(request_lift("a"))
    assert client.outcome("a") == takes


def test_outcomes_come_one_at_a_time_as_they_are_acknowledged(
    client: Client, request_lift: RequestLift
) -> None:
    client.send(*(request_lift(job_id) for job_id in "abc"))
    for job_id in "abc":
        result = client.receive_until(Takes)
        assert isinstance(result, Takes)
        assert result.job_id == job_id
        client.send(Ping(job_id=job_id))
        assert isinstance(client.receive_until(Takes, Pong), Pong)
        client.send(Received(job_id=job_id))


def test_a_full_disk_takes_nothing_from_anybody(
    run_front: RunFront, connect: Connect, request_lift: RequestLift, tmp_path: Path
) -> None:
    """Neither the folder for results nor a file in it can be made."""
    (tmp_path / "data").write_text("in the way")
    client = connect(run_front().info)
    client.send(request_lift("a"), request_lift("b"))
    for job_id in "ab":
        result = client.receive_until(Takes)
        assert isinstance(result, Takes)
        assert result.job_id == job_id
        client.send(Received(job_id=job_id))


FULL = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
"""
"""The system writes no file beyond this size, as if the disk were full."""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_disk_that_fills_up_takes_nothing_from_anybody(
    run_front: RunFront,
    connect: Connect,
    request_lift: RequestLift,
    tmp_path: Path,
    worker_program: str,
) -> None:
    """Both the takes and what is finished of them are larger than there is room for."""
    client = connect(run_front(FULL + worker_program).info)
    request = request_lift("large", frames=1000, hypotheses=5, by_file=True)
    client.send(request, request_lift("small", by_file=True))
    large = client.receive_until(Takes, Kept)
    assert isinstance(large, Takes)
    client.send(Received(job_id="large"))
    assert isinstance(client.receive_until(Takes, Kept), Kept)
    assert len(list((tmp_path / "data" / "results").iterdir())) == 1


def test_who_asks_for_much_waits_for_itself(
    front: RunningFront, client: Client, connect: Connect, long: Lift, request_lift: RequestLift
) -> None:
    client.send(long)
    client.receive_until(Progress)
    client.send(*(request_lift(str(number), seed=100 + number) for number in range(10)))
    other = connect(front.info)
    other.send(request_lift("mine", seed=50))
    accepted = other.receive_until(Accepted)
    assert isinstance(accepted, Accepted)
    assert accepted.ahead == 1  # the one that runs
    client.send(Cancel(job_id="long"))
    assert isinstance(other.outcome("mine"), Takes)


def test_where_the_device_is_shared_jobs_run_side_by_side(
    run_front: RunFront, connect: Connect, request_lift: RequestLift, worker_program: str
) -> None:
    client = connect(run_front(worker_program.replace('"none"', '"cuda"')).info)
    for number in range(5):
        client.send(request_lift(str(number), seed=99, hypotheses=1 + number))
    begun: set[str] = set()
    while len(begun) < 4:
        progress = client.receive_until(Progress)
        assert isinstance(progress, Progress)
        if not progress.ahead:
            begun.add(progress.job_id)
    assert begun == {"0", "1", "2", "3"}
    client.send(request_lift("batch", seed=1, batch=True))
    assert isinstance(client.outcome("batch"), Takes)
    for number in range(5):
        client.send(Cancel(job_id=str(number)))
        assert isinstance(client.outcome(str(number)), Failed)


def test_nobody_comes_back_for_a_job(
    front: RunningFront,
    client: Client,
    connect: Connect,
    long: Lift,
    monkeypatch: pytest.MonkeyPatch,
    wait_until: Callable[[Callable[[], object]], None],
) -> None:
    monkeypatch.setattr(desk, "ORPHAN_PATIENCE_S", 0.2)
    client.send(long)
    client.receive_until(Progress)
    client.socket.close()
    other = connect(front.info)

    def is_idle() -> bool:
        other.send(Ping(job_id="p"))
        pong = other.receive_until(Pong)
        return isinstance(pong, Pong) and pong.jobs == 0

    wait_until(is_idle)
