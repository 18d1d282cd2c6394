"""`retake serve`: run the server that lifts keypoints to 3D motions, until Ctrl-C."""

from __future__ import annotations

import argparse
import importlib.util
import logging
from pathlib import Path
from typing import TYPE_CHECKING

from ..shared.errors import RetakeError

if TYPE_CHECKING:
    from ..server.front.front import FrontOptions

HELP = "run the server that turns keypoints into 3D motions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--stop", action="store_true", help="end the server that runs")
    parser.add_argument(
        "--parent",
        type=int,
        metavar="PID",
        help="end when this process, and all others that have used the server, are gone",
    )
    parser.add_argument(
        "--idle",
        type=float,
        metavar="MINUTES",
        help="end when there was no job for so long (default: never)",
    )
    parser.add_argument(
        "--model", default="", help="model to load at once (default: the shipped one)"
    )
    parser.add_argument(
        "--bind",
        default="",
        metavar="ENDPOINT",
        help="listen for other computers too, as in tcp://192.168.1.20:5577; see docs/security.md",
    )
    parser.add_argument(
        "--authorized-keys",
        type=Path,
        metavar="FILE",
        help="public keys of those who may come from other computers, one per line",
    )


def run(args: argparse.Namespace) -> int:
    if args.stop:
        from ..server.stop import stop

        stop(_say)
        return 0
    _need_torch()
    from ..server.serve import serve

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    serve(_say, _options(args))
    return 0


def _options(args: argparse.Namespace) -> FrontOptions:
    from ..server.front.front import FrontOptions
    from ..server.front.gate import read_keys
    from ..server.models import find_model

    if bool(args.bind) != (args.authorized_keys is not None):
        raise RetakeError(
            "--bind and --authorized-keys go together: who may come from other computers "
            "has to be said."
        )
    if args.idle is not None and args.idle <= 0:
        raise RetakeError(f"--idle is {args.idle:g}; expected minutes above 0.")
    if args.model:
        find_model(args.model)
    return FrontOptions(
        parent=args.parent,
        idle_s=None if args.idle is None else args.idle * 60,
        bind=args.bind,
        authorized_keys=read_keys(args.authorized_keys) if args.authorized_keys else frozenset(),
        warm_up=args.model or "",
    )


def _need_torch() -> None:
    """The front never imports torch, so that its absence would only show in the worker's log."""
    for name in ("torch", "safetensors"):
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def _say(sentence: str) -> None:
    print(sentence, flush=True)
