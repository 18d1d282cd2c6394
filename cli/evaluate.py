"""`retake evaluate`: errors of a model on a data set's test split, as the field measures them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from ..shared.atomic import replaced_file
from ..shared.choosing.spread import Calibration
from ..shared.errors import RetakeError
from .output import check_output

HELP = "measure a model on the test split of a prepared data set"

WIDTH = 9


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument("data", type=Path, help="data set made by `retake prepare`")
    parser.add_argument("--hypotheses", type=int, default=1, metavar="H", help="default: 1")
    parser.add_argument("--iterations", type=int, default=1, metavar="W", help="default: 1")
    parser.add_argument("--seed", type=int, default=0, help="of the noise (default: 0)")
    parser.add_argument(
        "--windows",
        type=int,
        default=4,
        help="windows that P-Best chooses one hypothesis for (default: 4, as the released code)",
    )
    parser.add_argument("--no-flip", action="store_true", help="without mirror averaging")
    parser.add_argument("--no-own-root", action="store_true", help="without our own root's J-Agg")
    parser.add_argument(
        "--limit", type=int, default=0, metavar="N", help="N clips per subject and action at most"
    )
    parser.add_argument(
        "--paper", action="store_true", help="put the paper's numbers beside, and what differs"
    )
    parser.add_argument("--device", choices=["auto", "cpu"], default="auto")
    parser.add_argument("--json", type=Path, help="also write all numbers to this file")


def run(args: argparse.Namespace) -> int:
    for name in ("hypotheses", "iterations", "windows"):
        if getattr(args, name) < 1:
            raise RetakeError(f"--{name} is {getattr(args, name)}; expected at least 1.")
    if args.json:
        check_output(args.json)
    from ..shared.model.artifact import load_model
    from ..shared.model.device import best_device
    from ..training.data.motion_set import MotionSet
    from ..training.evaluation.evaluate import AVERAGE, Plan, evaluate
    from ..training.evaluation.lifters import Sampling
    from ..training.evaluation.paper import beside
    from ..training.export import about_of

    device = best_device() if args.device == "auto" else "cpu"
    sampling = Sampling(args.hypotheses, args.iterations, not args.no_flip, args.seed)
    plan = Plan(sampling, args.windows, not args.no_own_root, args.limit, _calibration(args.model))
    data = MotionSet.open(args.data)
    tables = evaluate(load_model(args.model, device), data, plan)
    for name, table in tables.items():
        shown = table if name == "model" else {AVERAGE: table[AVERAGE]}
        print(f"\n{name}\n" + "\n".join(_lines(shown)))
    if args.paper:
        name = data.about.get("name", "")
        row = str(about_of(args.model).get("configuration", ""))
        print("\n" + beside(name, args.hypotheses, args.iterations, tables["model"], row))
    if args.json:
        facts = {
            "data": data.about,
            "hypotheses": args.hypotheses,
            "iterations": args.iterations,
            "limit": args.limit,
            "tables": tables,
        }
        _write(args.json, json.dumps(facts, indent=2) + "\n")
    return 0


def _write(path: Path, text: str) -> None:
    try:
        with replaced_file(path) as part:
            part.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RetakeError(f"{path} cannot be written: {error.strerror or error}.") from None


def _calibration(model: Path) -> Calibration | None:
    """The spread's calibration in the model folder, None without one."""
    from ..shared.model.artifact import read_calibration

    values = read_calibration(model)
    return Calibration.from_dict(values) if values else None


def _lines(table: dict[str, dict[str, float]]) -> list[str]:
    """One line per metric, one column per row of the table: there are more metrics than rows."""
    names = list(next(reversed(table.values())))
    lines = [f"{'mm':34s}" + "".join(f"{row[: WIDTH - 1]:>{WIDTH}s}" for row in table)]
    for name in names:
        values = (row.get(name) for row in table.values())
        cells = "".join(f"{v:{WIDTH}.2f}" if v is not None else " " * WIDTH for v in values)
        lines.append(f"{name:34s}{cells}")
    return lines
