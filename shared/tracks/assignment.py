"""Who goes with whom at the least total cost (the assignment problem).

The shortest augmenting path method of Jonker and Volgenant (1987), with the potentials of Kuhn's
Hungarian method. Written out because this runs inside Blender, which has no scipy; there are a
handful of people in a picture.
"""

from __future__ import annotations

import numpy as np

from ..arrays import Floats, Floats64

FORBIDDEN = 1e6
"""A cost that no pair may have: such pairs are left out of the answer."""


def assign(costs: Floats) -> list[tuple[int, int]]:
    """Pairs (row, column) of least total cost; each row and column at most once.

    costs (rows, columns), finite; pairs at FORBIDDEN or above are avoided where possible, and never
    given.
    """
    if not costs.size:
        return []
    if costs.shape[0] > costs.shape[1]:
        return sorted((row, column) for column, row in assign(costs.T))
    capped = np.minimum(costs.astype(np.float64), FORBIDDEN)
    rows_of = _shortest_paths(capped)
    pairs = [(int(row), column) for column, row in enumerate(rows_of) if row >= 0]
    return sorted((r, c) for r, c in pairs if capped[r, c] < FORBIDDEN)


def _shortest_paths(costs: Floats64) -> list[int]:
    """The row of each column, -1 for columns left over; there are at least as many columns."""
    rows, columns = costs.shape
    row_price, column_price = np.zeros(rows), np.zeros(columns + 1)
    row_of = np.full(columns + 1, -1)  # the last column is where each search begins
    for row in range(rows):
        row_of[columns] = row
        at, came_from = columns, np.full(columns, columns)
        nearest, done = np.full(columns, np.inf), np.zeros(columns + 1, np.bool_)
        while row_of[at] >= 0:
            done[at] = True
            here = row_of[at]
            reduced = costs[here] - row_price[here] - column_price[:columns]
            better = ~done[:columns] & (reduced < nearest)
            nearest[better], came_from[better] = reduced[better], at
            open_distance = np.where(done[:columns], np.inf, nearest)
            next_at = int(open_distance.argmin())
            step = open_distance[next_at]
            row_price[row_of[done]] += step
            column_price[done] -= step
            nearest[~done[:columns]] -= step
            at = next_at
        while at != columns:
            before = int(came_from[at])
            row_of[at], at = row_of[before], before
    return row_of[:columns].tolist()
