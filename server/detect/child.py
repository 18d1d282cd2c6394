"""The process that decodes and detects: `python -m retake.server.detect.child VIDEO`.

It writes one line of JSON after the other to its standard output and holds one frame at a time. If
a hostile file crashes the decoder, only this process ends. Each line is an array:

    ["clip", nominal fps or 0, expected frames or null]
    ["frame", seconds, [width, height], 33 landmarks of [x, y, visibility], or null: nobody is seen]
    ["end", whether the file is damaged]
    ["failed", sentence]
    ["no model", sentence]
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
from .pose_landmarker import PoseLandmarker
from .video import open_video


def records(path: Path) -> Iterator[tuple[Any, ...]]:
    with closing(open_video(path)) as video, PoseLandmarker(pose_model()) as landmarker:
        yield ("clip", video.fps, video.expected_frames)
        for frame in video.frames():
            landmarks = landmarker.detect(frame.picture, frame.time)
            rows = None if landmarks is None else landmarks.tolist()
            yield ("frame", frame.time, frame.size, rows)
        yield ("end", video.damaged)


def main() -> None:
    with _private_stdout() as output:
        try:
            for record in records(Path(sys.argv[1])):
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
