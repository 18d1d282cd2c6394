"""`retake export`: the model of a training run as a folder to pass on and to lift with."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..shared.errors import RetakeError

HELP = "make a model folder of a training run's best weights"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path, help="folder of a run of `retake train`")
    parser.add_argument("-o", "--out", type=Path, required=True, help="model folder to make")


def run(args: argparse.Namespace) -> int:
    from ..training.export import export

    if args.out.exists():
        raise RetakeError(f"{args.out} exists already. Choose another folder, or remove it first.")
    export(args.run, args.out)
    print(f"{args.out}: complete its MODEL_CARD.md before passing the model on.")
    return 0
