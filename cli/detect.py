"""`retake detect CLIP -o TRACK`: a person's 2D keypoints, as a keypoint track file.

In place of a video, pictures in order or another tracker's keypoint file may be given.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from ..server.detect import model_file
from ..server.detect.detect import Choose, Detected, choose_and_mend, notes, shot_by_shot
from ..server.detect.preflight import preflight
from ..server.detect.preview import check_preview, write_preview
from ..shared.atomic import replaced_file
from ..shared.errors import RetakeError
from ..shared.repair.changes import Change
from ..shared.tracks.choice import by_click, by_number, largest
from ..shared.tracks.export import write_coco, write_openpose
from .detect_source import Looked, is_trackers, looked_at
from .output import check_output

HELP = "find a person's 2D keypoints in a video, or read another tracker's"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "video",
        type=Path,
        help="a video file, as a phone or camera writes it; pictures in order (a folder, or a "
        "pattern such as shot.####.png); or another tracker's keypoint file or folder (OpenPose, "
        "AlphaPose, MMPose, Sapiens, COCO, Ultralytics, DeepLabCut, VideoPose3D)",
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, help="keypoint track (.npz) to write"
    )
    _add_detector(parser)
    _add_choice(parser)
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
        "--openpose", type=Path, metavar="FOLDER", help="write it as OpenPose does, too (BODY_25)"
    )
    parser.add_argument(
        "--coco", type=Path, metavar="FILE", help="write it as COCO results, too (.json)"
    )
    tracker = parser.add_argument_group("of pictures in order, and of a tracker's file")
    tracker.add_argument("--fps", type=float, help="frames per second")
    tracker.add_argument("--size", metavar="WxH", help="of the video in pixels")
    tracker.add_argument(
        "--of", type=Path, metavar="VIDEO", help="the video itself, in place of --size and --fps"
    )


def _add_detector(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--people",
        type=int,
        default=1,
        choices=range(1, 9),
        metavar="N",
        help="look for up to N people at once, 1 to 8 (default: 1; more is slower)",
    )
    parser.add_argument(
        "--stride", type=int, default=1, metavar="N", help="only every Nth frame (default: 1)"
    )
    parser.add_argument(
        "--pose-model",
        type=Path,
        metavar="ONNX",
        help="your own RTMPose or ViTPose model in place of MediaPipe",
    )
    parser.add_argument(
        "--box-model",
        type=Path,
        metavar="ONNX",
        help="your own YOLOX model that finds people for --pose-model",
    )


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--person",
        default="largest",
        metavar="WHO",
        help="largest (default), a number, or X,Y@FRAME: who is there in that frame",
    )
    parser.add_argument(
        "--split",
        action="store_true",
        help="a track of each shot, where the picture cuts to another scene: OUT-0.npz and so on, "
        "by the number of its first frame",
    )


def run(args: argparse.Namespace) -> int:
    _check(args)
    choose = _choice(args.person)
    with looked_at(args) as looked:
        done = [(one, _write(args, looked, one)) for one in _detected(args, looked, choose)]
        looked.forget()
    for detected, out in done:
        _tell(detected, out)
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


def _check(args: argparse.Namespace) -> None:
    outs = [out for out in (args.out, args.preview, args.changes, args.coco) if out is not None]
    inputs = [path for path in (args.video, args.of, args.pose_model, args.box_model) if path]
    for out in outs:
        check_output(out, *inputs)
    if len({out.absolute() for out in outs}) < len(outs):
        raise RetakeError("Two of the files to write have the same name. Choose different ones.")
    if args.preview is not None:
        check_preview(args.preview)
        if is_trackers(args) and args.of is None:
            raise RetakeError("--preview needs the video: give it with --of.")
    if args.openpose is not None and args.openpose.exists():
        raise RetakeError(f"{args.openpose} exists already. Choose a new folder for --openpose.")
    if args.stride < 1:
        raise RetakeError(f"--stride is {args.stride}; expected a whole number from 1 on.")
    if args.split and args.person != "largest":
        raise RetakeError("--split takes the largest person of each shot; leave --person out.")
    if args.box_model and not args.pose_model:
        raise RetakeError("--box-model finds people for --pose-model, which is missing.")


def _detected(args: argparse.Namespace, looked: Looked, choose: Choose) -> Iterator[Detected]:
    """One track, or one for each shot in which somebody is."""
    if not args.split:
        yield choose_and_mend(args.video, looked.found, choose, args.repair, looked.sightings)
        return
    if looked.sightings is not None:
        raise RetakeError("--split needs the video; a tracker's file has no pictures.")
    parts = shot_by_shot(looked.found)
    if not any(part.people for part in parts):
        raise RetakeError(f"Nobody was found in any shot of {args.video}.")
    for part in parts:
        if part.people:
            yield choose_and_mend(args.video, part, choose, args.repair)
        else:
            last = part.first + len(part.times) - 1
            print(f"Nobody was found in the shot of frames {part.first}-{last}.", file=sys.stderr)


def _write(args: argparse.Namespace, looked: Looked, detected: Detected) -> Path:
    """The track, and what else is asked for; gives the track's path."""
    out = _numbered(args.out, args.split, detected)
    detected.track.save(out)
    if args.changes is not None:
        _write_changes(_numbered(args.changes, args.split, detected), detected.changes)
    if args.openpose is not None:
        write_openpose(detected.track, _numbered(args.openpose, args.split, detected))
    if args.coco is not None:
        write_coco(detected.track, _numbered(args.coco, args.split, detected))
    if args.preview is not None:
        assert looked.order is not None
        write_preview(looked.order, detected, _numbered(args.preview, args.split, detected))
    return out


def _numbered(path: Path, split: bool, detected: Detected) -> Path:
    """Of a shot: with the number of its first frame."""
    return path.with_stem(f"{path.stem}-{detected.found.first}") if split else path


def _tell(detected: Detected, out: Path) -> None:
    track, figures = detected.track, detected.found.figure_rows()
    seen = int((track.confidence.max(axis=1) > 0).sum())
    hard = preflight(track, figures) if len(figures) else []
    source = track.source.partition("; mended: ")[0]  # the sentences below tell it in full
    print(f"{out}: a person in {seen} of {track.frame_count} frames ({source}).")
    told = [*hard, *notes(detected)]
    if told and detected.found.is_part:
        told.insert(0, "Frames are counted from the first one of the shot")
    for sentence in told:
        print(f"- {sentence[0].upper()}{sentence[1:].rstrip('.')}.")


def _choice(who: str) -> Choose:
    if who == "largest":
        return lambda everybody, sightings, size: largest(everybody)
    if re.fullmatch(r"\d{1,9}", who):
        return lambda everybody, sightings, size: by_number(everybody, int(who))
    if match := re.fullmatch(r"(\d{1,6}),(\d{1,6})@(\d{1,9})", who):
        x, y, frame = (int(text) for text in match.groups())
        return partial(by_click, frame=frame, place=(x, y))
    raise RetakeError(f"--person is {who}; expected largest, a number, or X,Y@FRAME.")


def _write_changes(path: Path, changes: list[Change]) -> None:
    try:
        with replaced_file(path) as part:
            part.write_text(json.dumps([done.to_json() for done in changes]), "utf-8")
    except OSError as error:
        raise RetakeError(f"{path} could not be written: {error.strerror or error}.") from None
