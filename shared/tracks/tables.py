"""Forms that are tables of text: DeepLabCut's CSV, and Ultralytics' label files."""

from __future__ import annotations

import csv
import io

import numpy as np

from ..errors import RetakeError
from ..layouts.known import COCO17
from .json_forms import frame_of
from .sightings import Rows, Sightings, damaged, numbers

_YOLO_POINTS = 17
_BOX = 5
"""Class and box stand before the points."""


def deeplabcut(text: str) -> Sightings | None:
    """Header rows scorer / [individuals] / bodyparts / coords; column 0 is the frame.

    The points' names are the user's own: they are matched by `layouts.blends`' names, whatever
    their case and word separators. None if the header is another one.
    """
    try:
        rows = list(csv.reader(io.StringIO(text)))
    except csv.Error:
        return None
    header = {row[0]: row for row in rows[:4] if row and row[0] in _HEADERS}
    if not {"scorer", "bodyparts", "coords"} <= set(header):
        return None
    body = [row for row in rows[len(header) :] if row]
    width = len(header["coords"])
    if any(len(row) != width for row in [*header.values(), *body]):
        raise damaged("DeepLabCut", "its rows are not equally long")
    return _people(header, body)


_HEADERS = ("scorer", "individuals", "bodyparts", "coords")


def _people(header: dict[str, list[str]], body: list[list[str]]) -> Sightings:
    names = [_plain(name) for name in header["bodyparts"]]
    people = header.get("individuals", [""] * len(names))
    places = {name: i for i, name in enumerate(dict.fromkeys(names[1:])) if name}
    columns: dict[str, dict[str, dict[str, int]]] = {}
    for column in range(1, len(names)):
        mine = columns.setdefault(people[column], {}).setdefault(names[column], {})
        mine[header["coords"][column]] = column
    found = Rows.of("DeepLabCut")
    for place, row in enumerate(body):
        frame = frame_of(row[0], place)
        for number, points in enumerate(columns.values()):
            values = np.full((len(places), 3), np.nan, np.float32)
            for name, axes in points.items():
                values[places[name]] = _cells(row, axes)
            if np.isfinite(values[:, 0]).any():
                found.add(frame, values, number if len(columns) > 1 else None)
    return found.done(places)


def _plain(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


def _cells(row: list[str], axes: dict[str, int]) -> list[float]:
    """x, y, likelihood of one point; labelled data have no likelihood."""
    try:
        x, y = (float(row[axes[axis]] or "nan") for axis in ("x", "y"))
        return [x, y, float(row[axes["likelihood"]] or "nan") if "likelihood" in axes else 1.0]
    except KeyError:
        raise damaged("DeepLabCut", "a point has no x and y") from None
    except ValueError:
        raise damaged("DeepLabCut", "a coordinate is no number") from None


def yolo_labels(pages: list[tuple[str, str]]) -> Sightings | None:
    """One text file per frame, one line per person: class, box, 17 points, [score], [track].

    All are fractions of the picture. Points have a visibility or not; frames are counted from 1,
    and a frame without people has no file. None if the lines are others.
    """
    rows = Rows.of("Ultralytics")
    for place, (name, text) in enumerate(pages):
        for line in text.splitlines():
            values = _floats(line)
            if values is None or len(values) - _BOX not in _YOLO_LENGTHS:
                return None
            points, track = _yolo_person(values)
            rows.add(frame_of(name, place), points, track)
    return rows.done(COCO17.places, base=1, unit="fractions") if rows.points else None


_YOLO_LENGTHS = [_YOLO_POINTS * axes + more for axes in (2, 3) for more in (0, 1, 2)]


def _floats(line: str) -> list[float] | None:
    try:
        return [float(word) for word in line.split()]
    except ValueError:
        return None


def _yolo_person(values: list[float]) -> tuple[object, float | None]:
    axes = 3 if len(values) - _BOX >= _YOLO_POINTS * 3 else 2
    end = _BOX + _YOLO_POINTS * axes
    points = numbers(values[_BOX:end], "Ultralytics").reshape(_YOLO_POINTS, axes)
    if axes == 2:
        points = np.column_stack([points, np.where((points == 0).all(axis=1), 0, 1)])
    more = values[end:]
    return points, more[1] if len(more) == 2 else None


def read_text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise RetakeError(
            "This file is not text in UTF-8, and no other file that is known."
        ) from None
