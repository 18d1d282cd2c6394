"""The paper's own numbers (DDHPose, AAAI 2024), to stand beside ours, and what keeps them apart."""

from __future__ import annotations

from dataclasses import dataclass

from ..data.synthetic import ACTIONS

NOT_COMPARABLE = {
    "Human3.6M": (
        "The paper's tables are J-Agg with the true root path, the true lens and its distortion: "
        "compare with `J-Agg (true root)`. Nobody with a video has those; `J-Agg (own root)` and "
        "`P-Agg` are what a user gets. With one hypothesis all selections are the same.",
        "The released code chose the best epoch on the test subjects; we take the last.",
        "Table 1 and 7: keypoints of CPN, fine-tuned on Human3.6M. Other keypoints, other numbers.",
        "In Tables 1 and 7 the columns Pose and Purchases are the same in all rows: treat those "
        "cells with suspicion.",
    ),
    "MPI-INF-3DHP": (
        "Table 3 is for the ground truth annot3; numbers for univ_annot3 are another measurement.",
        "Only 2875 valid frames stand in the test file that the field passes around; the data "
        "set's own description has 2929.",
    ),
}

_H1 = (37.3, 40.0, 35.2, 37.7, 41.1, 46.7, 38.4, 38.4, 52.2, 53.3, 41.4, 38.9, 38.8, 27.6, 27.7)
_H5 = (37.2, 39.9, 35.1, 37.6, 41.0, 46.5, 38.3, 38.3, 52.1, 53.1, 41.3, 38.8, 38.7, 27.5, 27.6)
_H20 = (36.4, 39.5, 34.9, 37.6, 40.1, 45.9, 37.8, 37.8, 51.5, 52.2, 40.8, 38.3, 38.3, 27.0, 27.0)
_P1 = (29.5, 31.9, 28.7, 30.1, 31.3, 35.5, 29.7, 29.5, 41.8, 42.9, 33.4, 29.7, 30.4, 21.7, 22.6)
_P5 = (29.5, 31.8, 28.7, 30.1, 31.3, 35.6, 29.7, 29.5, 41.7, 42.9, 33.4, 29.6, 30.4, 21.7, 22.6)
_P20 = (29.4, 32.1, 28.4, 30.1, 31.0, 35.3, 29.5, 29.2, 41.7, 42.7, 33.2, 29.7, 30.6, 21.5, 22.2)


@dataclass(frozen=True)
class Reference:
    """One row of a table of the paper: our metric's name -> row -> value."""

    source: str
    values: dict[str, dict[str, float]]


def _human36m(
    source: str, first: tuple[float, ...], second: tuple[float, ...], average: float
) -> Reference:
    actions = [dict(zip(ACTIONS, row, strict=True)) for row in (first, second)]
    return Reference(
        source,
        {
            "MPJPE J-Agg (true root)": {**actions[0], "average": average},
            "P-MPJPE J-Agg (true root)": {**actions[1], "average": 31.2},
        },
    )


REFERENCES = {
    ("Human3.6M", 1, 1): _human36m("Tables 1 and 7, H=1, W=1", _H1, _P1, 39.65),
    ("Human3.6M", 5, 1): _human36m("Tables 1 and 7, H=5, W=1", _H5, _P5, 39.5),
    ("Human3.6M", 20, 10): _human36m("Tables 1 and 7, H=20, W=10", _H20, _P20, 39.0),
    ("Human3.6M", 5, 50): Reference(
        "Table 2, H=5, W=50",
        {
            "MPJPE J-Agg (true root)": {"average": 39.2},
            "P-MPJPE J-Agg (true root)": {"average": 31.1},
        },
    ),
    ("MPI-INF-3DHP", 1, 1): Reference(
        "Table 3, H=1, W=1",
        {
            "MPJPE P-Agg": {"average": 29.2},
            "PCK": {"average": 98.5},
            "AUC": {"average": 78.1},
        },
    ),
}
"""(data set, H, W) -> what the paper has for it."""


def _ablation(source: str, error: float, aligned: float) -> Reference:
    return Reference(
        f"{source}, H=1, W=1",
        {
            "MPJPE J-Agg (true root)": {"average": error},
            "P-MPJPE J-Agg (true root)": {"average": aligned},
        },
    )


ABLATIONS = {
    "table4-1": _ablation("Table 4, row 1", 40.23, 31.56),
    "table4-2": _ablation("Table 4, row 2", 41.72, 33.06),
    "table4-4": _ablation("Table 4, row 4", 40.48, 32.08),
    "table5-1": _ablation("Table 5, row 1", 40.10, 31.94),
    "table5-2": _ablation("Table 5, row 2", 40.08, 31.83),
    "table5-3": _ablation("Table 5, row 3", 39.68, 31.55),
    "table6-1": _ablation("Table 6, row 1", 39.87, 31.94),
}
"""Configuration -> its row on Human3.6M. The full rows are Table 1's H=1, W=1."""


def beside(
    name: str,
    hypotheses: int,
    iterations: int,
    table: dict[str, dict[str, float]],
    configuration: str = "",
) -> str:
    """Our table's metrics that the paper has too, row by row, and the reservations.

    `configuration` is what the model's `about` says: a row of the ablations is not Table 1's.
    """
    if name == "Human3.6M" and configuration in ABLATIONS:
        references = {(name, 1, 1): ABLATIONS[configuration]}
    else:
        references = REFERENCES
    reference = references.get((name, hypotheses, iterations))
    lines: list[str] = []
    if reference is None:
        known = ", ".join(f"H={h} W={w}" for n, h, w in references if n == name) or "nothing"
        lines.append(f"The paper has {known} for {name}; H={hypotheses} W={iterations} it has not.")
    else:
        lines.append(f"The paper, {reference.source}:")
        for metric, rows in reference.values.items():
            lines.append(f"\n{metric:28s}{'ours':>10s}{'paper':>10s}{'difference':>12s}")
            for row, value in rows.items():
                ours = table.get(row, {}).get(metric)
                found = (
                    f"{ours:10.2f}{value:10.2f}{ours - value:+12.2f}"
                    if ours is not None
                    else (f"{'not run':>10s}{value:10.2f}")
                )
                lines.append(f"{row:28s}{found}")
    lines += [f"\n* {text}" for text in NOT_COMPARABLE.get(name, ())]
    return "\n".join(lines)
