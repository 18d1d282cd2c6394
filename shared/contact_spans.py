"""When heels and toes stand, as a list of times that an animator can read and change.

Times are seconds as in `Takes.times`. Knows no positions.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from .arrays import Floats
from .atomic import replaced_file
from .contacts import standing
from .errors import RetakeError

SAME_TIME_S = 1e-6
"""Frames nearer than this to a span's end belong to it."""

Span = tuple[float, float]
"""First and last second, both included."""

Spans = tuple[Span, ...]


@dataclass(frozen=True)
class ContactSpans:
    """When each part of a foot stands: spans in order of time that do not overlap.

    Raises RetakeError that names the span that is wrong.
    """

    left_heel: Spans = ()
    left_toe: Spans = ()
    right_heel: Spans = ()
    right_toe: Spans = ()

    def __post_init__(self) -> None:
        for name, spans in vars(self).items():
            before = -math.inf
            for first, last in spans:
                if not (math.isfinite(first) and first <= last < math.inf):
                    raise RetakeError(
                        f"A contact of {name} goes from {first:g} to {last:g} s; "
                        "expected two times, the earlier first."
                    )
                if first <= before:
                    raise RetakeError(
                        f"Contacts of {name} overlap at {first:g} s; "
                        "they must follow each other in time."
                    )
                before = last

    @staticmethod
    def of(probabilities: Floats, times: Floats) -> ContactSpans:
        """Spans in which each part stands by probabilities (F, 4) at evenly spaced `times` (F,)."""
        found: list[Spans] = []
        fps = (len(times) - 1) / max(float(times[-1] - times[0]), SAME_TIME_S)
        for flags in standing(probabilities, fps).T:
            edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
            runs = edges.reshape(-1, 2)
            found.append(tuple((float(times[a]), float(times[b - 1])) for a, b in runs))
        return ContactSpans(*found)

    def beyond(self, times: Floats) -> bool:
        """Whether there are spans, but all of them before or after `times` (F,)."""
        spans = [span for own in vars(self).values() for span in own]
        meets = any(a <= times[-1] and b >= times[0] for a, b in spans)
        return bool(spans) and not meets

    def numbered(self, times: Floats) -> npt.NDArray[np.intp]:
        """(F, 4): the number of the span, from 1, that holds at `times` (F,); 0 for none."""
        numbers = np.zeros((len(times), 4), np.intp)
        for column, spans in enumerate(vars(self).values()):
            for number, (first, last) in enumerate(spans, start=1):
                inside = (times >= first - SAME_TIME_S) & (times <= last + SAME_TIME_S)
                numbers[inside, column] = number
        return numbers

    def to_json(self) -> str:
        """One line per span, for people who edit by hand."""
        rows = [
            f'  "{name}": [' + ",".join(f"\n    [{a:.4f}, {b:.4f}]" for a, b in spans) + "]"
            for name, spans in vars(self).items()
        ]
        return "{\n" + ",\n".join(rows) + "\n}\n"

    def save(self, path: Path) -> None:
        with replaced_file(path) as part:
            part.write_text(self.to_json(), encoding="utf-8")

    @staticmethod
    def from_json(text: str, source: str) -> ContactSpans:
        """Raises RetakeError that names `source` if the text does not hold spans."""
        try:
            raw: Any = json.loads(text)
        except ValueError as error:
            raise RetakeError(f"{source} is not JSON: {error}.") from None
        names = [field.name for field in fields(ContactSpans)]
        if not isinstance(raw, dict) or not set(cast(dict[str, Any], raw)) <= set(names):
            raise RetakeError(f"{source} does not hold contacts: expected {', '.join(names)}.")
        given = cast(dict[str, Any], raw)
        return ContactSpans(**{name: _spans(own, name, source) for name, own in given.items()})

    @staticmethod
    def load(path: Path) -> ContactSpans:
        """Raises RetakeError for a file that is missing or does not hold spans."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RetakeError(f"The contacts {path} cannot be read: {error}.") from None
        return ContactSpans.from_json(text, str(path))


def _spans(raw: Any, name: str, source: str) -> Spans:
    if isinstance(raw, list) and all(map(_is_span, cast(list[Any], raw))):
        return tuple((float(a), float(b)) for a, b in cast(list[list[float]], raw))
    raise RetakeError(f"{source}: {name} must be a list of [first second, last second].")


def _is_span(raw: Any) -> bool:
    return (
        isinstance(raw, list)
        and len(cast(list[Any], raw)) == 2
        and all(type(x) in (int, float) for x in cast(list[Any], raw))
    )
