"""`retake calibrate`: how far off a model's samples are, seen from how far they lie apart."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..shared.errors import RetakeError

HELP = "fit a model's spread to its errors on the validation split; writes its config.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", type=Path, help="model folder; its weights are not changed")
    parser.add_argument("data", type=Path, help="data set made by `retake prepare`")
    parser.add_argument(
        "--windows", type=int, default=64, metavar="N", help="windows to sample (default: 64)"
    )
    parser.add_argument(
        "--hypotheses", type=int, default=100, metavar="H", help="at least 100 (default: 100)"
    )
    parser.add_argument(
        "--iterations",
        type=int,
        default=5,
        metavar="W",
        help="as takes are to be made later (default: 5, as `retake lift`)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of windows and noise (default: 0)")
    parser.add_argument("--no-flip", action="store_true", help="without mirror averaging")
    parser.add_argument(
        "--dry-run", action="store_true", help="print the figures and write nothing"
    )
    parser.add_argument("--device", choices=["auto", "cpu"], default="auto")


def run(args: argparse.Namespace) -> int:
    for name in ("windows", "iterations"):
        if getattr(args, name) < 1:
            raise RetakeError(f"--{name} is {getattr(args, name)}; expected at least 1.")
    from ..shared.model.artifact import load_model
    from ..shared.model.device import best_device
    from ..training.data.motion_set import MotionSet
    from ..training.evaluation.calibrate import calibrate, write_calibration
    from ..training.evaluation.lifters import Sampling

    device = best_device() if args.device == "auto" else "cpu"
    sampling = Sampling(args.hypotheses, args.iterations, not args.no_flip, args.seed)
    data = MotionSet.open(args.data)
    fit = calibrate(load_model(args.model, device), data, sampling, args.windows)
    print(f"{'validation split':20s}{'before':>10s}{'after':>10s}")
    for name, value in fit.before.items():
        print(f"{name:20s}{value:10.3f}{fit.after[name]:10.3f}")
    if args.dry_run:
        return 0
    write_calibration(
        args.model,
        fit.calibration,
        f"{fit.windows} windows ({fit.frames} frames) of the validation split of "
        f"{data.about.get('name', 'an unnamed set')}; H={args.hypotheses}, W={args.iterations}; "
        f"ECE {fit.before['ECE']:.3f} before, {fit.after['ECE']:.3f} after",
    )
    print(f"Written into {args.model / 'config.json'}. `retake evaluate` measures it on the test.")
    return 0
