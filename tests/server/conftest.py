"""Real servers for the tests, a model small enough to load at once, and a client that waits."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from retake.server.caller import show_keys
from retake.server.front import care as care_module
from retake.server.front.front import Front, FrontOptions
from retake.server.front.worker_process import WorkerProcess
from retake.shared import connection_file, protocol
from retake.shared.connection_file import ConnectionInfo
from retake.shared.protocol import Array, Failed, Lift, Received, Reply, Result, Track

PATIENCE_S = 150
"""A machine that does much else may take long to import torch."""


FOR_EVER, ONE_LONG_STEP = 99, 98
"""Seeds for which the worker below samples until it is cancelled: in steps, or within one."""

WORKER = f"""
import time
import numpy as np
from retake.server.worker import tasks, worker
from retake.server.lifting.lift import OpenModel
from retake.shared.keypoints import KeypointTrack

def sample(
    pixels, width, height, *, hypotheses, iterations, seed, on_step, on_frames=None, **more
):
    for done in range(iterations):
        on_step(done + 1, iterations)
    while seed == {FOR_EVER}:
        time.sleep(0.02)
        on_step(1, iterations)
    while seed == {ONE_LONG_STEP}:
        time.sleep(0.02)
        more["on_layer"](0.5)
    shape = (hypotheses, len(pixels), 17, 3)
    poses = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    if on_frames:
        on_frames(0, poses[:, :5])
        on_frames(5, poses[:, 5:])
    return poses

def detect(video, on_frame, *choice):
    for done in range(3):
        on_frame(done + 1, 3)
    while video.stem == "endless":
        time.sleep(0.02)
        on_frame(1, 3)
    points = np.zeros((3, 17, 2), np.float32)
    ones = np.ones((3, 17), np.float32)
    return KeypointTrack(points, ones, np.arange(3) / 25, (640, 480), 25.0, video.name)

tasks.detect = detect
worker._prepare_torch = lambda: ("none", lambda folder: OpenModel(sample, ""))
worker.main()
"""
"""The real worker with a sampler that needs no torch."""


@pytest.fixture
def worker_program() -> str:
    """The same, for tests that change it."""
    return WORKER


FAST_SERVER = f"""
import sys
from functools import partial
from retake.server.front import care
care.WorkerProcess = partial(care.WorkerProcess, command=(sys.executable, "-c", {WORKER!r}))
from retake.cli.__main__ import main
raise SystemExit(main(sys.argv[1:]))
"""
"""`retake` with that worker."""


class Client:
    """One DEALER socket; `receive` fails the test when nothing comes."""

    def __init__(self, info: ConnectionInfo, **changed_keys: str) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        show_keys(self.socket, replace(info, **changed_keys))  # pyright: ignore[reportArgumentType]
        self.socket.linger = 0
        self.socket.connect(info.address)

    def send(self, *messages: protocol.Message | bytes) -> None:
        for message in messages:
            data = message if isinstance(message, bytes) else protocol.encode(message)
            self.socket.send(data)

    def receive(self, patience_s: float = PATIENCE_S) -> Reply:
        if not self.socket.poll(int(patience_s * 1000)):
            raise TimeoutError(f"no reply within {patience_s} s")
        return protocol.decode_reply(self.socket.recv())

    def receive_until(self, *kinds: type[Any]) -> Reply:
        """The next reply of one of these kinds; others are skipped."""
        while True:
            reply = self.receive()
            if isinstance(reply, kinds):
                return reply

    def outcome(self, job_id: str) -> Result | Track | Failed:
        """The end of this job; what ends before is acknowledged and dropped."""
        while True:
            reply = self.receive_until(Result, Track, Failed)
            assert isinstance(reply, Result | Track | Failed)
            if not isinstance(reply, Failed):
                self.send(Received(job_id=reply.job_id))
            if reply.job_id == job_id:
                return reply

    def close(self) -> None:
        self.socket.close()
        self.context.term()


RETAKE = ("-m", "retake.cli")


class Server:
    """`retake serve` in a process of its own, with its own runtime folder."""

    def __init__(
        self,
        folder: Path,
        models: Path,
        *arguments: str,
        program: Sequence[str] = RETAKE,
        memory: Path | None = None,
    ) -> None:
        """What it leaves is beside `folder`, its runtime folder if `memory` is not."""
        self.folder = memory or folder
        self.environment = os.environ | {
            "RETAKE_RUNTIME_DIR": str(self.folder),
            "RETAKE_MODELS": str(models),
            "RETAKE_DATA_DIR": str(folder.parent / f"{folder.name}-data"),
            "OMP_NUM_THREADS": "1",  # a tiny model, and tests share the machine
        }
        self._stale = self.read_file()  # of a server that was killed
        self.log = folder.parent / f"{folder.name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program, "serve", "--model", "tiny", *arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
            )
        try:
            self.info = self._wait_for_file()
        except BaseException:  # a time limit of the test, too
            self.kill()
            raise

    def _wait_for_file(self) -> ConnectionInfo:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline and self.process.poll() is None:
            info = self.read_file()
            # Not by the number: on Windows a virtual environment's python.exe is only a launcher.
            if info and info != self._stale:
                return info
            time.sleep(0.05)
        raise AssertionError(f"the server did not start: {self.log.read_text()}")

    def read_file(self) -> ConnectionInfo | None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("RETAKE_RUNTIME_DIR", str(self.folder))
            return connection_file.read()

    def worker_pid(self) -> int:
        """The process number of the worker that was started last."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            started = re.findall(r"worker process \((\d+)\) was started", self.log.read_text())
            if started:
                return int(started[-1])
            time.sleep(0.05)
        raise AssertionError(f"no worker was started: {self.log.read_text()}")

    def kill(self) -> None:
        """As kill -9 does it, or the Task Manager."""
        self.process.kill()
        self.process.wait()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models `tiny`, of random weights, and `broken`."""
    import torch
    from retake.shared.model.artifact import save_model
    from retake.shared.model.config import ModelConfig
    from retake.shared.model.diffusion import Diffusion

    folder = tmp_path_factory.mktemp("models")
    torch.manual_seed(0)  # pyright: ignore[reportUnknownMemberType]
    config = ModelConfig(frames=9, width=16, depth=2, heads=2)
    save_model(folder / "tiny", Diffusion(config), {"training_data": "none: random weights"})
    save_model(folder / "broken", Diffusion(config), {})
    (folder / "broken" / "model.safetensors").write_bytes(b"not a tensor")
    return folder


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[Server]:
    """One server for all tests that leave it as it was."""
    running = Server(tmp_path_factory.mktemp("runtime"), models)
    yield running
    running.stop()


@pytest.fixture
def start_server(tmp_path: Path, models: Path) -> Iterator[Callable[..., Server]]:
    """start_server(*arguments) -> Server, always in one runtime folder; ended after the test."""
    started: list[Server] = []

    def start(*arguments: str) -> Server:
        folder = tmp_path / "runtime"
        folder.mkdir(exist_ok=True)
        started.append(Server(folder, models, *arguments))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def no_weights(tmp_path: Path) -> Path:
    """A folder with a model `tiny` for workers that do not read it."""
    folder = tmp_path / "models"
    (folder / "tiny").mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (folder / "tiny" / name).touch()
    return folder


@pytest.fixture
def start_fast(tmp_path: Path, no_weights: Path) -> Iterator[Callable[..., Server]]:
    """As start_server, with a worker that needs no torch; start_fast(..., name=) for a second."""
    started: list[Server] = []

    def start(*arguments: str, name: str = "fast", memory: Path | None = None) -> Server:
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        program = ("-c", FAST_SERVER)
        started.append(Server(folder, no_weights, *arguments, program=program, memory=memory))
        return started[-1]

    yield start
    for running in started:
        running.stop()


@pytest.fixture
def memory() -> Iterator[Path]:
    """A folder in memory, on another file system than what a server keeps."""
    if not os.access("/dev/shm", os.W_OK):
        pytest.skip("needs a file system in memory at /dev/shm")
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        yield Path(folder)


@pytest.fixture
def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


class RunningFront:
    """A front in a thread of this process, with a worker of our own."""

    def __init__(self, program: str, options: FrontOptions, patch: pytest.MonkeyPatch) -> None:
        self.starts = 0
        self._program = program
        patch.setattr(care_module, "WorkerProcess", self._start_worker)
        self.front: Front | None = None
        self._options = options
        self._listens = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self._listens.wait(10)

    def _start_worker(
        self, context: zmq.Context[zmq.Socket[bytes]], warm_up: str | None = None
    ) -> WorkerProcess:
        self.starts += 1
        self.worker = WorkerProcess(context, (sys.executable, "-c", self._program))
        return self.worker

    def _run(self) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.front = front = Front(context, self._options)
        self.info = front.info(os.getpid())
        self._listens.set()
        front.run()
        front.close()
        context.term()

    def stop(self) -> None:
        assert self.front is not None
        self.front.ending = "The test is over."
        self.thread.join(20)
        assert not self.thread.is_alive()


@pytest.fixture
def run_front(
    tmp_path: Path, no_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., RunningFront]]:
    """run_front(program of the worker, **options) -> RunningFront, which has a model `tiny`."""
    monkeypatch.setenv("RETAKE_MODELS", str(no_weights))
    monkeypatch.setenv("RETAKE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("RETAKE_RUNTIME_DIR", str(tmp_path / "runtime"))
    running: list[RunningFront] = []

    def run(program: str = WORKER, **options: Any) -> RunningFront:
        running.append(RunningFront(program, FrontOptions(**options), monkeypatch))
        return running[-1]

    yield run
    for front in running:
        front.stop()


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """connect(server.info, **changed keys) -> Client; closed after the test."""
    clients: list[Client] = []

    def make(info: ConnectionInfo, **changed_keys: str) -> Client:
        clients.append(Client(info, **changed_keys))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def request_lift() -> Callable[..., Lift]:
    """request_lift(job_id, frames=..., **changes) -> Lift of somebody who sways, for `tiny`."""

    def make(job_id: str, frames: int = 12, **changes: Any) -> Lift:
        times = np.arange(frames) / 30
        figure = np.random.default_rng(1).uniform(-100, 100, (17, 2)) + np.array([320, 240])
        points = figure + 20 * np.sin(times)[:, None, None]
        request = Lift(
            job_id=job_id,
            points=Array.pack(points.astype(np.float32)),
            confidence=Array.pack(np.ones((frames, 17), np.float32)),
            times=Array.pack(times),
            width=640,
            height=480,
            fps=30.0,
            source="a test",
            model="tiny",
            hypotheses=2,
            iterations=2,
            seed=1,
        )
        return replace(request, **changes)

    return make


@pytest.fixture
def long(request_lift: Callable[..., Lift]) -> Lift:
    """The job `long` for `WORKER`, over only when it is cancelled."""
    return request_lift("long", seed=FOR_EVER)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], object]], None]:
    """wait_until(condition); fails the test if that takes very long."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.05)

    return wait
