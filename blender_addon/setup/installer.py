"""Makes the server's environment: a program of its own, started with Blender's Python.

    python -I installer.py ORDER

ORDER is JSON (`plan.Order`). Standard library only, no imports of ours: it runs outside Blender.
What happens is told as JSON lines on standard output: {"stage", "share"} and at the end {"done"} or
{"failed", "detail"}. A file `cancel` beside the environment stops it. The stamp is written last, so
that a half made environment is never taken for one.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

STAGES = {"environment": 0.0, "download": 0.05, "unpack": 0.75, "try": 0.92, "pose": 0.96}
"""Stage -> share of the whole at which it begins."""

LAST_LINES = 25
CANCEL_LOOK_S = 0.25


class Stopped(Exception):
    """Somebody has cancelled."""


class Failed(Exception):
    """A step failed: a sentence, and what the step said."""


def tell(**news: object) -> None:
    sys.stdout.write(json.dumps(news) + "\n")
    sys.stdout.flush()


def stage(name: str, text: str, within: float = 0.0) -> None:
    begins = list(STAGES.values())
    place = list(STAGES).index(name)
    width = (*begins, 1.0)[place + 1] - begins[place]
    tell(stage=text, share=round(begins[place] + width * min(within, 1.0), 4))


def python_in(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(
    command: Sequence[str],
    cancel: Path,
    what: str,
    on_line: Callable[[str], None] = lambda line: None,
    on_look: Callable[[], None] = lambda: None,
) -> None:
    """Run to the end; raises Failed with its last lines, Stopped within a second of a cancel.

    `on_look` is called now and then, from another thread.
    """
    lines: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ) as process:
        stopped = threading.Event()
        told = (process, cancel, stopped, on_look)
        watch = threading.Thread(target=_watch, args=told, daemon=True)
        watch.start()
        for line in process.stdout or ():
            lines.append(line.rstrip())
            on_line(line)
    watch.join(2)
    if stopped.is_set():
        raise Stopped
    if process.returncode:
        raise Failed(what, "\n".join(lines[-LAST_LINES:]))


def _watch(
    process: subprocess.Popen[str],
    cancel: Path,
    stopped: threading.Event,
    on_look: Callable[[], None],
) -> None:
    while process.poll() is None:
        if cancel.exists():
            stopped.set()
            process.kill()
            return
        with contextlib.suppress(OSError):  # who only looks may not end who hears the cancel
            on_look()
        time.sleep(CANCEL_LOOK_S)


def make_environment(order: dict[str, Any], folder: Path, cancel: Path) -> None:
    stage("environment", "Making the environment")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    failed = f"An environment could not be made with {order['base']}."
    run([order["base"], "-I", "-m", "venv", str(folder)], cancel, failed)


class Pip:
    """How far pip is: by what it says of downloads, then by how the disk fills, of which it says
    nothing for minutes."""

    def __init__(self, folder: Path, download_mb: int, disk_mb: int) -> None:
        self.folder, self.download_mb, self.disk_mb = folder, download_mb, disk_mb
        self.loaded_mb = self.free_then = 0.0
        self.unpacking = ""

    def hear(self, line: str) -> None:
        if match := re.match(r"\s*Downloading (\S+?)-\d\S* \(([\d.]+) ([kMG])B\)", line):
            name, number, unit = match.groups()
            stage("download", f"Downloading {name}", self.loaded_mb / self.download_mb)
            self.loaded_mb += float(number) * {"k": 0.001, "M": 1.0, "G": 1000.0}[unit]
        elif line.startswith("Installing collected packages"):
            self.free_then = free_mb(self.folder)
            self.unpacking = f"Unpacking {line.count(',') + 1} packages"

    def look(self) -> None:
        if self.unpacking:
            filled = self.free_then - free_mb(self.folder)
            stage("unpack", self.unpacking, max(filled, 0) / self.disk_mb)


def free_mb(folder: Path) -> float:
    return shutil.disk_usage(folder).free / 1e6


def install(order: dict[str, Any], folder: Path, cancel: Path) -> None:
    stage("download", "Looking for what is needed")
    heard = Pip(folder, order["expected_mb"], order["disk_mb"])
    pip = [str(python_in(folder)), "-I", "-m", "pip", "install", "--no-input", "--no-compile"]
    pip += ["--progress-bar=off", "--disable-pip-version-check", "--only-binary=:all:"]
    if order["index"]:
        # From there alone: of two indexes pip takes the newest, whatever it computes on.
        torch = [*pip, "--index-url", order["index"], order["torch"]]
        run(
            torch,
            cancel,
            f"PyTorch could not be installed from {order['index']}.",
            heard.hear,
            heard.look,
        )
        heard.unpacking = ""
    wheel = Path(order["wheel"]).resolve().as_uri()
    rest = [*pip, order["torch"], f"retake[server,detect] @ {wheel}"]
    run(rest, cancel, "The server's libraries could not be installed.", heard.hear, heard.look)


def try_it(folder: Path, cancel: Path) -> None:
    stage("try", "Trying the server")
    code = "import retake.server.serve, torch, mediapipe, av"
    command = [str(python_in(folder)), "-I", "-c", code]
    run(command, cancel, "The server was installed, but does not start.")


def fetch_pose_model(folder: Path, cancel: Path) -> None:
    """Detection needs it; without it everything else works, so that its failure is told only."""
    stage("pose", "Fetching the pose model")
    command = [str(python_in(folder)), "-P", "-m", "retake.cli", "models", "get", "pose"]
    try:
        run(command, cancel, "The pose model could not be fetched.")
    except Failed as failed:
        tell(note=f"{failed.args[0]} Detecting keypoints will ask for it again.")


def main(text: str) -> int:
    order = json.loads(text)
    folder = Path(order["folder"])
    cancel = folder.with_name(folder.name + ".cancel")
    cancel.unlink(missing_ok=True)
    try:
        make_environment(order, folder, cancel)
        install(order, folder, cancel)
        try_it(folder, cancel)
        fetch_pose_model(folder, cancel)
        (folder / "ready.json").write_text(json.dumps(order["stamp"]), "utf-8")
    except Stopped:
        shutil.rmtree(folder, ignore_errors=True)
        cancel.unlink(missing_ok=True)
        tell(failed="The set-up was cancelled; nothing was left behind.", detail="", cancelled=True)
        return 1
    except Failed as failed:
        tell(failed=failed.args[0], detail=failed.args[1])
        return 1
    except OSError as error:
        tell(failed=f"The set-up could not write to {folder}.", detail=str(error))
        return 1
    tell(done=True, share=1.0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
