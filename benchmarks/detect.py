"""Where the time of a detection goes, and what Retake adds to plain MediaPipe.

`tasks.py bench detect --video FILE [--frames N] [--rounds N] [--json FILE]`. Plain MediaPipe is the
shortest program there is: PyAV decodes, the landmarker detects, in one process that is started for
it, as `retake detect` starts one. All figures are of one run, of things timed in turn.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from itertools import islice
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

import av
import mediapipe as mp
import numpy as np
import report
from mediapipe.tasks.python import BaseOptions, vision
from retake.server.detect.child_process import find_people
from retake.server.detect.detect import choose_and_mend
from retake.server.detect.model_file import pose_model
from retake.server.detect.order import Order
from retake.server.detect.picture_figures import PictureFigures
from retake.server.detect.scaling import Picture
from retake.server.detect.video import open_video


def plain(video: Path) -> int:
    """The same model on the same pictures: what nobody can do without."""
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=pose_model()),
        running_mode=vision.RunningMode.VIDEO,
    )
    found, last = 0, -1
    with (
        av.open(str(video)) as container,
        vision.PoseLandmarker.create_from_options(options) as landmarker,
    ):
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            scale = min(1.0, 1280 / max(frame.width, frame.height))
            size = round(frame.width * scale), round(frame.height * scale)
            picture = frame.reformat(*size, format="rgb24").to_ndarray()
            upright = np.ascontiguousarray(np.rot90(picture, frame.rotation // 90 % 4))
            last = max(last + 1, round(float(frame.time or 0) * 1000))
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=upright)
            found += bool(landmarker.detect_for_video(image, last).pose_landmarks)
    return found


def decode(video: Path) -> list[Picture]:
    with closing(open_video(video)) as opened:
        return [frame.picture for frame in opened.frames()]


def first_frames(video: Path, count: int, folder: Path) -> Path:
    """A copy of the stream's first packets, so that all runs read the same short file."""
    short = folder / f"short{video.suffix}"
    with av.open(str(video)) as source, av.open(str(short), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        for packet in islice(source.demux(stream), count):
            if packet.dts is not None:
                packet.stream = copy
                target.mux(packet)
    return short


def measure(video: Path, rounds: int) -> tuple[float, list[dict[str, Any]]]:
    """Peak memory of Retake's child process in MiB, and the rows of the table."""
    pictures = decode(video)
    frames = len(pictures)
    found = find_people(Order(video), lambda done, total: None)
    peak = _peak_mib()

    def figures() -> None:
        taken = PictureFigures()
        for picture in pictures:
            taken.of(picture)

    def whole() -> None:
        choose_and_mend(video, find_people(Order(video), lambda done, total: None))

    costs = alternate(
        {
            "decode": lambda: decode(video),
            "figures of the pictures": figures,
            "follow, choose, repair": lambda: choose_and_mend(video, found),
            "plain MediaPipe": lambda: plain_process(video),
            "Retake, whole": whole,
        },
        rounds,
    )
    base = costs["plain MediaPipe"]
    return peak, [
        {
            "what": name,
            "frames/s": frames / wall,
            "time of plain MediaPipe": wall / base[0],
            "its processor time": work / base[1],
        }
        for name, (wall, work) in costs.items()
    ]


def alternate(runs: dict[str, Callable[[], object]], rounds: int) -> dict[str, tuple[float, float]]:
    """Median seconds of each run and of the processors' work for it, children included.

    One after the other in every round; a round before is dropped. On a machine that others use,
    the work is what can be compared.
    """
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in runs}
    for _ in range(rounds + 1):
        for name, run in runs.items():
            start, work = time.perf_counter(), _work()
            run()
            spent[name].append((time.perf_counter() - start, _work() - work))
    medians = {name: np.median(pairs[1:], axis=0).tolist() for name, pairs in spent.items()}
    return {name: (wall, work) for name, (wall, work) in medians.items()}


def _work() -> float:
    """Seconds of processor time so far, of this process and its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _peak_mib() -> float:
    """Of the largest child so far."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return peak / 1024 if sys.platform == "darwin" else peak


def plain_process(video: Path) -> None:
    """`plain` as a program of its own."""
    subprocess.run(
        [sys.executable, __file__, "--video", str(video), "--plain"], check=True, stderr=DEVNULL
    )


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plain", action="store_true", help="only the plain program, once")
    options = parser.parse_args()
    if options.plain:
        plain(options.video)
        return
    with tempfile.TemporaryDirectory() as folder:
        video = first_frames(options.video, options.frames, Path(folder))
        peak, rows = measure(video, options.rounds)
    title = f"Detection of {options.video.name}; peak memory of the child {peak:.0f} MiB"
    report.show(title, rows, options.json)


if __name__ == "__main__":
    main()
