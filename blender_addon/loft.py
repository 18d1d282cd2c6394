"""Lofts: closed surfaces of elliptical rings along a path, as plain arrays.

Knows neither bodies nor bones; lengths are in the units of what it is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..shared.arrays import Floats, Ints
from ..shared.rotations import normalise

RING = 16
"""Vertices of one ring; even, so that left and right mirror each other."""

CAP = 4
"""Rings of a rounded end."""

Profile = tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]
"""Places along a path (0 to 1), half widths and half depths there."""


@dataclass(frozen=True)
class Loft:
    """One closed surface.

    vertices  (V, 3)
    faces     (Q, 4) indices, counter-clockwise seen from outside; a triangle repeats its last one
    places    (V,) the row of the path that each vertex belongs to
    """

    vertices: Floats
    faces: Ints
    places: Ints


def loft(path: Floats, across: Floats, profile: Profile, unit: float) -> Loft:
    """Elliptical rings along `path` (R, 3), and half an ellipsoid beyond each of its ends.

    `across` (3,) is the axis of the widths; `unit` is what one unit of the profile measures.
    """
    places = np.linspace(0, 1, len(path))
    at, widths, depths = np.array(profile)
    radii = np.column_stack([_smooth(places, at, widths), _smooth(places, at, depths)])
    path, radii, rows = _capped(path, radii * unit)
    along = normalise(path[-1] - path[0])
    side = normalise(across - (across @ along) * along)
    vertices, faces = _surface(_rings(path, radii, side, np.cross(along, side)))
    return Loft(vertices, faces, _per_vertex(rows))


def straight(start: Floats, end: Floats, count: int) -> Floats:
    """(count, 3) points of a straight path."""
    return start + np.linspace(0, 1, count)[:, None] * (end - start)


def _smooth(places: Floats, at: Floats, values: Floats) -> Floats:
    """Values at `places`: through the rows, without corners (cubic in between)."""
    index = np.clip(np.searchsorted(at, places, side="right") - 1, 0, len(at) - 2)
    share = np.clip((places - at[index]) / (at[index + 1] - at[index]), 0, 1)
    slopes = np.gradient(values, at)
    step, t = at[index + 1] - at[index], share
    low, high = values[index], values[index + 1]
    return (
        (2 * t**3 - 3 * t**2 + 1) * low
        + (t**3 - 2 * t**2 + t) * step * slopes[index]
        + (3 * t**2 - 2 * t**3) * high
        + (t**3 - t**2) * step * slopes[index + 1]
    )


def _capped(path: Floats, radii: Floats) -> tuple[Floats, Floats, Ints]:
    """Path and radii with rounded ends, and for each new place the old one it belongs to."""
    along = normalise(path[-1] - path[0])
    angles = np.linspace(0, np.pi / 2, CAP + 1)[1:]
    reach, shrink = np.sin(angles)[:, None], np.cos(angles)[:, None]
    first = path[0] - along * reach * radii[0].min()
    last = path[-1] + along * reach * radii[-1].min()
    new_path = np.concatenate([first[::-1], path, last])
    new_radii = np.concatenate([(radii[0] * shrink)[::-1], radii, radii[-1] * shrink])
    old = np.arange(len(path))
    return new_path, new_radii, np.concatenate([np.zeros(CAP, int), old, np.full(CAP, old[-1])])


def _rings(path: Floats, radii: Floats, side: Floats, front: Floats) -> Floats:
    """(R, RING, 3); the first and the last ring are points."""
    angles = 2 * np.pi * np.arange(RING) / RING
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    offsets = circle * radii[:, None]
    return path[:, None] + offsets[..., :1] * side + offsets[..., 1:] * front


def _surface(rings: Floats) -> tuple[Floats, Ints]:
    """Vertices and faces of a loft: quads between rings, triangles at the two poles."""
    count = len(rings) - 2
    vertices = np.concatenate([rings[0, :1], rings[1:-1].reshape(-1, 3), rings[-1, :1]])
    ring = 1 + np.arange(RING)
    turned = np.roll(ring, -1)
    quads = [
        np.stack([ring, turned, turned + RING, ring + RING], axis=1) + RING * row
        for row in range(count - 1)
    ]
    start, end = np.zeros(RING, int), np.full(RING, len(vertices) - 1)
    last = RING * (count - 1)
    caps = [
        np.stack([start, turned, ring, ring], axis=1),
        np.stack([ring + last, turned + last, end, end], axis=1),
    ]
    return vertices, np.concatenate([*quads, *caps])


def _per_vertex(rows: Ints) -> Ints:
    """Values per ring (R,) -> per vertex of `_surface`."""
    return np.concatenate([rows[:1], np.repeat(rows[1:-1], RING), rows[-1:]])
