"""Draws what was found over the video: `python -m retake.server.detect.preview` in its own process.

A film (.mp4) of all frames, or a contact sheet (.png) of some. Sides have colours (the person's
left is blue, the right orange), the less certain is the thinner; whoever is not chosen is grey.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from ...shared.arrays import Floats32
from ...shared.atomic import replaced_file
from ...shared.errors import RetakeError
from ...shared.layouts.to_h36m import by_name
from ...shared.skeleton import HUMAN36M
from ..exits import why_it_ended
from .clip import open_clip
from .detect import Detected
from .order import Order

SHEET_PICTURES, SHEET_COLUMNS, SHEET_WIDTH = 20, 5, 400

SMALLEST_TEXT, TEXT_SHARE = 14, 45
"""Pixels; of the picture's long side."""

_OUTLINED: dict[str, Any] = {"stroke_width": 1, "stroke_fill": (0, 0, 0)}

_LEFT, _RIGHT, _MIDDLE, _OTHER = (64, 156, 255), (255, 140, 32), (240, 240, 240), (140, 140, 140)


def write_preview(order: Order, detected: Detected, out: Path) -> None:
    """`out` ends in .mp4 or .png. Raises RetakeError, and then leaves what was there as it was."""
    check_preview(out)
    try:
        with replaced_file(out) as part:
            _draw_elsewhere(
                order.clip,
                {
                    "order": order.to_json(),
                    "out": str(part),
                    "film": out.suffix.lower() == ".mp4",
                    "first": detected.found.first,
                    "frames": _drawn(detected),
                },
            )
    except OSError as error:
        raise RetakeError(f"{out} could not be written: {error.strerror or error}.") from None


def check_preview(out: Path) -> None:
    """Raises RetakeError for another kind of file."""
    if out.suffix.lower() not in (".mp4", ".png"):
        raise RetakeError(f"A preview is a film (.mp4) or a contact sheet (.png), not {out.name}.")


def _draw_elsewhere(clip: Path, task: dict[str, Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", f"{__package__}.preview"],
        input=json.dumps(task),
        capture_output=True,
        text=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        end = why_it_ended(done.returncode)
        raise RetakeError(f"Drawing over {clip} {end}. It said last: {last}")


def _drawn(detected: Detected) -> list[list[Any]]:
    """Per frame [[number of the person, whether chosen, 17 rows of x, y, confidence], ...]."""
    frames: list[list[Any]] = [[] for _ in detected.found.times]
    sightings = detected.sightings
    points = sightings.in_pixels(detected.found.size)
    mapped = by_name(points, sightings.confidence, sightings.places)
    for person in detected.everybody:
        if person is detected.chosen:
            continue
        # A tracker's file may go on after the end of the video.
        for row in person.rows[sightings.frames[person.rows] < len(frames)].tolist():
            rows = _rows(mapped.points[row], mapped.confidence[row])
            frames[int(sightings.frames[row])].append([person.number, False, rows])
    track = detected.track
    for frame, (points, confidence) in enumerate(zip(track.points, track.confidence, strict=True)):
        if np.isfinite(points).any():
            frames[frame].append([detected.chosen.number, True, _rows(points, confidence)])
    return frames


def _rows(points: Floats32, confidence: Floats32) -> list[list[float]]:
    return np.column_stack([np.nan_to_num(points, nan=-1e4), confidence]).round(2).tolist()


def _pictures(
    task: dict[str, Any], wanted: set[int] | None = None, width: int | None = None
) -> Iterator[tuple[float, Any]]:
    """(seconds, picture with people drawn) of those frames that were looked at.

    Of them all, or of those `wanted`; drawn when they are `width` wide, so that it can be read.
    """
    from PIL import Image, ImageDraw, ImageFont

    order, began = Order.from_json(task["order"]), None
    with closing(open_clip(order)) as clip:
        for number, frame in enumerate(clip.frames()):
            looked_at, rest = divmod(number, order.every)
            index = looked_at - task["first"]
            if rest or not 0 <= index < len(task["frames"]):
                continue
            began = frame.time if began is None else began
            if wanted is not None and index not in wanted:
                continue
            image = Image.fromarray(frame.picture)
            if width is not None:
                image = image.resize((width, max(1, round(image.height * width / image.width))))
            scale = image.width / frame.size[0]
            draw = ImageDraw.Draw(image)
            draw.font = ImageFont.load_default(max(SMALLEST_TEXT, max(image.size) / TEXT_SHARE))
            for who, chosen, rows in task["frames"][index]:
                _draw_person(draw, who, chosen, np.array(rows) * (scale, scale, 1))
            draw.text((8, 6), f"{looked_at}   {frame.time:.2f} s", fill=_MIDDLE, **_OUTLINED)
            yield frame.time - began, image


def _draw_person(draw: Any, who: int, chosen: bool, rows: Any) -> None:
    for parent, joint in HUMAN36M.bones:
        ends, certain = rows[[parent, joint], :2], rows[[parent, joint], 2].min()
        if certain > 0 and ends.min() > -1e3:
            colour = _MIDDLE
            if joint in HUMAN36M.left:
                colour = _LEFT
            elif joint in HUMAN36M.right:
                colour = _RIGHT
            line = [tuple(ends[0]), tuple(ends[1])]
            draw.line(line, fill=colour if chosen else _OTHER, width=1 + round(4 * certain))
    head = rows[HUMAN36M.joints.index("head"), :2]
    if head.min() > -1e3:
        place, colour = (head[0] + 8, head[1] - 16), _MIDDLE if chosen else _OTHER
        draw.text(place, str(who), fill=colour, **_OUTLINED)


def _film(task: dict[str, Any]) -> None:
    import av

    with av.open(task["out"], "w", format="mp4") as container:
        stream = None
        for time, image in _pictures(task):
            if stream is None:
                stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "23"})
                stream.width, stream.height = image.width & ~1, image.height & ~1
                stream.pix_fmt = "yuv420p"
                stream.codec_context.time_base = Fraction(1, 90_000)
            picture = np.asarray(image)[: stream.height, : stream.width]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            frame.pts, frame.time_base = round(time * 90_000), Fraction(1, 90_000)
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))


def _sheet(task: dict[str, Any]) -> None:
    from PIL import Image

    count = len(task["frames"])
    wanted = set(np.linspace(0, count - 1, min(count, SHEET_PICTURES)).round().astype(int).tolist())
    small = [image for _, image in _pictures(task, wanted, SHEET_WIDTH)]
    rows = -(-len(small) // SHEET_COLUMNS)
    height = max(image.height for image in small)
    sheet = Image.new("RGB", (SHEET_WIDTH * SHEET_COLUMNS, height * rows))
    for place, image in enumerate(small):
        row, column = divmod(place, SHEET_COLUMNS)
        sheet.paste(image, (column * SHEET_WIDTH, row * height))
    sheet.save(task["out"], format="PNG")


def main() -> None:
    os.dup2(2, 1)
    task = json.load(sys.stdin)
    (_film if task["film"] else _sheet)(task)


if __name__ == "__main__":
    main()
