"""`retake detect VIDEO -o TRACK`: a person's 2D keypoints, as a keypoint track file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tqdm import tqdm

from ..server.detect import model_file
from ..server.detect.detect import detect
from ..shared.keypoints import KeypointTrack
from .output import check_output

HELP = "find a person's 2D keypoints in a video"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("video", type=Path, help="a video file, as a phone or camera writes it")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, help="keypoint track (.npz) to write"
    )


def run(args: argparse.Namespace) -> int:
    check_output(args.out, args.video)
    try:
        track = _detect_with_bar(args.video)
    except model_file.PoseModelMissingError:
        fetch_pose_model()
        track = _detect_with_bar(args.video)
    track.save(args.out)
    seen = int((track.confidence[:, 0] > 0).sum())
    print(f"{args.out}: a person in {seen} of {track.frame_count} frames ({track.source}).")
    return 0


def fetch_pose_model(source: Path | None = None) -> None:
    """Says what it does: a download is not to happen silently."""
    if source is None:
        print(
            f"Fetching the pose model (MediaPipe Pose, Apache-2.0): {model_file.WHEEL} from the "
            f"Python package index, {model_file.WHEEL_MEGABYTES} MB, once.",
            file=sys.stderr,
        )
    path = model_file.get_pose_model(source)
    print(f"The pose model is stored as {path}.", file=sys.stderr)


def _detect_with_bar(video: Path) -> KeypointTrack:
    with tqdm(unit=" frames", leave=False, delay=0.1) as bar:

        def on_frame(done: int, expected: int | None) -> None:
            bar.total = expected
            bar.update(done - bar.n)

        return detect(video, on_frame)
