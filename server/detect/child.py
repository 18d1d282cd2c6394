"""The process that decodes and detects: `python -m retake.server.detect.child ORDER`.

ORDER is an `order.Order` as JSON. It writes one line of JSON after the other to its standard output
and holds a few frames at a time. If a hostile file crashes the decoder, only this process ends.
Each line is an array:

    ["clip", nominal fps or 0, expected frames or null, detector, layout]
    ["frame", seconds, [width, height], people, figures]
    ["passed", frames]                   on the way to what is not known yet: a sign of life
    ["end", whether the file is damaged]
    ["failed", sentence]
    ["no model", sentence]

`people` is a list, empty if nobody is seen, of all points [x, y, confidence] of the layout each;
`figures` are those of `picture_figures`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any, TextIO

from ...shared.errors import RetakeError
from .ahead import read_ahead
from .clip import open_clip
from .cuts import CutWatch
from .detector import Detector, open_detector
from .model_file import PoseModelMissingError
from .order import Order
from .picture_figures import PictureFigures
from .scaling import Frame

WARM_UP = 30
"""Known frames that are looked at again, so that the detector follows people as it did before."""

SIGN_EVERY = 25
"""Frames that are only passed."""


def records(order: Order) -> Iterator[tuple[Any, ...]]:
    with closing(open_clip(order)) as clip, open_detector(order) as detector:
        expected = clip.expected_frames
        looked_at = expected and -(-expected // order.every)
        yield ("clip", clip.fps / order.every, looked_at, detector.name, detector.layout.name)
        eyes = _Eyes(detector)
        for number, frame in enumerate(read_ahead(clip.frames())):
            index, rest = divmod(number, order.every)
            if rest == 0 and index >= order.known - WARM_UP:
                record = eyes.record(frame)
                if index >= order.known:
                    yield record
                    continue
            if number % SIGN_EVERY == 0:
                yield ("passed", number)
        yield ("end", clip.damaged)


class _Eyes:
    """What is seen in one frame after the other."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._figures, self._cuts = PictureFigures(), CutWatch()

    def record(self, frame: Frame) -> tuple[Any, ...]:
        figures = self._figures.of(frame.picture)
        if self._cuts.is_cut(figures[0]):
            self._detector.new_scene()
        people = self._detector.detect(frame.picture, frame.time)
        return ("frame", frame.time, frame.size, [one.tolist() for one in people], figures)


def main() -> None:
    with _private_stdout() as output:
        try:
            for record in records(Order.from_json(sys.argv[1])):
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
