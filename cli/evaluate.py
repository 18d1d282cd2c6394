"""`retake evaluate`: MPJPE and P-MPJPE of a model on held-out mocap, next to trivial baselines."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..shared.errors import RetakeError

HELP = "measure a model on held-out mocap, next to trivial baselines"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="model folder")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with cmu17_train.npz, cmu17_test.npz"
    )
    parser.add_argument("--iterations", type=int, default=1, help="denoising steps W (default: 1)")
    parser.add_argument("--json", type=Path, help="also write the table to this file")


def run(args: argparse.Namespace) -> int:
    if args.iterations < 1:
        raise RetakeError(f"--iterations is {args.iterations}; at least one step is needed.")
    if args.json and not args.json.parent.is_dir():
        raise RetakeError(f"There is no folder {args.json.parent} for the table. Make it first.")
    from ..shared.model.artifact import load_model
    from ..training.evaluate import evaluate
    from ..training.mocap import MocapSet

    test, train = (MocapSet.load(args.data / f"cmu17_{part}.npz") for part in ("test", "train"))
    table = evaluate(load_model(args.model), test, train, args.iterations)
    columns = next(iter(table.values())).keys()
    lines = [f"{'mm':28s}" + "".join(f"{column:>20s}" for column in columns)]
    lines += [
        f"{name:28s}" + "".join(f"{row[c]:20.1f}" for c in columns) for name, row in table.items()
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    if args.json:
        args.json.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    return 0
