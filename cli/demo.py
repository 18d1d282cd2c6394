"""`retake demo [--out DIR]`: the whole path once, from bundled keypoints to a moving rig.

This is the program around it: the folder for the results, what people read, and an end that leaves
nothing else behind. What happens in Blender is in `demo_play`.
"""

from __future__ import annotations

import argparse
import atexit
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from ..shared.errors import RetakeError
from .blender_process import chatter_in, leave

HELP = "do all of it once: lift sample clips, drive a rig in headless Blender, draw a picture"

BLEND, PICTURE, TAKES = "demo.blend", "demo.png", "demo.retake"
"""What is written: the file, the picture, the folder with the file's tracks and takes."""

FAILED, INTERRUPTED = 1, 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("retake-demo"),
        metavar="DIR",
        help="folder for the results, made if it does not exist (default: retake-demo)",
    )


def run(args: argparse.Namespace) -> int:
    """Ends the process itself once Blender is loaded: Blender 4.5 can hang in its own exit."""
    begun = time.monotonic()
    try:
        with claimed(args.out), tempfile.TemporaryDirectory(prefix="retake-demo-") as work:
            did = _perform(Path(work))
            publish(Path(work), args.out)
    except RetakeError as error:
        return leave(FAILED, f"retake: {error}")
    except KeyboardInterrupt:
        return leave(INTERRUPTED, "retake: stopped")
    print("\n".join([*did, *_written(args.out, time.monotonic() - begun)]))
    return leave(0)


@contextmanager
def claimed(out: Path) -> Generator[None]:
    """The folder for the results, made if need be; if they do not come, it goes again.

    Raises RetakeError if nothing can be written there.
    """
    if out.exists() and not out.is_dir():
        raise RetakeError(f"{out} is a file, not a folder. Name another one with --out.")
    if not out.parent.is_dir():
        raise RetakeError(f"The folder {out.parent} does not exist. Make it first.")
    is_new = not out.exists()
    try:
        out.mkdir(exist_ok=True)
        tempfile.TemporaryFile(dir=out).close()
    except OSError as error:
        raise RetakeError(f"Nothing can be written to {out}: {error.strerror}.") from None
    complete = False
    try:
        yield
        complete = True
    finally:
        if is_new and not complete:
            shutil.rmtree(out, ignore_errors=True)


def publish(work: Path, out: Path) -> None:
    """Copy the results; those of an earlier demo are replaced. RetakeError if that fails."""
    try:
        shutil.rmtree(out / TAKES, ignore_errors=True)
        shutil.copytree(work / TAKES, out / TAKES)
        for name in (BLEND, PICTURE):
            shutil.copyfile(work / name, out / name)
    except OSError as error:
        raise RetakeError(f"The results cannot be written to {out}: {error.strerror}.") from None


def _perform(work: Path) -> list[str]:
    """Everything, in the folder `work`; returns what was done, for people."""
    # Before `import bpy`, or it reads and writes the person's own Blender configuration.
    os.environ["BLENDER_USER_RESOURCES"] = str(work / "blender")
    os.environ["RETAKE_RUNTIME_DIR"] = str(work / "run")
    os.environ["RETAKE_SERVER_PYTHON"] = sys.executable
    log = work / "blender.log"
    with _ctrl_c_between_steps() as stop_if_asked, chatter_in(log) as terminal:
        from . import demo_play

        atexit.register(leave, FAILED)  # if something unforeseen ends the program
        results = (work / BLEND, work / PICTURE, work / TAKES)
        return demo_play.perform(*results, terminal, stop_if_asked)


def _written(out: Path, seconds: float) -> list[str]:
    return [
        f"Done in {seconds:.0f} seconds. In {out}:",
        f"  {PICTURE:12} what went in and what came out",
        f"  {BLEND:12} a scene per clip, with both takes on rigs",
        f"  {TAKES:12} the tracks and takes that it belongs to",
    ]


@contextmanager
def _ctrl_c_between_steps() -> Generator[Callable[[], None]]:
    """Ctrl-C waits for the next call of what is yielded.

    Inside Blender it can crash the process, and then the server and the temporary folder would
    stay.
    """
    pressed: list[int] = []

    def stop_if_asked() -> None:
        if pressed:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield stop_if_asked
    finally:
        signal.signal(signal.SIGINT, before)
