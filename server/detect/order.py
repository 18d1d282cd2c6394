"""What to look at and what for: the same words for the program, its child process and what is kept.

It does not know how a clip is opened, nor how people are found.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Order:
    """One clip, and how it is looked through.

    clip    a video file; or pictures in order: a folder, or a pattern such as shot.####.png
    people  at most so many at once, 1 to 8; 0: the clip is looked through, for nobody
    every   only every so many frames, from the first one on
    fps     of pictures in order, which have none of their own; 0 for a video
    model   an .onnx pose model to be used in place of MediaPipe
    boxes   an .onnx model that finds people for `model`
    known   frames looked at before, of which nothing needs to be reported
    """

    clip: Path
    people: int = 1
    every: int = 1
    fps: float = 0.0
    model: Path | None = None
    boxes: Path | None = None
    known: int = 0

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=str)

    @staticmethod
    def from_json(text: str) -> Order:
        """Of what `to_json` has made."""
        values: dict[str, Any] = json.loads(text)
        for name in ("clip", "model", "boxes"):
            values[name] = None if values[name] is None else Path(values[name])
        return Order(**values)
