"""`retake train`: train a model from a configuration, or go on where a run stopped."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "train a model from a configuration file; resumes its run folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("config", type=Path, help="for example training/configs/first-light.toml")
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with cmu17_train.npz, cmu17_val.npz"
    )
    parser.add_argument(
        "--run", type=Path, required=True, help="folder of the run: model, state, log"
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda, mps ... (default: cpu)")


def run(args: argparse.Namespace) -> int:
    from ..training.config import TrainConfig
    from ..training.train import train

    train(TrainConfig.load(args.config), args.data, args.run, args.device)
    return 0
