"""A real server, over its real port: what it answers and refuses, and that it lives on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import msgpack  # pyright: ignore[reportMissingTypeStubs]
import numpy as np
import pytest
import zmq
from retake.server.models import default_model
from retake.server.worker.shares import PARTS
from retake.shared.protocol import (
    PROTOCOL_VERSION,
    Accepted,
    Array,
    Failed,
    Hello,
    Lift,
    Ping,
    Pong,
    Progress,
    Result,
    Welcome,
    encode,
)
from retake.shared.takes import LIMB_GROUPS

if TYPE_CHECKING:
    from ..conftest import Client, Server

pytestmark = pytest.mark.timeout(400)
"""Each server imports torch, which takes a minute on a machine that has too much to do."""

Connect = Callable[..., "Client"]
RequestLift = Callable[..., Lift]


def assert_pong(client: Client, job_id: str = "p") -> None:
    pong = client.receive()
    assert isinstance(pong, Pong)
    assert pong.job_id == job_id


@pytest.fixture
def client(server: Server, connect: Connect) -> Client:
    return connect(server.info)


def hello(version: int = PROTOCOL_VERSION) -> Hello:
    return Hello(job_id="h", protocol_version=version, package_version="0.0.1")


def test_hello_is_welcomed_with_the_models(client: Client) -> None:
    client.send(hello())
    welcome = client.receive()
    assert isinstance(welcome, Welcome)
    assert welcome.job_id == "h"
    assert welcome.protocol_version == PROTOCOL_VERSION
    assert "tiny" in welcome.models


def test_another_version_is_refused_with_both_numbers(client: Client) -> None:
    client.send(hello(version=999))
    failed = client.receive()
    assert isinstance(failed, Failed)
    assert (failed.code, failed.field) == ("version", "protocol_version")
    assert "999" in failed.text
    assert str(PROTOCOL_VERSION) in failed.text


def test_a_job_is_accepted_reported_and_answered(client: Client, request_lift: RequestLift) -> None:
    request = request_lift("a", frames=12, hypotheses=3, iterations=4)
    client.send(request)
    assert client.receive() == Accepted(job_id="a", ahead=0)
    steps: list[Progress] = []
    while isinstance(reply := client.receive(), Progress):
        steps.append(reply)
    assert isinstance(reply, Result)
    sampled = [s.done for s in steps if s.stage == "sampling"]
    assert sampled == sorted(sampled)
    assert len(set(sampled)) >= 4  # every iteration at least
    assert {s.total for s in steps} == {PARTS}
    done = [s.done for s in steps]
    assert done == sorted(done)
    assert steps[-1].done == steps[-1].total
    assert reply.poses.unpack("poses").shape == (3, 12, 17, 3)
    np.testing.assert_array_equal(reply.times.unpack("t"), request.times.unpack("t"))
    assert set(json.loads(reply.meta)["best"]) == set(LIMB_GROUPS)


def test_the_same_request_gives_the_same_bits(client: Client, request_lift: RequestLift) -> None:
    client.send(request_lift("a", seed=5), request_lift("b", seed=5), request_lift("c", seed=6))
    results = [client.outcome(job_id) for job_id in "abc"]
    first, again, other = (r.poses.data for r in results if isinstance(r, Result))
    assert first == again != other


def test_two_clients_get_their_own_answers(
    server: Server, connect: Connect, request_lift: RequestLift
) -> None:
    """Even if both give their job the same id."""
    clients = [connect(server.info), connect(server.info)]
    for frames, client in zip((12, 20), clients, strict=True):
        client.send(request_lift("same", frames=frames))
    results = [client.outcome("same") for client in clients]
    assert [r.poses.shape[1] for r in results if isinstance(r, Result)] == [12, 20]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "points of another shape": ({"points": Array.pack(np.ones((12, 16, 2), "f4"))}, "points.shape"),
    "points of another kind": ({"points": Array.pack(np.ones((12, 17, 2)))}, "points.dtype"),
    "points without a shape": ({"points": Array(dtype="<f4", shape=[], data=b"")}, "points.shape"),
    "too few bytes": ({"points": Array(dtype="<f4", shape=[12, 17, 2], data=b"")}, "points.data"),
    "a huge shape": ({"times": Array(dtype="<f8", shape=[2**62], data=b"")}, "times.shape"),
    "infinite points": ({"points": Array.pack(np.full((12, 17, 2), np.inf, "f4"))}, "points"),
    "all joints missing": ({"points": Array.pack(np.full((12, 17, 2), np.nan, "f4"))}, "points"),
    "points out of all bounds": (
        {"points": Array.pack(np.full((12, 17, 2), 1e30, "f4"))},
        "points",
    ),
    "no confidence at all": ({"confidence": Array.pack(np.zeros((12, 17), "f4"))}, "confidence"),
    "negative confidence": ({"confidence": Array.pack(np.full((12, 17), -1, "f4"))}, "confidence"),
    "confidence above 1": ({"confidence": Array.pack(np.full((12, 17), 1.5, "f4"))}, "confidence"),
    "NaN confidence": ({"confidence": Array.pack(np.full((12, 17), np.nan, "f4"))}, "confidence"),
    "NaN times": ({"times": Array.pack(np.full(12, np.nan))}, "times"),
    "times that stand still": ({"times": Array.pack(np.zeros(12))}, "times"),
    "a clip of a year": ({"times": Array.pack(np.linspace(0, 3e7, 12))}, "times"),
    "no width": ({"width": 0}, "width"),
    "no height": ({"height": -1}, "height"),
    "a picture of a light year": ({"width": 10**12}, "width"),
    "no frame rate": ({"fps": float("nan")}, "fps"),
    "no hypotheses": ({"hypotheses": 0}, "hypotheses"),
    "too many hypotheses": ({"hypotheses": 101}, "hypotheses"),
    "too many iterations": ({"iterations": 51}, "iterations"),
    "a negative seed": ({"seed": -1}, "seed"),
    "a focal length of zero": ({"focal": 0.0}, "focal"),
    "no job id": ({"job_id": ""}, "job_id"),
    "an answer too large": (
        {"hypotheses": 100, "times": Array.pack(np.linspace(0, 1000, 12))},
        "hypotheses",
    ),
}


@pytest.mark.parametrize(("changes", "field"), BAD.values(), ids=BAD.keys())
def test_a_bad_field_is_refused_by_name(
    client: Client, request_lift: RequestLift, changes: dict[str, Any], field: str
) -> None:
    client.send(request_lift(**{"job_id": "bad"} | changes))
    failed = client.receive()
    assert isinstance(failed, Failed)
    assert (failed.code, failed.field) == ("invalid", field)
    client.send(Ping(job_id="p"))
    assert_pong(client)


def test_one_frame_is_no_motion(client: Client, request_lift: RequestLift) -> None:
    client.send(request_lift("one", frames=1))
    failed = client.receive()
    assert isinstance(failed, Failed)
    assert (failed.code, failed.field) == ("invalid", "points")


def test_missing_joints_are_no_error(client: Client, request_lift: RequestLift) -> None:
    request = request_lift("gaps")
    points = request.points.unpack("points")
    points[3:6, 4:7] = np.nan
    points[:, 16] = np.nan
    client.send(replace(request, points=Array.pack(points)))
    result = client.outcome("gaps")
    assert isinstance(result, Result)
    assert np.isfinite(result.poses.unpack("poses")).all()


@pytest.mark.parametrize("model", ["none", "../tiny", "broken"])
def test_a_model_that_cannot_be_had_is_named(
    client: Client, request_lift: RequestLift, model: str
) -> None:
    client.send(request_lift("a", model=model))
    failed = client.outcome("a")
    assert isinstance(failed, Failed)
    assert (failed.code, failed.field) == ("unknown_model", "model")
    assert model in failed.text


def test_a_request_that_names_no_model_gets_the_default_one(
    client: Client, request_lift: RequestLift
) -> None:
    client.send(request_lift("a", model=""))
    result = client.outcome("a")
    assert isinstance(result, Result)
    assert json.loads(result.meta)["model"] == default_model()


def pack(value: object) -> bytes:
    return cast(bytes, msgpack.packb(value))  # pyright: ignore[reportUnknownMemberType]


GARBAGE = {
    "nothing": b"",
    "text": b"hello",
    "a number": pack(7),
    "a list": pack([1, 2]),
    "half a message": encode(Ping(job_id="p"))[:-3],
    "an unknown kind": pack({"type": "dance", "job_id": "x"}),
    "a reply": encode(Pong(job_id="x")),
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_is_refused_and_the_server_lives_on(client: Client, garbage: bytes) -> None:
    client.send(garbage)
    failed = client.receive()
    assert isinstance(failed, Failed)
    assert failed.code == "invalid"
    client.send(Ping(job_id="p"))
    assert_pong(client)


def test_a_message_of_two_frames_is_refused(client: Client) -> None:
    client.socket.send_multipart([encode(Ping(job_id="p")), b"more"])
    failed = client.receive()
    assert isinstance(failed, Failed)
    assert failed.code == "invalid"


def test_who_does_not_know_the_key_gets_no_answer(server: Server, connect: Connect) -> None:
    stranger = connect(server.info, server_key=zmq.curve_keypair()[0].decode())
    stranger.send(Ping(job_id="p"))
    with pytest.raises(TimeoutError):
        stranger.receive(patience_s=1)


def test_the_front_does_not_import_torch() -> None:
    program = "import retake.server.serve, sys; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
