"""What the server costs: time added to a lift, pings, throughput with many clients, memory each.

A worker that has its answer ready shows the server's own share: what is added to calling the
sampler in one's own process. Throughput is measured with the shipped model.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from report import alternate, arguments, show
from retake.server.caller import Caller
from retake.server.models import default_model
from retake.shared import connection_file
from retake.shared.connection_file import ConnectionInfo
from retake.shared.errors import RetakeError
from retake.shared.protocol import (
    Cancel,
    Failed,
    Ping,
    Pong,
    Progress,
    Reply,
    Result,
)
from server_added import added, lift, memory_folder, row

if TYPE_CHECKING:
    from retake.shared.model.batches import Predict

WORKER = """
from functools import cache
import numpy as np
from retake.server.worker import tasks, worker
from retake.server.lifting.lift import OpenModel
from retake.server.models import default_model
from retake.shared.camera import Camera
from retake.shared.takes import LIMB_GROUPS, Alternative, Takes

@cache
def answer(hypotheses, frames):
    return Takes(
        poses=np.random.default_rng(0).normal(size=(hypotheses, frames, 17, 3)).astype(np.float32),
        root=np.zeros((hypotheses, frames, 3), np.float32),
        weights=np.full(hypotheses, 1 / hypotheses, np.float32),
        spread=np.zeros((frames, 17), np.float32),
        contacts=np.zeros((frames, 4), np.float32),
        times=np.arange(frames) / 50,
        fps=50.0,
        camera=Camera.with_default_focal(640, 480),
        groups={group: (Alternative("Take 1", 1.0, 0),) for group in LIMB_GROUPS},
        best=dict.fromkeys(LIMB_GROUPS, 0),
        seed=0,
        model=default_model(),
        provenance={},
    )

def lift(track, model, options, report, current=None):
    return answer(options.hypotheses, track.frame_count)

tasks.lift = lift
worker._prepare_torch = lambda: ("none", lambda folder: OpenModel(lambda *_, **__: None, ""))
worker.main()
"""
READY = f"""
import sys
from functools import partial
from retake.server.front import care
care.WorkerProcess = partial(care.WorkerProcess, command=(sys.executable, "-c", {WORKER!r}))
from retake.cli.__main__ import main
raise SystemExit(main(sys.argv[1:]))
"""
START_S = 300.0
PINGS = 500
INTERRUPTIONS = 5
CLIENTS_FOR_MEMORY = 100


def main() -> None:
    parser = arguments("What the server adds to a lift, and what many clients get.")
    parser.add_argument("--rounds", type=int, default=15, help="lifts per size (default: 15)")
    parser.add_argument(
        "--no-model", action="store_true", help="leave out throughput, which needs PyTorch"
    )
    args = parser.parse_args()
    rows = [start_up()]
    with running("-c", READY) as info:
        rows += [pings(info), *added(info, args.rounds), memory(info)]
        rows += added(replace(info, pid=0), args.rounds)  # as if it were on another computer
    if not args.no_model:
        with running("-m", "retake.cli") as info:
            rows += [*throughput(info), *interruptions(info)]
        rows += sharing()
    show("The server: time it adds, pings, throughput, memory", rows, args.json)


@contextmanager
def started(*program: str) -> Generator[subprocess.Popen[bytes]]:
    """A server of its own, ended afterwards."""
    near = tempfile.TemporaryDirectory(dir=memory_folder())
    with near as runtime, tempfile.TemporaryDirectory() as folder:
        os.environ.update({"RETAKE_RUNTIME_DIR": runtime, "RETAKE_DATA_DIR": f"{folder}/data"})
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen([sys.executable, *program, "serve"], stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


@contextmanager
def running(*program: str) -> Generator[ConnectionInfo]:
    """The same, once its worker is ready."""
    with started(*program) as process:
        yield wait_for(lambda: ready(process))


def start_up() -> dict[str, Any]:
    """Seconds until the front answers; its worker still loads PyTorch then."""
    start = time.perf_counter()
    with started("-m", "retake.cli"), Caller(wait_for(connection_file.read)) as caller:
        caller.ask(Ping(job_id="p"), Pong, 10)
        return row("the front answers after its start", time.perf_counter() - start, "s", 1.0)


def ready(process: subprocess.Popen[bytes]) -> ConnectionInfo | None:
    if process.poll() is not None:
        raise RetakeError("The server has ended while starting.")
    info = connection_file.read()
    if info:
        with Caller(info) as caller:
            if caller.ask(Ping(job_id="p"), Pong, 10).state == "ready":
                return info
    return None


def wait_for(look: Callable[[], ConnectionInfo | None]) -> ConnectionInfo:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.02)
    raise RetakeError(f"The server was not ready within {START_S:.0f} seconds.")


def pings(info: ConnectionInfo) -> dict[str, Any]:
    with Caller(info) as caller:
        start = time.perf_counter()
        for _ in range(PINGS):
            caller.ask(Ping(job_id="p"), Pong, 10)
        return row("pings, one after the other", PINGS / (time.perf_counter() - start), "per s")


def memory(info: ConnectionInfo) -> dict[str, Any]:
    server = psutil.Process(info.pid)
    before = server.memory_info().rss
    with ExitStack() as stack:
        for _ in range(CLIENTS_FOR_MEMORY):
            stack.enter_context(Caller(info)).hello(30)
        used = server.memory_info().rss - before
    return row("memory per client", used / CLIENTS_FOR_MEMORY / 1024, "KB")


def throughput(info: ConnectionInfo) -> list[dict[str, Any]]:
    """Lifts of 2 s, 2 hypotheses, all asked for at once."""
    rows: list[dict[str, Any]] = []
    one = 0.0
    for clients in (1, 4, 16):
        each = max(4 // clients, 1)
        start = time.perf_counter()
        with ExitStack() as stack:
            callers = [stack.enter_context(Caller(info)) for _ in range(clients)]
            for number, caller in enumerate(callers):
                for again in range(each):
                    job = f"{clients}.{number}.{again}"
                    caller.send(replace(lift(2, 100), job_id=job, seed=hash(job) % 10**9))
            for caller in callers:
                for _ in range(each):
                    outcome(caller)
        rate = clients * each / (time.perf_counter() - start)
        one = one or rate
        rows.append(row(f"lifts, {clients} client(s), against one", rate / one, "x", 1.0))
    return rows


def interruptions(info: ConnectionInfo) -> list[dict[str, Any]]:
    """How long after its request an interactive lift begins, without and with a batch job beside
    it, and how long after `cancel` the batch job's client hears of it and the worker is free.
    """
    alone: list[float] = []
    beside: list[float] = []
    heard: list[float] = []
    free: list[float] = []
    with Caller(info) as batch, Caller(info) as caller:
        for number in range(INTERRUPTIONS):
            alone.append(begun(caller, f"alone {number}"))
            long = replace(lift(10, 3000), job_id=f"long {number}", batch=True, iterations=5)
            batch.send(replace(long, seed=number))
            until(batch, lambda reply: isinstance(reply, Progress) and reply.stage == "sampling")
            beside.append(begun(caller, f"beside {number}"))
            start = time.perf_counter()
            batch.send(Cancel(job_id=long.job_id))
            until(batch, lambda reply: isinstance(reply, Failed))
            heard.append(time.perf_counter() - start)
            while caller.ask(Ping(job_id="p"), Pong, 60).jobs:
                time.sleep(0.005)
            free.append(time.perf_counter() - start)
    named = {
        "an interactive lift begins, alone": alone,
        "an interactive lift begins, beside a batch job": beside,
        "cancel is answered": heard,
        "the worker is free after cancel": free,
    }
    return [row(what, statistics.median(v) * 1000, "ms") for what, v in named.items()]


def begun(caller: Caller, job_id: str) -> float:
    """Seconds until a lift has its turn; then it is finished."""
    start = time.perf_counter()
    caller.send(replace(lift(1, 60), job_id=job_id, seed=hash(job_id) % 10**9))
    until(caller, lambda reply: isinstance(reply, Progress) and not reply.ahead)
    seconds = time.perf_counter() - start
    outcome(caller)
    return seconds


def until(caller: Caller, is_it: Callable[[Reply], bool]) -> None:
    while not is_it(caller.receive(300)):
        pass


def sharing() -> list[dict[str, Any]]:
    """Four lifts of 5 s in one process: one after the other, and their windows together."""
    import torch
    from retake.server.models import find_model
    from retake.shared.model.artifact import load_model
    from retake.shared.model.together import Together
    from retake.shared.model.windows import sample_clip

    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load_model(find_model(default_model()), device)
    together = Together(model)
    pixels = lift(1, 250).points.unpack("points").astype(np.float64)

    def one(seed: int, predict: Predict | None = None) -> None:
        wanted: dict[str, Any] = {"hypotheses": 1, "iterations": 2, "seed": seed}
        sample_clip(model, pixels, 640, 480, predict=predict, **wanted)

    def in_turn() -> None:
        for seed in range(4):
            one(seed)

    def at_once() -> None:
        threads = [Thread(target=one, args=(seed, together.predict)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    seconds = alternate({"in turn": in_turn, "at once": at_once}, 3)
    ratio = seconds["in turn"] / seconds["at once"]
    return [row(f"4 small lifts, windows together, against in turn, on {device}", ratio, "x")]


def outcome(caller: Caller) -> Result:
    while True:
        reply = caller.receive(300)
        if isinstance(reply, Result):
            return reply
        if isinstance(reply, Failed):
            raise RetakeError(reply.text)


if __name__ == "__main__":
    main()
