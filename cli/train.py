"""`retake train`: train a model from a configuration, or go on where a run stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "train a model from a configuration file; resumes its run folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, help="for example training/configs/paper-h36m.toml")
    parser.add_argument(
        "--data", type=Path, required=True, help="data set made by `retake prepare`"
    )
    parser.add_argument(
        "--run", type=Path, required=True, help="folder of the run: model, state, log"
    )
    parser.add_argument(
        "--device", choices=["auto", "cpu"], default="auto", help="auto: a GPU if there is one"
    )
    parser.add_argument(
        "--workers", type=int, default=0, help="processes that make batches ahead (default: 0)"
    )
    parser.add_argument(
        "--warm-start",
        type=Path,
        metavar="FOLDER",
        help="begin with the weights of this model folder; it may have fewer layers",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change the configuration, for example --set model.width=64",
    )


def run(args: argparse.Namespace) -> int:
    from ..training.config import TrainConfig
    from ..training.train import train

    train(
        TrainConfig.load(args.config, tuple(args.set)),
        args.data,
        args.run,
        cpu=args.device == "cpu",
        workers=max(args.workers, 0),
        warm_start=args.warm_start,
    )
    return 0
