"""The process that decodes and detects: `python -m retake.server.detect.child VIDEO PEOPLE EVERY`.

It looks for at most PEOPLE people in every EVERYth frame, writes one line of JSON after the other
to its standard output and holds one frame at a time. If a hostile file crashes the decoder, only
this process ends. Each line is an array:

    ["clip", nominal fps or 0, expected frames or null]
    ["frame", seconds, [width, height], people, figures]
    ["end", whether the file is damaged]
    ["failed", sentence]
    ["no model", sentence]

`people` is a list, empty if nobody is seen, of 33 landmarks [x, y, visibility] each; `figures` are
those of `picture_figures`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

from ...shared.errors import RetakeError
from .model_file import PoseModelMissingError, pose_model
from .picture_figures import PictureFigures
from .pose_landmarker import PoseLandmarker
from .video import open_video


def records(path: Path, people: int = 1, every: int = 1) -> Iterator[tuple[Any, ...]]:
    with closing(open_video(path)) as video, PoseLandmarker(pose_model(), people) as landmarker:
        expected = video.expected_frames
        yield ("clip", video.fps / every, expected and -(-expected // every))
        figures = PictureFigures()
        for number, frame in enumerate(video.frames()):
            if number % every == 0:
                found = [one.tolist() for one in landmarker.detect(frame.picture, frame.time)]
                yield ("frame", frame.time, frame.size, found, figures.of(frame.picture))
        yield ("end", video.damaged)


def main() -> None:
    with _private_stdout() as output:
        try:
            for record in records(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])):
                print(json.dumps(record), file=output, flush=True)
        except PoseModelMissingError as error:
            print(json.dumps(("no model", str(error))), file=output, flush=True)
        except RetakeError as error:
            print(json.dumps(("failed", str(error))), file=output, flush=True)


def _private_stdout() -> TextIO:
    """Standard output for us alone: what native libraries print goes to standard error instead."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "w", encoding="ascii")


if __name__ == "__main__":
    main()
