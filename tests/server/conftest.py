"""Real servers for the tests, a model small enough to load at once, and a client that waits."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zmq
from retake.server import front as front_module
from retake.server.front import Front
from retake.server.worker_process import WorkerProcess
from retake.shared import connection_file, protocol
from retake.shared.connection_file import ConnectionInfo
from retake.shared.protocol import Array, Failed, Lift, Reply, Result

PATIENCE_S = 40
"""A machine that does much else may take long to import torch."""


class Client:
    """One DEALER socket; `receive` fails the test when nothing comes."""

    def __init__(self, info: ConnectionInfo, server_key: str | None = None) -> None:
        self.context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.curve_publickey, self.socket.curve_secretkey = zmq.curve_keypair()
        self.socket.curve_serverkey = (server_key or info.server_key).encode()
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

    def outcome(self, job_id: str) -> Result | Failed:
        while True:
            reply = self.receive_until(Result, Failed)
            assert isinstance(reply, Result | Failed)
            if reply.job_id == job_id:
                return reply

    def close(self) -> None:
        self.socket.close()
        self.context.term()


class Server:
    """`retake serve` in a process of its own, with its own runtime folder."""

    def __init__(self, folder: Path, models: Path, *arguments: str) -> None:
        self.folder = folder
        self.environment = os.environ | {
            "RETAKE_RUNTIME_DIR": str(folder),
            "RETAKE_MODELS": str(models),
            "OMP_NUM_THREADS": "1",  # a tiny model, and tests share the machine
        }
        self._stale = self.read_file()  # of a server that was killed
        self.log = folder.parent / f"{folder.name}.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "retake.cli", "serve", *arguments],
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
def dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


class RunningFront:
    """A front in a thread of this process, with a worker of our own. Its parent is gone."""

    def __init__(self, program: str, dead_pid: int, patch: pytest.MonkeyPatch) -> None:
        self.starts = 0
        self._program = program
        patch.setattr(front_module, "WorkerProcess", self._start_worker)
        self._parent = dead_pid
        self._listens = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self._listens.wait(10)

    def _start_worker(self, context: zmq.Context[zmq.Socket[bytes]]) -> WorkerProcess:
        self.starts += 1
        return WorkerProcess(context, (sys.executable, "-c", self._program))

    def _run(self) -> None:
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        front = Front(context, self._parent)
        self.info = ConnectionInfo(front.address, front.server_key, 0, 1)
        self._listens.set()
        front.run()
        front.close()
        context.term()


@pytest.fixture
def run_front(
    dead_pid: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], RunningFront]]:
    """run_front(program of the worker) -> RunningFront, which knows a model called `tiny`."""
    (tmp_path / "tiny").mkdir()
    for name in ("config.json", "model.safetensors"):
        (tmp_path / "tiny" / name).touch()
    monkeypatch.setenv("RETAKE_MODELS", str(tmp_path))
    running: list[RunningFront] = []

    def run(program: str) -> RunningFront:
        running.append(RunningFront(program, dead_pid, monkeypatch))
        return running[-1]

    yield run
    monkeypatch.setattr(front_module, "IDLE_S", 0.0)
    for front in running:
        front.thread.join(20)


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """connect(server.info) -> Client; closed after the test."""
    clients: list[Client] = []

    def make(info: ConnectionInfo, server_key: str | None = None) -> Client:
        clients.append(Client(info, server_key))
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
