"""The client's states and jobs, end to end with a scripted server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from retake.blender_addon.client.client import Client, JobFailed, ServerState, TakesReady
from retake.blender_addon.takes.messages import LiftSettings, lift_request
from retake.shared.connection_file import ConnectionInfo
from retake.shared.errors import RetakeError
from retake.shared.keypoints import KeypointTrack
from retake.shared.protocol import (
    Bye,
    Cancel,
    Failed,
    Lift,
    Ping,
    Pong,
    Progress,
    Received,
    Reply,
    Request,
    Result,
)
from retake.shared.takes import Takes

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


def _dead(info: ConnectionInfo) -> bool:
    return False


def _answers(result: Result) -> Callable[[Request], Sequence[Reply]]:
    def script(request: Request) -> Sequence[Reply]:
        if not isinstance(request, Lift):
            return []
        return [Progress(job_id=request.job_id, stage="sampling", done=1, total=2), result]

    return script


def test_takes_arrive_saved_and_the_model_is_left_to_the_server(
    client: Client, serve: Serve, request_one: Lift, result: Result, takes: Takes, tmp_path: Path
) -> None:
    server = serve(_answers(result))
    client.open(server.find, _alive)
    assert client.state is ServerState.STARTING
    client.lift(request_one, tmp_path / "takes.npz")
    outcome = client.wait(5)
    assert isinstance(outcome, TakesReady)
    np.testing.assert_array_equal(Takes.load(tmp_path / "takes.npz").poses, takes.poses)
    assert (client.state, client.job) == (ServerState.READY, None)
    assert [r.model for r in server.seen if isinstance(r, Lift)] == [""]
    assert client.models == ["small", "large"]


def test_progress_is_seen_while_the_job_runs(
    client: Client, serve: Serve, request_one: Lift, tmp_path: Path
) -> None:
    def script(request: Request) -> Sequence[Reply]:
        if isinstance(request, Lift):
            return [Progress(job_id="one", stage="sampling", done=1, total=4)]
        return []

    client.open(serve(script).find, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    assert client.wait(0.5) is None
    assert client.job is not None
    assert (client.job.stage, client.job.fraction) == ("sampling", 0.25)
    assert client.state is ServerState.BUSY
    with pytest.raises(RetakeError, match="busy"):
        client.lift(request_one, tmp_path / "takes.npz")


def test_a_cancelled_job_ends_without_a_complaint(
    client: Client, serve: Serve, request_one: Lift, tmp_path: Path
) -> None:
    def script(request: Request) -> Sequence[Reply]:
        if isinstance(request, Cancel):
            return [Failed(job_id="one", code="cancelled", text="Cancelled.")]
        return []

    client.open(serve(script).find, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    client.wait(0.5)
    client.cancel()
    assert client.wait(5) == JobFailed("one", "Cancelled.", cancelled=True, code="cancelled")
    assert (client.state, client.message) == (ServerState.READY, "")


def test_a_failed_job_leaves_its_reason_and_a_ready_server(
    client: Client, serve: Serve, request_one: Lift, tmp_path: Path
) -> None:
    def script(request: Request) -> Sequence[Reply]:
        if isinstance(request, Lift):
            return [Failed(job_id="one", code="invalid", text="points: too few")]
        return []

    client.open(serve(script).find, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    assert client.wait(5) == JobFailed("one", "points: too few", code="invalid")
    assert (client.state, client.message) == (ServerState.READY, "points: too few")


def test_damaged_takes_are_a_failed_job_and_nothing_is_saved(
    client: Client, serve: Serve, request_one: Lift, damaged: Result, tmp_path: Path
) -> None:
    client.open(serve(_answers(damaged)).find, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    outcome = client.wait(5)
    assert isinstance(outcome, JobFailed)
    assert "does not hold takes" in outcome.text
    assert list(tmp_path.iterdir()) == []


def test_losing_the_server_ends_the_job_and_allows_another_try(
    client: Client, serve: Serve, request_one: Lift, result: Result, tmp_path: Path
) -> None:
    client.open(serve().find, _dead)
    client.lift(request_one, tmp_path / "takes.npz")
    outcome = client.wait(5)
    assert isinstance(outcome, JobFailed)
    assert client.state is ServerState.FAILED
    assert outcome.text in client.status
    client.open(serve(_answers(result)).find, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    assert isinstance(client.wait(5), TakesReady)


def test_a_job_outlives_the_loss_of_the_server(
    client: Client, serve: Serve, request_one: Lift, result: Result, tmp_path: Path
) -> None:
    """As after kill -9: the add-on starts another server and asks for the same again."""
    lost, new = serve(), serve(_answers(result))
    servers = [new, lost]

    def find(stop: threading.Event, silent: ConnectionInfo | None) -> ConnectionInfo:
        return servers.pop().info

    client.open(find, lambda info: info != lost.info)
    client.lift(request_one, tmp_path / "takes.npz")
    assert isinstance(client.wait(10), TakesReady)
    asked = [[r for r in server.seen if isinstance(r, Lift)] for server in (lost, new)]
    assert asked[0] == asked[1]
    assert len(asked[0]) == 1


def test_outcomes_are_acknowledged(
    client: Client, serve: Serve, request_one: Lift, result: Result, tmp_path: Path
) -> None:
    server = serve(_answers(result))
    client.open(server.find, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    client.wait(5)
    waiting = threading.Event()
    for _ in range(100):
        if Received(job_id="one") in server.seen:
            break
        waiting.wait(0.05)
    assert Received(job_id="one") in server.seen


def test_a_server_that_says_goodbye_is_off_and_not_failed(client: Client, serve: Serve) -> None:
    def script(request: Request) -> Sequence[Reply]:
        return [Bye(job_id="", text="It was idle.")] if isinstance(request, Ping) else []

    client.open(serve(script).find, _alive)
    assert client.wait(5) is None
    assert (client.state, client.status) == (ServerState.OFF, "Off: It was idle.")
    assert not client.is_open


def test_the_state_of_the_server_is_shown(client: Client, serve: Serve) -> None:
    def script(request: Request) -> Sequence[Reply]:
        state = Pong(job_id="ping", state="starting", text="loading PyTorch")
        return [state] if isinstance(request, Ping) else []

    client.open(serve(script).find, _alive)
    client.wait(2)
    assert client.state is ServerState.STARTING
    assert "loading PyTorch" in client.status


def test_another_version_needs_an_update(
    client: Client, serve: Serve, request_one: Lift, tmp_path: Path
) -> None:
    def script(request: Request) -> Sequence[Reply]:
        return [Failed(job_id=request.job_id, code="version", text="Update the older one.")]

    client.open(serve(script, polite=False).find, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    assert isinstance(client.wait(5), JobFailed)
    assert (client.state, client.text) == (ServerState.UPDATE, "Update the older one.")


def test_a_job_cancelled_before_the_server_is_there_is_never_sent(
    client: Client, serve: Serve, request_one: Lift, tmp_path: Path
) -> None:
    server = serve()
    go = threading.Event()

    def find_late(stop: threading.Event, silent: ConnectionInfo | None) -> ConnectionInfo:
        go.wait(5)
        return server.info

    client.open(find_late, _alive)
    client.lift(request_one, tmp_path / "takes.npz")
    client.cancel()
    go.set()
    assert client.wait(0.5) is None
    assert client.state is ServerState.READY
    assert not any(isinstance(r, Lift) for r in server.seen)


def test_taking_in_events_keeps_to_its_budget_and_never_waits(
    client: Client, serve: Serve, request_one: Lift, tmp_path: Path
) -> None:
    assert client.outcomes(0.003) == []
    client.open(serve().find, _alive)
    assert client.outcomes(0.003) == []
