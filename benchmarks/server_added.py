"""What the server adds to a lift, beside what nothing but the means costs: sockets, files, memory.

Both are measured in one run, so that the figures can be read on a busy machine.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import zmq
from report import alternate
from retake.server.caller import Caller
from retake.server.models import default_model
from retake.shared.arrays import AnyArray
from retake.shared.connection_file import ConnectionInfo
from retake.shared.protocol import Array, Lift, Result, encode
from retake.shared.takes import ARRAYS

PAUSE_S = 0.3
"""Between two lifts: one takes seconds, and what the server does after it is not part of it."""

SIZES = ((1, 100), (5, 500), (10, 2000), (20, 5000), (50, 8000))
"""Hypotheses and frames of the answers."""

ECHO = """
import json, sys, zmq
keys = json.loads(sys.stdin.readline())
with zmq.Context() as context, context.socket(zmq.REP) as socket:
    socket.curve_server = True
    socket.curve_publickey = keys["public"].encode()
    socket.curve_secretkey = keys["secret"].encode()
    socket.bind("tcp://127.0.0.1:0")
    print(socket.get_string(zmq.LAST_ENDPOINT), flush=True)
    while socket.recv():
        socket.send(b"-")
    socket.send(b"-")
"""
"""Another process that takes a message and says so, until an empty one comes."""


def row(what: str, value: float, unit: str, allowed: float | str = "") -> dict[str, Any]:
    return {"what": what, "value": value, "unit": unit, "target": allowed}


def added(info: ConnectionInfo, rounds: int) -> list[dict[str, Any]]:
    """From sending the request to having the answer decoded, of a worker that computes nothing.

    The floor: two encrypted hops of the request, the answer through a file, and nothing else.
    """
    how = "file" if info.pid else "message"
    rows: list[dict[str, Any]] = []
    with Caller(info) as caller:
        for hypotheses, frames in SIZES:
            request = lift(hypotheses, frames)
            took, result = lifts(caller, info, request, rounds)
            data = encode(request)
            poses = result.poses.unpack("poses")
            size = (len(data) + poses.nbytes + len(result.root.data)) / 2**20
            what = f"added to a lift of {size:.1f} MB, by {how}"
            rows.append(row(what, took["added"], "ms", 3 + size))
            if info.pid:
                rows.append(row("  its arrays copied after that", took["own"], "ms"))
                rows.append(row("  processor time of client, front, worker", took["busy"], "ms"))
                means = floors(data, poses, rounds)
                floor = 2 * means["hop"] + means["file"]
                rows.append(row("  floor: two hops of the request, a file", floor, "ms"))
                rows.append(row("  times the floor", took["added"] / floor, "x"))
                rows += [row(f"  {name}", means[name], "ms") for name in ("copy", "savez")]
    return rows


def lifts(
    caller: Caller, info: ConnectionInfo, request: Lift, rounds: int
) -> tuple[dict[str, float], Result]:
    """Milliseconds of a lift, and the last answer.

    `added`: the median; `busy`: of all processors, the mean; `own`: the median time after that in
    which a client copies the arrays, because an answer's file is only mapped.
    """
    result = caller.ask(request, Result, 60)
    seconds: dict[str, list[float]] = {"added": [], "busy": [], "own": []}
    for number in range(rounds):
        time.sleep(PAUSE_S)
        before, start = cpu_seconds(info), time.perf_counter()
        result = caller.ask(replace(request, seed=number + 1), Result, 60)
        seconds["added"].append(time.perf_counter() - start)
        seconds["busy"].append(cpu_seconds(info) - before)
        decoded = time.perf_counter()
        for name in ARRAYS:
            getattr(result, name).unpack(name)
        seconds["own"].append(time.perf_counter() - decoded)
    took = {name: statistics.median(values) * 1000 for name, values in seconds.items()}
    return took | {"busy": statistics.fmean(seconds["busy"]) * 1000}, result


def cpu_seconds(info: ConnectionInfo) -> float:
    """Of this process, the server and its worker: it hardly depends on what else runs."""
    if not info.pid:
        return 0.0
    server = psutil.Process(info.pid)
    times = [p.cpu_times() for p in (psutil.Process(), server, *server.children())]
    return sum(t.user + t.system for t in times)


def lift(hypotheses: int, frames: int) -> Lift:
    times = np.arange(frames) / 50
    figure = np.random.default_rng(1).uniform(-100, 100, (17, 2)) + np.array([320, 240])
    points = (figure + 20 * np.sin(times)[:, None, None]).astype(np.float32)
    return Lift(
        job_id="bench",
        points=Array.pack(points),
        confidence=Array.pack(np.ones((frames, 17), np.float32)),
        times=Array.pack(times),
        width=640,
        height=480,
        fps=50.0,
        source="a benchmark",
        model=default_model(),
        hypotheses=hypotheses,
        iterations=1,
        seed=0,
    )


def memory_folder() -> str | None:
    """Where a Linux desktop has its runtime folder: in memory. None: the usual temporary folder."""
    return next((f for f in (os.environ.get("XDG_RUNTIME_DIR"), "/dev/shm") if _is_folder(f)), None)


def floors(request: bytes, answer: AnyArray, rounds: int) -> dict[str, float]:
    """Milliseconds of each means, for a request and an answer of a lift.

    `hop`: the request to another process and a word back, by CURVE; `file`: the answer written to a
    new file in memory, and read. `copy`: the answer within one process; `savez`: to a takes file.
    """
    memory = tempfile.TemporaryDirectory(dir=memory_folder())
    with memory as near, tempfile.TemporaryDirectory() as disk, _echo() as hop:
        means: dict[str, Callable[[], object]] = {
            "hop": partial(hop, request),
            "file": partial(_through_file, answer.data.cast("B"), Path(near, "answer")),
            "copy": answer.copy,
            "savez": partial(np.savez, Path(disk, "takes.npz"), poses=answer),
        }
        return {name: took * 1000 for name, took in alternate(means, rounds).items()}


def _is_folder(name: str | None) -> bool:
    return bool(name) and os.access(str(name), os.W_OK)


def _through_file(data: memoryview, path: Path) -> None:
    path.write_bytes(data)
    path.read_bytes()
    path.unlink()


@contextmanager
def _echo() -> Generator[Callable[[bytes], object]]:
    """A function that sends bytes to another process and waits for its word."""
    public, secret = (key.decode() for key in zmq.curve_keypair())
    pipe = subprocess.PIPE
    child = subprocess.Popen([sys.executable, "-c", ECHO], stdin=pipe, stdout=pipe, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps({"public": public, "secret": secret}) + "\n")
    child.stdin.flush()
    with zmq.Context() as context, context.socket(zmq.REQ) as socket:
        socket.linger = 0
        socket.curve_publickey, socket.curve_secretkey = zmq.curve_keypair()
        socket.curve_serverkey = public.encode()
        socket.connect(child.stdout.readline().strip())

        def hop(data: bytes) -> None:
            socket.send(data)
            socket.recv()

        yield hop
        hop(b"")
    child.wait(10)
