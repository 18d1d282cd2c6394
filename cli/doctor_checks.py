"""What `retake doctor` looks at: every check returns a line, or raises with what is wrong."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import stat
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import zmq

from ..server.caller import Caller, show_keys
from ..server.detect.model_file import data_folder, pose_model_path
from ..server.lifting.lift import lift
from ..server.lifting.lift_options import LiftOptions
from ..server.models import available_models, default_model, open_model
from ..shared import connection_file
from ..shared.connection_file import ConnectionInfo, is_alive, runtime_folder
from ..shared.errors import RetakeError
from ..shared.keypoints import KeypointTrack
from ..shared.protocol import PROTOCOL_VERSION, Ping, Pong

LIBRARIES = ("numpy", "torch", "pyzmq", "msgpack", "safetensors", "mediapipe", "av", "bpy")
GIB = 2**30
ROUND_TRIPS = 200
ANSWER_S = 5.0


def versions() -> str:
    return (
        f"retake {importlib.metadata.version('retake')}, protocol {PROTOCOL_VERSION}, "
        f"Python {platform.python_version()}"
    )


def libraries() -> str:
    return ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)


def system() -> str:
    return f"{platform.system()} {platform.release()}, {platform.machine()}"


def device() -> str:
    """What models are computed on."""
    import torch

    if not torch.cuda.is_available():
        return f"cpu, {os.cpu_count()} cores, {torch.get_num_threads()} threads"
    free, total = torch.cuda.mem_get_info()
    name = torch.cuda.get_device_name()
    return f"{name}, {free / GIB:.1f} of {total / GIB:.1f} GiB free"


def memory() -> str:
    now, disk = psutil.virtual_memory(), psutil.disk_usage(str(_existing(data_folder())))
    line = (
        f"{now.available / GIB:.1f} of {now.total / GIB:.1f} GiB free, disk {disk.free / GIB:.1f}"
    )
    if now.available < GIB or disk.free < GIB:
        raise RetakeError(f"{line} GiB free: less than 1 GiB is little. Close other programs.")
    return f"{line} GiB free"


def models() -> str:
    found = [f"{name} ({_megabytes(folder):.0f} MB)" for name, folder in available_models().items()]
    if not found:
        raise RetakeError("No model is installed.")
    pose = "there" if pose_model_path().is_file() else "not fetched yet (retake models get pose)"
    return f"{', '.join(found)}; pose model {pose}"


def folders() -> str:
    """The folders must be ours, and nobody else may write to the one with the keys."""
    for folder in (runtime_folder(), data_folder()):
        if not os.access(_existing(folder), os.W_OK):
            raise RetakeError(f"The folder {folder} cannot be written to.")
    if sys.platform != "win32" and runtime_folder().exists():
        mode = stat.S_IMODE(runtime_folder().stat().st_mode)
        if mode & 0o022:
            raise RetakeError(f"Others may write to {runtime_folder()} (mode {mode:o}).")
    return f"{runtime_folder()} and {data_folder()} are fine"


def loopback() -> str:
    """Two encrypted sockets of our own: whether this system lets programs talk to each other."""
    seconds = sorted(_round_trips())
    return (
        f"round trip {statistics.median(seconds) * 1000:.2f} ms "
        f"(slowest of {len(seconds)}: {seconds[-1] * 1000:.1f} ms)"
    )


def server() -> str:
    info = connection_file.read()
    if info is None or not is_alive(info):
        return "none is running, which is fine"
    with Caller(info) as caller:
        pong = caller.ask(Ping(job_id="doctor"), Pong, ANSWER_S)
    text = f" ({pong.text})" if pong.text else ""
    return f"{pong.state}{text}, {pong.jobs} jobs, process {info.pid}"


def one_second() -> str:
    """A clip of one second, lifted in this process."""
    from ..shared.model.device import best_device

    name, start = default_model(best_device()), time.perf_counter()
    model = open_model(name)
    loaded = time.perf_counter()
    options = LiftOptions(model=name, hypotheses=5, iterations=5)
    takes = lift(_standing_figure(), model, options, lambda stage, done, total: None)
    if not np.isfinite(takes.poses).all():
        raise RetakeError(f"The model {name} gave numbers that are none.")
    lifted = time.perf_counter() - loaded
    return f"{name} loaded in {loaded - start:.1f} s; 5 takes of a 1 s clip in {lifted:.1f} s"


CHECKS: dict[str, Callable[[], str]] = {
    "versions": versions,
    "libraries": libraries,
    "system": system,
    "device": device,
    "memory": memory,
    "models": models,
    "folders": folders,
    "loopback": loopback,
    "server": server,
    "lift": one_second,
}


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "-"


def _existing(folder: Path) -> Path:
    """The nearest folder above that is there already."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _megabytes(folder: Path) -> float:
    return (folder / "model.safetensors").stat().st_size / 1e6


def _round_trips() -> list[float]:
    public, secret = zmq.curve_keypair()
    with zmq.Context() as context, context.socket(zmq.REP) as echo, context.socket(zmq.REQ) as ask:
        echo.curve_server, echo.curve_secretkey, echo.curve_publickey = True, secret, public
        for socket in (echo, ask):
            socket.linger = 0
            socket.rcvtimeo = socket.sndtimeo = int(ANSWER_S * 1000)
        echo.bind("tcp://127.0.0.1:0")
        address = echo.get_string(zmq.LAST_ENDPOINT)
        show_keys(ask, ConnectionInfo(address, public.decode(), 0, PROTOCOL_VERSION))
        ask.connect(address)
        try:
            return [_round_trip(ask, echo) for _ in range(ROUND_TRIPS)]
        except zmq.Again:
            raise RetakeError(
                "A program cannot talk to another one on this computer within "
                f"{ANSWER_S:.0f} seconds. An antivirus or firewall may block local ports."
            ) from None


def _round_trip(ask: zmq.Socket[bytes], echo: zmq.Socket[bytes]) -> float:
    start = time.perf_counter()
    ask.send(b"?")
    echo.send(echo.recv())
    ask.recv()
    return time.perf_counter() - start


def _standing_figure() -> KeypointTrack:
    """Somebody who sways for a second, 50 frames."""
    times = np.arange(50) / 50
    figure = np.random.default_rng(1).uniform(-100, 100, (17, 2)) + np.array([320, 240])
    points = (figure + 20 * np.sin(times)[:, None, None]).astype(np.float32)
    ones = np.ones((50, 17), np.float32)
    return KeypointTrack(points, ones, times, (640, 480), 50.0, "retake doctor")
