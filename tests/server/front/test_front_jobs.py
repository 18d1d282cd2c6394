"""What happens while a job runs: other requests are answered, jobs wait, and can be cancelled.

The worker is the real one, with a sampler that samples for ever if the seed says so: no test has to
be faster than a job.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from retake.server.front import desk
from retake.shared.protocol import (
    Cancel,
    Failed,
    Lift,
    Ping,
    Pong,
    Progress,
    Result,
)

if TYPE_CHECKING:
    from ..conftest import Client, RunningFront

Connect = Callable[..., "Client"]
RequestLift = Callable[..., Lift]


@pytest.fixture
def front(run_front: Callable[..., RunningFront]) -> RunningFront:
    return run_front()


@pytest.fixture
def client(front: RunningFront, connect: Connect) -> Client:
    return connect(front.info)


def cancelled(client: Client, *job_ids: str) -> bool:
    """Cancels them and says whether that is what became of them."""
    client.send(*(Cancel(job_id=job_id) for job_id in job_ids))
    outcomes = [client.outcome(job_id) for job_id in job_ids]
    return all(isinstance(o, Failed) and o.code == "cancelled" for o in outcomes)


def test_ping_is_answered_while_a_job_runs(client: Client, long: Lift) -> None:
    client.send(long)
    client.receive_until(Progress)
    client.send(Ping(job_id="p"))
    assert client.receive_until(Pong, Result, Failed) == Pong(
        job_id="p", state="busy", device="none", jobs=1
    )
    assert cancelled(client, "long")


def test_a_running_job_is_cancelled_and_the_next_one_starts(
    client: Client, long: Lift, request_lift: RequestLift
) -> None:
    client.send(long, request_lift("next"))
    client.receive_until(Progress)
    assert cancelled(client, "long")
    assert isinstance(client.outcome("next"), Result)


def test_a_waiting_job_is_cancelled_and_the_running_one_goes_on(
    client: Client, long: Lift, request_lift: RequestLift
) -> None:
    client.send(long, request_lift("waiting"))
    assert cancelled(client, "waiting")
    client.receive_until(Progress)
    assert cancelled(client, "long")


def test_a_full_queue_says_busy(client: Client, long: Lift, request_lift: RequestLift) -> None:
    client.send(long)
    client.receive_until(Progress)
    jobs = [f"job {i}" for i in range(17)]
    client.send(*(request_lift(job_id) for job_id in jobs))
    refused = client.outcome(jobs[-1])
    assert isinstance(refused, Failed)
    assert refused.code == "busy"
    assert cancelled(client, *jobs[:-1], "long")


def test_a_client_that_left_does_not_hold_up_the_others(
    front: RunningFront,
    connect: Connect,
    long: Lift,
    request_lift: RequestLift,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(desk, "ORPHAN_PATIENCE_S", 0.5)
    leaving = connect(front.info)
    leaving.send(long)
    leaving.receive_until(Progress)
    leaving.socket.close()
    staying = connect(front.info)
    staying.send(request_lift("a"))
    assert isinstance(staying.outcome("a"), Result)


def test_an_id_in_use_is_refused(client: Client, long: Lift, request_lift: RequestLift) -> None:
    client.send(long, request_lift("long"))
    failed = client.receive_until(Failed)
    assert isinstance(failed, Failed)
    assert (failed.code, failed.field) == ("invalid", "job_id")
    assert cancelled(client, "long")
