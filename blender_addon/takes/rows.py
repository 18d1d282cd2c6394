"""The rows of the Takes list: what an animator sees of a set of takes. Knows no bpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...shared.takes import Takes

BEST = -1
"""In place of a hypothesis: the likeliest take of every limb group."""


@dataclass(frozen=True)
class Row:
    """`share` is the part of all hypotheses' weight that this one carries; 0 to 1."""

    name: str
    share: float
    hypothesis: int


def rows_of(takes: Takes) -> list[Row]:
    """First the takes' own choice, then the hypotheses, the heaviest first."""
    order = np.argsort(-takes.weights, kind="stable")
    ranked = [Row(f"Take {h + 1}", float(takes.weights[h]), int(h)) for h in order]
    return [Row("Best of All", 1.0, BEST), *ranked]
