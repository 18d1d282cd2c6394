"""`retake models list` and `retake models get pose`: what is installed, and the detector's file."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..server.detect.model_file import pose_model_path
from ..server.models import available_models
from .detect import fetch_pose_model

HELP = "list the models, or fetch the one that detects people"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="list | get")
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


def run(args: argparse.Namespace) -> int:
    if args.action == "get":
        fetch_pose_model(args.source)
    else:
        _list()
    return 0


def _list() -> None:
    for name, folder in available_models().items():
        print(f"{name}: {folder}")
    path = pose_model_path()
    state = str(path) if path.is_file() else "not here yet; `retake models get pose` fetches it"
    print(f"pose: {state}")
