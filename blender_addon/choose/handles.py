"""What can be dragged on the strip: the ends of decisions and of contacts. Knows no Blender."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ...shared.contact_spans import ContactSpans, Span
from ...shared.takes import CONTACT_POINTS, Takes
from .choice_track import ChoiceTrack, moved
from .seams import snapped
from .strips import FEET, ROWS, Layout

REACH_PX, ROW_REACH_PX = 6.0, 3.0
"""So near to an end the mouse means it: across, and above or below its row, which may be thin."""

DECISION = "decision"

WHAT = (DECISION, *CONTACT_POINTS)

SNAP_S = 0.2
"""An end that is dragged finds the better frame only near by, so that it can be led."""


class Handle(NamedTuple):
    """One end: of decision number `number` in the choice track, or of that contact of a part of a
    foot. `last`: of its last frame, else of its first."""

    what: str
    number: int
    last: bool


class End(NamedTuple):
    """Where a handle is: at a frame of the scene, in some rows of the limbs or of the feet."""

    handle: Handle
    frame: float
    rows: tuple[int, ...]

    @property
    def is_foot(self) -> bool:
        return self.handle.what != DECISION


def ends_of(
    track: ChoiceTrack, spans: ContactSpans, frame_of: Callable[[float], float]
) -> list[End]:
    """All of them, half a frame outside of what they end: there the strip's rectangles end."""
    found: list[End] = []
    for number, decision in enumerate(track.decisions):
        rows = tuple(ROWS.index(group) for group in decision.groups)
        found += _both(DECISION, number, (decision.first, decision.last), rows, frame_of)
    for row, part in enumerate(FEET):
        for number, span in enumerate(getattr(spans, part)):
            found += _both(part, number, span, (row,), frame_of)
    return found


def _both(
    what: str, number: int, span: Span, rows: tuple[int, ...], frame_of: Callable[[float], float]
) -> list[End]:
    return [
        End(Handle(what, number, False), frame_of(span[0]) - 0.5, rows),
        End(Handle(what, number, True), frame_of(span[1]) + 0.5, rows),
    ]


def handle_at(
    ends: Sequence[End],
    mouse: tuple[float, float],
    layout: Layout,
    x_of: Callable[[float], float],
) -> Handle | None:
    """The end under the mouse (pixels without the screen's scale); None if there is none near.

    `x_of`: frame of the scene -> pixels. The nearest wins, of those at one place the last.
    """
    near: list[tuple[float, int, Handle]] = []
    for order, end in enumerate(ends):
        away = abs(x_of(end.frame) - mouse[0])
        if away <= REACH_PX and _is_on(end, mouse[1], layout):
            near.append((away, -order, end.handle))
    return min(near)[2] if near else None


def _is_on(end: End, y: float, layout: Layout) -> bool:
    bottom = layout.feet if end.is_foot else layout.limbs
    if bottom is None:
        return False
    at = (y - bottom) / layout.row
    slack = ROW_REACH_PX / layout.row if layout.row < ROW_REACH_PX * 2 else 0.0
    return any(row - slack <= at < row + 1 + slack for row in end.rows)


def with_end(
    track: ChoiceTrack, number: int, last: bool, second: float, takes: Takes, snap: bool
) -> ChoiceTrack:
    """One end of a decision at `second`, or near by where the takes agree best."""
    own = track.decisions[number]
    new = moved(own, last=second) if last else moved(own, first=second)
    if snap:
        rest = ChoiceTrack(tuple(d for i, d in enumerate(track.decisions) if i != number))
        best = snapped(new, rest, takes, SNAP_S)
        new = moved(new, last=best.last) if last else moved(new, first=best.first)
    return ChoiceTrack((*track.decisions[:number], new, *track.decisions[number + 1 :]))


def with_contact_end(
    spans: ContactSpans, part: str, number: int, last: bool, second: float, step: float
) -> ContactSpans:
    """One end of a contact at `second`; it stays `step` seconds away from the contacts beside it,
    so that none is swallowed."""
    own = list(getattr(spans, part))
    first, end = own[number]
    if last:
        ceiling = own[number + 1][0] - step if number + 1 < len(own) else second
        own[number] = (first, max(first, min(second, ceiling)))
    else:
        ground = own[number - 1][1] + step if number else second
        own[number] = (min(end, max(second, ground)), end)
    return replace(spans, **{part: tuple(own)})
