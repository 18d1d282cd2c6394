"""The strip in the timeline: doubt as heat, chosen takes as colours, when feet stand. Arrays only.

x are frames of the scene, y rows from 0 below; colours are RGBA. Whoever draws scales them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ...shared.arrays import Floats, Floats32, Ints
from ...shared.contact_spans import ContactSpans
from ...shared.takes import CONTACT_POINTS, LIMB_GROUPS, Takes
from .agreement import Doubt
from .choice_track import ChoiceTrack
from .colours import colour_of, heat

ROWS = tuple(reversed(LIMB_GROUPS))
"""From below; the torso is on top."""

HOTTEST = 3.0
"""So many times the limit of doubt is as hot as it gets."""

MOST_COLUMNS = 2000
"""More than a screen shows. Of frames that share a column the worst is drawn."""

UNDECIDED = -2

CHOSEN_HEIGHT = 0.5
"""Part of a row that the chosen take's colour fills."""


SCRUB_PX, SCROLL_PX = 24, 18
"""What Blender itself draws at the top and at the bottom of the region."""

LOWEST_PX, WORDS_PX, HIGHEST_PX = 2.0, 10.0, 12.0
"""Heights of a row: at least, with its name, at most."""

GAP_PX = 5.0
"""Between the rows of feet, of limbs, and the legend."""

FEET = tuple(reversed(CONTACT_POINTS))
"""Rows of contacts, from below."""

STANDING = (0.62, 0.70, 0.78)
"""A quiet colour: contacts are seldom what one looks for."""


@dataclass(frozen=True)
class Layout:
    """Where rows are in a region, without the screen's scale: pixels from below.

    limbs  bottom of the limbs' rows
    row    height of a row
    feet   bottom of the feet's rows; None: there is no room for them
    legend bottom of the legend; None: likewise
    """

    limbs: float
    row: float
    feet: float | None = None
    legend: float | None = None

    @property
    def has_words(self) -> bool:
        return self.row >= WORDS_PX


def placed(height: float) -> Layout:
    """The rows in a region of `height`. In a low one (the Timeline as Blender opens it) only the
    limbs have rows, which become lines at its very end.
    """
    bottom = SCROLL_PX if height > SCRUB_PX + SCROLL_PX + len(ROWS) * LOWEST_PX * 2 else 1.0
    room = height - SCRUB_PX - bottom
    every = (room - GAP_PX) / (len(ROWS) + len(FEET))
    if every < WORDS_PX:
        return Layout(bottom, min(max(room / len(ROWS), LOWEST_PX), HIGHEST_PX))
    row = min(every, HIGHEST_PX)
    limbs = bottom + GAP_PX + row * len(FEET)
    top = limbs + row * len(ROWS) + GAP_PX
    return Layout(limbs, row, bottom, top if top + row < height - SCRUB_PX else None)


class Quads(NamedTuple):
    """corners (6 N, 2) and colours (6 N, 4) of triangles, two per rectangle, float32."""

    corners: Floats32
    colours: Floats32


def heat_of(
    takes: Takes, doubt: Doubt, frame_of: Callable[[float], float], limit_degrees: float
) -> Quads:
    """Doubt in the limbs' rows. `frame_of`: seconds of the clip -> frame of the scene."""
    edges = _edges(takes)
    left = np.array([frame_of(float(s)) for s in _seconds(edges, takes.times)])
    boxes: list[Floats] = []
    colours: list[Floats] = []
    groups = list(LIMB_GROUPS)
    for row, group in enumerate(ROWS):
        worst = np.maximum.reduceat(doubt.degrees[groups.index(group)], edges[:-1])
        hot = np.clip(worst / limit_degrees / HOTTEST, 0, 1)
        boxes.append(_boxes(left, row, row + 0.92))
        colours.append(np.array([(*heat(float(h)), 0.85) for h in hot]))
    return _triangles(np.concatenate(boxes), np.concatenate(colours))


def chosen_of(takes: Takes, track: ChoiceTrack, frame_of: Callable[[float], float]) -> Quads:
    """What was decided, over the heat: as much of every decision as no later one hides."""
    boxes: list[tuple[float, ...]] = []
    colours: list[tuple[float, ...]] = []
    for row, group in enumerate(ROWS):
        for first, stop, colour in _runs(_decided(track, group, takes)):
            if colour != UNDECIDED:
                a, b = (frame_of(float(takes.times[i])) for i in (first, stop - 1))
                boxes.append((a - 0.5, row, b + 0.5, row + CHOSEN_HEIGHT))
                colours.append((*colour_of(colour), 1.0))
    return _triangles(np.reshape(boxes, (-1, 4)), np.reshape(colours, (-1, 4)))


def standing_of(spans: ContactSpans, frame_of: Callable[[float], float]) -> Quads:
    """When heels and toes stand, in the feet's rows."""
    boxes = [
        (frame_of(first) - 0.5, row, frame_of(last) + 0.5, row + 0.8)
        for row, part in enumerate(FEET)
        for first, last in getattr(spans, part)
    ]
    colours = np.tile((*STANDING, 0.7), (len(boxes), 1))
    return _triangles(np.reshape(boxes, (-1, 4)), colours)


def _edges(takes: Takes) -> Ints:
    """First frames of all columns, and the end."""
    count = min(takes.frame_count, MOST_COLUMNS)
    return np.unique(np.linspace(0, takes.frame_count, count + 1).astype(np.intp))


def _seconds(edges: Ints, times: Floats) -> Floats:
    """Columns begin half a frame before their first frame."""
    step = float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    return np.append(times, times[-1] + step)[edges] - step / 2


def _boxes(edges: Floats, low: float, high: float) -> Floats:
    """(N, 4): left, below, right, above of neighbours."""
    column = np.ones(len(edges) - 1)
    return np.column_stack([edges[:-1], low * column, edges[1:], high * column])


def _runs(picks: Ints) -> list[tuple[int, int, int]]:
    """First frame, frame after the last, value."""
    starts = [0, *(np.flatnonzero(np.diff(picks)) + 1).tolist(), len(picks)]
    return [(a, b, int(picks[a])) for a, b in pairwise(starts)]


def _decided(track: ChoiceTrack, group: str, takes: Takes) -> Ints:
    """(F,) the colour of the decision that holds, `UNDECIDED` where the best is shown."""
    colours = np.full(takes.frame_count, UNDECIDED, dtype=np.intp)
    for decision in track.decisions:
        if group in decision.groups:
            colours[decision.frames(takes.times)] = decision.colour
    return colours


def _triangles(boxes: Floats, colours: Floats) -> Quads:
    x0, y0, x1, y1 = boxes.T
    corners = np.stack([x0, y0, x1, y0, x1, y1, x0, y0, x1, y1, x0, y1], axis=-1)
    return Quads(
        corners.reshape(-1, 2).astype(np.float32), np.repeat(colours, 6, axis=0).astype(np.float32)
    )
