"""Where the time of a detection goes, and what Retake adds to plain MediaPipe.

`tasks.py bench detect --video FILE [--frames N] [--rounds N] [--json FILE]`. Plain MediaPipe is the
shortest loop there is: PyAV decodes, the landmarker detects, in one process. All figures are of one
run; "overhead" is the ratio of two things timed in turn.
"""

from __future__ import annotations

import resource
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any

import av
import mediapipe as mp
import numpy as np
import report
from mediapipe.tasks.python import BaseOptions, vision
from retake.server.detect.child_process import find_people
from retake.server.detect.detect import choose_and_mend
from retake.server.detect.model_file import pose_model
from retake.server.detect.picture_figures import PictureFigures
from retake.server.detect.video import Picture, open_video


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


def measure(video: Path, rounds: int) -> list[dict[str, Any]]:
    pictures = decode(video)
    frames = len(pictures)
    found = find_people(video, lambda done, total: None)

    def figures() -> None:
        taken = PictureFigures()
        for picture in pictures:
            taken.of(picture)

    seconds = report.alternate(
        {
            "decode": lambda: decode(video),
            "figures of the pictures": figures,
            "follow, choose, repair": lambda: choose_and_mend(video, found),
            "plain MediaPipe": lambda: plain(video),
            "Retake, whole": lambda: choose_and_mend(
                video, find_people(video, lambda done, total: None)
            ),
        },
        rounds,
    )
    base = seconds["plain MediaPipe"]
    rows = [
        {"what": name, "frames/s": frames / spent, "of plain MediaPipe": spent / base}
        for name, spent in seconds.items()
    ]
    start = _start_up(video)
    rows.append({"what": "start of the child", "frames/s": 0.0, "of plain MediaPipe": start / base})
    return rows


def _start_up(video: Path) -> float:
    """Seconds until the first frame is reported: Python, MediaPipe's import, the model."""
    seconds: list[float] = []
    import time

    begin = time.perf_counter()

    def on_frame(done: int, total: int | None) -> None:
        if not seconds:
            seconds.append(time.perf_counter() - begin)

    find_people(video, on_frame)
    return seconds[0]


def main() -> None:
    import tempfile

    parser = report.arguments(__doc__ or "")
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        video = first_frames(options.video, options.frames, Path(folder))
        rows = measure(video, options.rounds)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    if sys.platform == "darwin":
        peak /= 1024
    title = f"Detection of {options.video.name}; peak memory of the child {peak:.0f} MiB"
    report.show(title, rows, options.json)


if __name__ == "__main__":
    main()
