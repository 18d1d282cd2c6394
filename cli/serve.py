"""`retake serve`: run the server that lifts keypoints to 3D motions, until Ctrl-C."""

from __future__ import annotations

import argparse
import importlib.util
import logging

HELP = "run the server that turns keypoints into 3D motions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--parent",
        type=int,
        metavar="PID",
        help="end when this process is gone and nobody else uses the server",
    )


def run(args: argparse.Namespace) -> int:
    _need_torch()
    from ..server.serve import serve

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    serve(_say, args.parent)
    return 0


def _need_torch() -> None:
    """The front never imports torch, so that its absence would only show in the worker's log."""
    for name in ("torch", "safetensors"):
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def _say(sentence: str) -> None:
    print(sentence, flush=True)
