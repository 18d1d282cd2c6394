"""The strip in the timeline: doubt as heat, chosen takes as colours, one row per limb. Arrays only.

x are frames of the scene, y rows from 0 below; colours are RGBA. Whoever draws scales them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ...shared.arrays import Floats, Floats32, Ints
from ...shared.takes import LIMB_GROUPS, Takes
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

LOWEST_PX, HIGHEST_PX = 2.0, 11.0
"""Heights of a row."""


def placed(height: float) -> tuple[float, float]:
    """Bottom of the strip and height of a row in a region of `height`, all without the screen's
    scale. In a low region (the Timeline as Blender opens it) rows become lines at its very end.
    """
    bottom = SCROLL_PX if height > SCRUB_PX + SCROLL_PX + len(ROWS) * LOWEST_PX * 2 else 1.0
    room = (height - SCRUB_PX - bottom) / len(ROWS)
    return bottom, min(max(room, LOWEST_PX), HIGHEST_PX)


class Quads(NamedTuple):
    """corners (6 N, 2) and colours (6 N, 4) of triangles, two per rectangle, float32."""

    corners: Floats32
    colours: Floats32


def strip_of(
    takes: Takes,
    doubt: Doubt,
    track: ChoiceTrack,
    frame_of: Callable[[float], float],
    limit_degrees: float,
) -> Quads:
    """Rectangles of all rows. `frame_of`: seconds of the clip -> frame of the scene."""
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
        for first, stop, colour in _runs(_decided(track, group, takes)):
            if colour != UNDECIDED:
                ends = np.array([frame_of(float(takes.times[i])) for i in (first, stop - 1)])
                boxes.append(
                    _boxes(
                        np.asarray(ends + np.array([-0.5, 0.5]), dtype=np.float64),
                        row,
                        row + CHOSEN_HEIGHT,
                    )
                )
                colours.append(np.array([(*colour_of(colour), 1.0)]))
    return _triangles(np.concatenate(boxes), np.concatenate(colours))


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
