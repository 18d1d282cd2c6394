"""`tasks.py bench equal_data`: the paper's parts, each trained on the same data for the same steps.

`--data DATA` is a set made by `retake prepare positions`, `--runs FOLDER` keeps the runs. It trains
row after row and goes on where it was stopped, so that it can be killed at any time; `--table`
prints what is there without training. What was not run is marked so.

The rows of the paper's Tables 4 to 6 are what `training/configs/table*.toml` change.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import report
import retake.training
from retake.training.checkpoint import read_state
from retake.training.config import TrainConfig

CONFIGS = Path(retake.training.__file__).parent / "configs"
BASE = CONFIGS / "equal-data.toml"
METRICS = {
    "MPJPE": "MPJPE P-Agg",
    "P-MPJPE": "P-MPJPE P-Agg",
    "MPSCE": "MPSCE",
    "acceleration": "acceleration",
}
"""Column -> metric of `retake evaluate`, with one hypothesis and one iteration, mirror averaged."""

MAIN_SEEDS, OTHER_SEEDS = (0, 1, 2), (0,)


@dataclass(frozen=True)
class Row:
    """`changes` as `retake train --set` takes them; a run per seed."""

    name: str
    label: str
    changes: tuple[str, ...]
    seeds: tuple[int, ...]


PLAIN = (
    'model.input = "positions"',
    'model.output = "positions"',
    "model.hierarchical_embedding = false",
    "model.hrst = false",
    "model.hrtt = false",
    "train.length_weight = 0.0",
    "train.direction_weight = 0.0",
)
"""Neither disentanglement nor hierarchy: what D3DP diffuses, in the same network."""


def rows() -> list[Row]:
    """In the order in which they are trained: the four main variants, then the tables' rows."""
    released = ('model.variant = "released"', 'train.loss = "released"')
    squared = ('train.loss = "squared"', "train.position_weight = 10", "train.length_weight = 10")
    return [
        Row("ours", "ours (paper)", (), MAIN_SEEDS),
        Row("d3dp", "D3DP-style", PLAIN, MAIN_SEEDS),
        Row("regression", "regression", ("train.regression = true",), MAIN_SEEDS),
        Row("released", "released", released, MAIN_SEEDS),
        *(_row(file) for file in sorted(CONFIGS.glob("table*.toml"))),
        Row("squared", "ours, squared errors", squared, OTHER_SEEDS),
    ]


def _row(file: Path) -> Row:
    table, row = file.stem.removeprefix("table").split("-")
    return Row(file.stem, f"Table {table}, row {row}", tuple(_changes(file)), OTHER_SEEDS)


def _changes(file: Path) -> Iterator[str]:
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    for section in ("model", "train"):
        for key, value in tables.get(section, {}).items():
            yield f"{section}.{key} = {json.dumps(value)}"


def main() -> None:
    parser = report.arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="a prepared data set")
    parser.add_argument("--runs", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--table", action="store_true", help="print what is there; train nothing")
    parser.add_argument("--only", nargs="*", metavar="ROW", help="names of rows (default: all)")
    parser.add_argument("--device", choices=["auto", "cpu"], default="auto")
    parser.add_argument("--limit", type=int, default=0, help="clips to measure (default: all)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="changes")
    options = parser.parse_args()
    chosen = [row for row in rows() if not options.only or row.name in options.only]
    if not options.table:
        for row, seed in _queue(chosen):
            print(f"== {row.label}, seed {seed}", flush=True)
            _train(row, seed, options)
            _measure(_folder(options.runs, row, seed), options)
    table = [_figures(row, options.runs) for row in chosen]
    report.show(
        "Same data, steps and size; mm, noisy keypoints of unseen people", table, options.json
    )


def _queue(chosen: Sequence[Row]) -> Iterator[tuple[Row, int]]:
    """The first seed of every row before the second of any: an early table is a whole one."""
    for seed in MAIN_SEEDS:
        yield from ((row, seed) for row in chosen if seed in row.seeds)


def _folder(runs: Path, row: Row, seed: int) -> Path:
    return runs / f"{row.name}-{seed}"


def _train(row: Row, seed: int, options: argparse.Namespace) -> None:
    changes = (*row.changes, f"train.seed = {seed}", *options.changes)
    run = _folder(options.runs, row, seed)
    state = read_state(run)
    if state and state["step"] >= TrainConfig.load(BASE, changes).steps:
        return
    sets = [argument for change in changes for argument in ("--set", change)]
    where = ("--data", options.data, "--run", run, "--device", options.device)
    _retake("train", BASE, *where, *sets)


def _measure(run: Path, options: argparse.Namespace) -> None:
    if (run / "measured.json").exists():
        return
    limit = ("--limit", options.limit, "--no-own-root", "--device", options.device)
    _retake("evaluate", run / "model", options.data, *limit, "--json", run / "measured.json")


def _retake(*arguments: object) -> None:
    """Stops the queue if the command fails: what it said stands above."""
    command = [sys.executable, "-m", "retake.cli", *map(str, arguments)]
    code = subprocess.run(command, check=False).returncode
    if code:
        sys.exit(f"retake {arguments[0]} ended with {code}.")


def _figures(row: Row, runs: Path) -> dict[str, Any]:
    """Mean and standard deviation over the seeds that were run."""
    files = [_folder(runs, row, seed) / "measured.json" for seed in row.seeds]
    found = [json.loads(file.read_text(encoding="utf-8")) for file in files if file.exists()]
    figures: dict[str, Any] = {"row": row.label, "seeds": f"{len(found)} of {len(row.seeds)}"}
    for column, metric in METRICS.items():
        values = [run["tables"]["model, noisy keypoints"]["average"][metric] for run in found]
        figures[column] = _cell(values)
    return figures


def _cell(values: Sequence[float]) -> str:
    if not values:
        return "not run"
    spread = f" ± {statistics.stdev(values):.1f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{spread}"


if __name__ == "__main__":
    main()
