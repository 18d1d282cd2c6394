"""`retake models list | get | import`: what is installed, and how more of it comes here."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..server.detect.model_file import pose_model_path
from ..server.models import available_models
from ..shared.skeleton import SKELETONS
from .detect import fetch_pose_model

HELP = "list the models, fetch the one that detects people, or import the authors' checkpoint"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="list | get | import")
    actions.add_parser("list", help="the lifting models and the pose model, with their folders")
    get = actions.add_parser("get", help="fetch the pose model that `retake detect` needs")
    get.add_argument(
        "name", nargs="?", choices=["pose"], default="pose", help="pose: MediaPipe Pose, full"
    )
    get.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE",
        help="a mediapipe 0.10.21 wheel or pose model file, instead of the package index",
    )
    _add_import(
        actions.add_parser("import", help="make a model of the DDHPose authors' checkpoint")
    )


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("checkpoint", type=Path, help="a file that the authors' training wrote")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="FOLDER", help="model folder to make"
    )
    parser.add_argument(
        "--skeleton",
        choices=SKELETONS,
        required=True,
        help="what it was trained on; its weights have the same shapes for both",
    )
    parser.add_argument(
        "--heads",
        type=int,
        help="attention heads, which weights do not tell (default: 8, as in the authors' code)",
    )
    parser.add_argument(
        "--half", action="store_true", help="store the weights as float16, in half the space"
    )


def run(args: argparse.Namespace) -> int:
    if args.action == "get":
        fetch_pose_model(args.source)
    elif args.action == "import":
        _import(args)
    else:
        _list()
    return 0


def _import(args: argparse.Namespace) -> None:
    import torch

    from ..shared.model.import_checkpoint import import_checkpoint
    from ..shared.model.released import HEADS

    made = import_checkpoint(
        args.checkpoint,
        args.out,
        args.skeleton,
        HEADS if args.heads is None else args.heads,
        torch.float16 if args.half else torch.float32,
    )
    config = made.config
    print(
        f"{args.out}: {config.frames} frames, width {config.width}, depth {config.depth}, "
        f"{config.heads} heads, {config.skeleton}. Licence: its publisher's."
    )
    print(f"Not used, and left out: {', '.join(made.unused) or 'nothing'}.")


def _list() -> None:
    for name, folder in available_models().items():
        print(f"{name}: {folder}")
    path = pose_model_path()
    state = str(path) if path.is_file() else "not here yet; `retake models get pose` fetches it"
    print(f"pose: {state}")
