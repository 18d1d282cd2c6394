"""What others do to a server: rubbish, floods, silence, wrong keys, death. It goes on serving."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import msgpack  # pyright: ignore[reportMissingTypeStubs]
import psutil
import pytest
import zmq
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from retake.server.front import care
from retake.shared.protocol import (
    LARGEST_REQUEST,
    PROTOCOL_VERSION,
    Cancel,
    Detect,
    Failed,
    Hello,
    Kept,
    Lift,
    Message,
    Ping,
    Pong,
    Progress,
    ProtocolError,
    Received,
    Result,
    Stop,
    Welcome,
    decode_request,
    encode,
    job_id_of,
)

if TYPE_CHECKING:
    from .conftest import Client, RunningFront, Server

Connect = Callable[..., "Client"]
RequestLift = Callable[..., Lift]
RunFront = Callable[..., "RunningFront"]
StartFast = Callable[..., "Server"]

pytestmark = pytest.mark.timeout(400)

MESSAGES = 10_000


def serves(client: Client) -> bool:
    client.send(Ping(job_id="alive?"))
    while True:
        pong = client.receive_until(Pong)
        if isinstance(pong, Pong) and pong.job_id == "alive?":
            return True


def memory_of(server: Server) -> int:
    return psutil.Process(server.info.pid).memory_info().rss


# Rubbish

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text()
    | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=8,
)  # fmt: skip
FIELDS = ("job_id", "points", "confidence", "times", "width", "fps", "seed", "path", "pid", "more")
TAGS = st.sampled_from(["hello", "lift", "detect", "cancel", "received", "ping", "stop", "pong"])
ALMOST = st.tuples(TAGS | VALUES, st.dictionaries(st.sampled_from(FIELDS), VALUES)).map(
    lambda pair: {"type": pair[0], **pair[1]}
)


def packed(value: object) -> bytes:
    return cast(bytes, msgpack.packb(value))  # pyright: ignore[reportUnknownMemberType]


@settings(max_examples=200, deadline=None, database=None)
@given(VALUES | ALMOST)
def test_whatever_the_values_the_reader_refuses_or_accepts(value: object) -> None:
    data = packed(value)
    assert isinstance(job_id_of(data), str)
    try:
        again = encode(decode_request(data))
    except ProtocolError:
        return
    assert encode(decode_request(again)) == again


def damaged(good: Sequence[bytes], chance: random.Random) -> bytes:
    """One of `good` with its end cut off or thinned out, and a few bytes changed."""
    data = bytearray(chance.choice(good))
    del data[chance.randrange(len(data)) :: chance.choice([1, 2, 1000])]
    for _ in range(chance.randint(0, 5) if data else 0):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return bytes(data)


def is_refused(data: bytes) -> bool:
    try:
        decode_request(data)
    except ProtocolError:
        return True
    return False


def test_ten_thousand_damaged_messages_crash_hang_and_leak_nothing(
    start_fast: StartFast, connect: Connect, request_lift: RequestLift
) -> None:
    server = start_fast()
    client = connect(server.info)
    good: list[Message] = [
        Hello(job_id="h", protocol_version=9, package_version=""),
        Cancel(job_id="c"),
    ]
    good += [request_lift("fuzz", model="none"), Detect(job_id="d", path="/x")]
    encoded = [encode(message) for message in good]
    sent = before = 0

    @settings(max_examples=100, deadline=None, database=None, phases=[Phase.generate])
    @given(st.randoms(use_true_random=True), st.lists(VALUES | ALMOST, max_size=5))
    def send(chance: random.Random, values: list[object]) -> None:
        nonlocal sent, before
        batch = [damaged(encoded, chance) for _ in range(MESSAGES // 90)]
        batch += [packed(value) for value in values]
        bad = [data for data in batch if is_refused(data)]
        client.send(*bad)
        assert serves(client)
        sent += len(bad)
        before = before or (memory_of(server) if sent > MESSAGES // 5 else 0)

    send()
    assert sent >= MESSAGES
    assert memory_of(server) < before * 1.02
    assert server.process.poll() is None
    assert "could not be handled" not in server.log.read_text()


def test_a_message_that_is_too_large_is_not_even_read(
    start_fast: StartFast, connect: Connect
) -> None:
    server = start_fast()
    client, other = connect(server.info), connect(server.info)
    assert serves(client)
    before = memory_of(server)
    client.send(bytes(LARGEST_REQUEST + 1))
    assert serves(other)
    assert serves(client)  # ZeroMQ has connected it again
    assert memory_of(server) < before + LARGEST_REQUEST


# Floods and silence


def test_who_sends_without_end_and_reads_nothing_harms_nobody(
    start_fast: StartFast, connect: Connect, request_lift: RequestLift
) -> None:
    server = start_fast()
    flood, other = connect(server.info), connect(server.info)
    flood.socket.sndhwm = 0
    assert serves(other)
    before = memory_of(server)
    ping = encode(Ping(job_id="x" * 2000))
    for _ in range(20_000):
        flood.send(ping)
    other.send(request_lift("a"))
    assert isinstance(other.outcome("a"), Result)
    assert memory_of(server) < before + 30e6
    assert serves(other)


def test_who_asks_for_much_and_reads_nothing_costs_one_outcome(
    start_fast: StartFast, connect: Connect, request_lift: RequestLift
) -> None:
    """12 answers of 2.4 MB; what the silent client's own ZeroMQ takes in is its memory."""
    server = start_fast()
    silent, other = connect(server.info), connect(server.info)
    other.send(request_lift("warm", frames=1000, hypotheses=10, seed=50))
    assert isinstance(other.outcome("warm"), Result)
    before = memory_of(server)
    silent.send(*(request_lift(str(i), frames=1000, hypotheses=10, seed=i) for i in range(12)))
    other.send(request_lift("last", seed=60))
    assert isinstance(other.outcome("last"), Result)
    assert memory_of(server) < before + 20e6


def test_fifty_clients_at_once_are_all_served(
    run_front: RunFront, connect: Connect, request_lift: RequestLift
) -> None:
    front = run_front()
    clients = [connect(front.info) for _ in range(50)]
    for number, client in enumerate(clients):
        client.send(request_lift("mine", seed=1000 + number))
    results = [client.outcome("mine") for client in clients]
    assert len({r.poses.data for r in results if isinstance(r, Result)}) == 50


# Keys


def test_only_the_right_pair_of_keys_opens(start_fast: StartFast, connect: Connect) -> None:
    server = start_fast()
    public, secret = (key.decode() for key in zmq.curve_keypair())
    strangers = [
        connect(server.info, server_key=public),
        connect(server.info, client_key=public, client_secret=secret),
        connect(server.info, client_secret=secret),
    ]
    for stranger in strangers:
        stranger.send(Ping(job_id="p"))
    assert serves(connect(server.info))
    for stranger in strangers:
        with pytest.raises(TimeoutError):
            stranger.receive(patience_s=1)


def test_without_encryption_nothing_is_heard(start_fast: StartFast, connect: Connect) -> None:
    server = start_fast()
    with zmq.Context() as context, context.socket(zmq.DEALER) as plain:
        plain.linger = 0
        plain.connect(server.info.address)
        plain.send(encode(Ping(job_id="p")))
        assert serves(connect(server.info))
        assert not plain.poll(1000)


def test_another_computer_needs_a_key_that_is_listed_and_may_do_less(
    start_fast: StartFast, connect: Connect, request_lift: RequestLift, tmp_path: Path
) -> None:
    friend, stranger = zmq.curve_keypair(), zmq.curve_keypair()
    (tmp_path / "keys").write_text(f"{friend[0].decode()} anna\n")
    server = start_fast("--bind", "tcp://127.0.0.1:*", "--authorized-keys", str(tmp_path / "keys"))
    keys = {"client_key": friend[0].decode(), "client_secret": friend[1].decode()}
    remote = connect(server.info, **keys)
    remote.send(request_lift("a"))
    assert isinstance(remote.outcome("a"), Result)
    (tmp_path / "video.mp4").touch()
    for request in (Detect(job_id="d", path=str(tmp_path / "video.mp4")), Stop(job_id="s")):
        remote.send(request)
        failed = remote.receive_until(Failed)
        assert isinstance(failed, Failed)
        assert failed.code == "refused"
    keys = {"client_key": stranger[0].decode(), "client_secret": stranger[1].decode()}
    other = connect(server.info, **keys)
    other.send(Ping(job_id="p"))
    with pytest.raises(TimeoutError):
        other.receive(patience_s=1)


# Death


CRASHING = """
import os, signal
from retake.server.worker import worker
from retake.server.lifting.lift import OpenModel

def sample(pixels, width, height, *, seed, on_step, **more):
    import time
    while seed != 13:
        time.sleep(0.02)
        on_step(1, 2)
    os.kill(os.getpid(), signal.SIGSEGV)

worker._prepare_torch = lambda: ("none", lambda folder: OpenModel(sample, ""))
worker.main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals there")
def test_a_crash_costs_the_job_that_caused_it_and_not_the_batch_beside_it(
    run_front: RunFront, connect: Connect, long: Lift, request_lift: RequestLift
) -> None:
    front = run_front(CRASHING)
    client = connect(front.info)
    client.send(replace(long, batch=True))
    client.receive_until(Progress)
    client.send(request_lift("crash", seed=13))
    failed = client.outcome("crash")
    assert isinstance(failed, Failed)
    assert failed.code == "crashed"
    assert "signal 11" in failed.text
    client.receive_until(Progress)
    assert front.starts == 2
    client.send(Cancel(job_id="long"))
    assert isinstance(client.outcome("long"), Failed)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows suspends nothing by a signal")
def test_a_worker_that_is_suspended_is_replaced(
    run_front: RunFront, connect: Connect, long: Lift, monkeypatch: pytest.MonkeyPatch
) -> None:
    front = run_front()
    client = connect(front.info)
    client.send(long)
    client.receive_until(Progress)
    monkeypatch.setattr(care, "MOST_UNANSWERED", 3)
    os.kill(front.worker.pid, signal.SIGSTOP)
    failed = client.outcome("long")
    assert isinstance(failed, Failed)
    assert failed.code == "crashed"
    assert serves(client)


def test_a_client_that_finds_a_new_server_after_kill_9_gets_its_takes(
    start_fast: StartFast, connect: Connect, request_lift: RequestLift
) -> None:
    killed = start_fast()
    client = connect(killed.info)
    client.send(request_lift("a"))
    takes = client.outcome("a")
    client.send(request_lift("b"))
    killed.kill()
    server = start_fast()
    client = connect(server.info)
    client.send(request_lift("a"), request_lift("b"))
    assert client.outcome("a") == takes
    assert isinstance(client.outcome("b"), Result)


def test_a_clock_that_jumps_disturbs_nobody(
    run_front: RunFront,
    connect: Connect,
    request_lift: RequestLift,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    front = run_front(idle_s=1000.0)
    client = connect(front.info)
    client.send(hello())
    assert isinstance(client.receive(), Welcome)
    now = time.time()
    for jump in (1e7, -1e7):
        monkeypatch.setattr(time, "time", lambda jump=jump: now + jump)
        client.send(request_lift(f"after {jump}"))
        assert isinstance(client.outcome(f"after {jump}"), Result)


def hello() -> Hello:
    return Hello(job_id="h", protocol_version=PROTOCOL_VERSION, package_version="")


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_memory_stays_flat_over_an_hour_of_work(
    start_fast: StartFast,
    connect: Connect,
    request_lift: RequestLift,
    memory: Path,
    wait_until: Callable[[Callable[[], object]], None],
) -> None:
    """1500 jobs are what an animator who never pauses asks for in an hour, and many more."""
    server = start_fast(memory=memory)
    front, worker = (psutil.Process(pid) for pid in (server.info.pid, server.worker_pid()))
    used: list[int] = []
    for hundred in range(15):
        client = connect(server.info)
        for number in range(50):
            seed = 1000 + 100 * hundred + number
            client.send(request_lift("a", frames=200, seed=seed))
            assert isinstance(client.outcome("a"), Result)
            client.send(request_lift("b", frames=200, seed=seed, by_file=True))
            assert isinstance(client.receive_until(Kept, Failed), Kept)
            client.send(Received(job_id="b"))
        assert serves(client)  # it has heard of all that was received
        client.close()
        used.append(front.memory_info().rss + worker.memory_info().rss)
    assert max(used[5:]) < used[4] * 1.02
    wait_until(lambda: list((memory / "handed-over").iterdir()) == [])
