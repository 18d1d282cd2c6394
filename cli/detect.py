"""`retake detect VIDEO -o TRACK`: a person's 2D keypoints, as a keypoint track file.

In place of a video another tracker's keypoint file or folder may be given.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..server.detect import model_file
from ..server.detect.child_process import Found, find_people
from ..server.detect.detect import Choose, choose_and_mend, notes
from ..server.detect.preflight import preflight
from ..server.detect.preview import write_preview
from ..shared.atomic import replaced_file
from ..shared.errors import RetakeError
from ..shared.keypoints import KeypointTrack
from ..shared.repair.changes import Change
from ..shared.repair.repair import repair
from ..shared.repair.words import sentences
from ..shared.tracks.choice import by_click, by_number, largest, overview
from ..shared.tracks.find import open_sightings
from ..shared.tracks.identity import people
from ..shared.tracks.sightings import one_person
from .output import check_output

HELP = "find a person's 2D keypoints in a video, or read another tracker's"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "video",
        type=Path,
        help="a video file, as a phone or camera writes it; or another tracker's keypoint file or "
        "folder (OpenPose, AlphaPose, MMPose, COCO, Ultralytics, DeepLabCut, VideoPose3D)",
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, help="keypoint track (.npz) to write"
    )
    parser.add_argument(
        "--people",
        type=int,
        default=1,
        choices=range(1, 9),
        metavar="N",
        help="look for up to N people at once, 1 to 8 (default: 1; more is slower)",
    )
    parser.add_argument(
        "--person",
        default="largest",
        metavar="WHO",
        help="largest (default), a number, or X,Y@FRAME: who is there in that frame",
    )
    parser.add_argument(
        "--stride", type=int, default=1, metavar="N", help="only every Nth frame (default: 1)"
    )
    parser.add_argument(
        "--no-repair", dest="repair", action="store_false", help="leave the points as detected"
    )
    parser.add_argument(
        "--preview", type=Path, metavar="FILE", help="draw it: a film (.mp4) or a sheet (.png)"
    )
    parser.add_argument(
        "--changes", type=Path, metavar="FILE", help="write what was mended, with the old values"
    )
    parser.add_argument(
        "--size", metavar="WxH", help="of a tracker's file: the size of the video in pixels"
    )
    parser.add_argument("--fps", type=float, help="of a tracker's file: frames per second")


def run(args: argparse.Namespace) -> int:
    check_output(args.out, args.video)
    for extra in (args.preview, args.changes):
        if extra is not None:
            check_output(extra, args.video)
    if args.stride < 1:
        raise RetakeError(f"--stride is {args.stride}; expected a whole number from 1 on.")
    choose = _choice(args.person)
    if args.size or args.fps:
        track, changes, told = _of_tracker(args, choose)
    else:
        track, changes, told = _of_video(args, choose)
    track.save(args.out)
    if args.changes is not None:
        _write_changes(args.changes, changes)
    seen = int((track.confidence.max(axis=1) > 0).sum())
    print(f"{args.out}: a person in {seen} of {track.frame_count} frames ({track.source}).")
    for sentence in told:
        print(f"- {sentence[0].upper()}{sentence[1:].rstrip('.')}.")
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


Result = tuple[KeypointTrack, list[Change], list[str]]


def _of_video(args: argparse.Namespace, choose: Choose) -> Result:
    try:
        found = _find_with_bar(args.video, args.people, args.stride)
    except model_file.PoseModelMissingError:
        fetch_pose_model()
        found = _find_with_bar(args.video, args.people, args.stride)
    detected = choose_and_mend(args.video, found, choose, args.repair)
    if args.preview is not None:
        write_preview(args.video, detected, args.preview, args.stride)
    hard = preflight(detected.track, np.array(found.figures, np.float64))
    return detected.track, detected.changes, hard + notes(detected)


def _of_tracker(args: argparse.Namespace, choose: Choose) -> Result:
    if not args.size or not args.fps:
        raise RetakeError(
            "Another tracker's file needs both --size WxH and --fps, which it does not hold."
        )
    if args.preview is not None:
        raise RetakeError("--preview needs the video; a tracker's file has no pictures.")
    size = _size(args.size)
    if not 0 < args.fps < 10_000:
        raise RetakeError(f"--fps is {args.fps}; expected frames per second, such as 25.")
    sightings = open_sightings(args.video)
    times = np.arange(sightings.frame_count) / args.fps
    everybody = overview(sightings, people(sightings, size, times), size)
    chosen = choose(everybody, sightings, size)
    source = f"{args.video.name}, {sightings.format}"
    track = one_person(sightings, chosen.rows, size, args.fps, times, source)
    mended, changes = repair(track) if args.repair else (track, [])
    return mended, changes, sentences(changes)


def _find_with_bar(video: Path, count: int, stride: int) -> Found:
    with tqdm(unit=" frames", leave=False, delay=0.1) as bar:

        def on_frame(done: int, expected: int | None) -> None:
            bar.total = expected
            bar.update(done - bar.n)

        return find_people(video, on_frame, count, stride)


def _choice(who: str) -> Choose:
    if who == "largest":
        return lambda everybody, sightings, size: largest(everybody)
    if re.fullmatch(r"\d{1,9}", who):
        return lambda everybody, sightings, size: by_number(everybody, int(who))
    if match := re.fullmatch(r"(\d{1,6}),(\d{1,6})@(\d{1,9})", who):
        x, y, frame = (int(text) for text in match.groups())
        return partial(by_click, frame=frame, place=(x, y))
    raise RetakeError(f"--person is {who}; expected largest, a number, or X,Y@FRAME.")


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if match is None:
        raise RetakeError(f"--size is {text}; expected width and height, such as 1920x1080.")
    return int(match[1]), int(match[2])


def _write_changes(path: Path, changes: list[Change]) -> None:
    try:
        with replaced_file(path) as part:
            part.write_text(json.dumps([done.to_json() for done in changes]), "utf-8")
    except OSError as error:
        raise RetakeError(f"{path} could not be written: {error.strerror or error}.") from None
