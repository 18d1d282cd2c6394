"""What `retake detect` has before it: a clip that is looked through, or another tracker's file."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ..server.detect import model_file
from ..server.detect.child_process import Found, find_people
from ..server.detect.deeplabcut_h5 import is_hdf5, open_h5
from ..server.detect.kept import Kept, open_kept
from ..server.detect.order import Order
from ..server.detect.pictures import are_pictures
from ..shared.errors import RetakeError
from ..shared.keypoints import KeypointTrack
from ..shared.tracks.find import open_sightings
from ..shared.tracks.own_form import OWN_FORMAT
from ..shared.tracks.sightings import Sightings

TRACKERS_ENDINGS = (".json", ".csv", ".txt", ".npz", ".h5")


@dataclass(frozen=True)
class Looked:
    """order: how the clip was looked through, None without one. `sightings`: another tracker's."""

    found: Found
    order: Order | None = None
    sightings: Sightings | None = None
    kept: Kept | None = None

    def forget(self) -> None:
        """All is written: what was kept to go on from is not needed."""
        if self.kept is not None:
            self.kept.forget()


@contextmanager
def looked_at(args: argparse.Namespace) -> Generator[Looked]:
    """Of a clip, what is found is kept beside the output until the block has ended well."""
    if is_trackers(args):
        yield _of_tracker(args)
        return
    fps = args.fps or 0.0
    order = Order(args.video, args.people, args.stride, fps, args.pose_model, args.box_model)
    with open_kept(args.out.with_name(args.out.name + ".part"), order) as kept:
        yield Looked(_found(order, kept), order, kept=kept)


def is_trackers(args: argparse.Namespace) -> bool:
    """By what was given with it, or by its kind."""
    video: Path = args.video
    if args.size or args.of:  # also of a folder in which a tracker has put pictures as well
        return True
    if are_pictures(video) or not video.exists():
        return False
    if video.is_dir() or video.suffix.lower() in TRACKERS_ENDINGS:
        return True
    if args.fps:
        raise RetakeError(
            f"{video} is taken for a video, which has its own frame rate: leave --fps out. "
            "For another tracker's file give --size as well."
        )
    return False


def _found(order: Order, kept: Kept | None = None) -> Found:
    try:
        return _find_with_bar(order, kept)
    except model_file.PoseModelMissingError:
        from .detect import fetch_pose_model

        fetch_pose_model()
        return _find_with_bar(order, kept)


def _find_with_bar(order: Order, kept: Kept | None) -> Found:
    with tqdm(unit=" frames", leave=False, delay=0.1) as bar:

        def on_frame(done: int, expected: int | None) -> None:
            bar.total = expected
            bar.update(done - bar.n)

        before = sum(record[0] == "frame" for record in kept.records) if kept else 0
        if before:
            print(f"Going on after the {before} frames found before.", file=sys.stderr)
        try:
            return find_people(order, on_frame, kept)
        except KeyboardInterrupt:
            if bar.n:
                of = f" of {bar.total}" if bar.total else ""
                print(f"\nKept {bar.n}{of} frames; the same command goes on.", file=sys.stderr)
            raise


def _of_tracker(args: argparse.Namespace) -> Looked:
    sightings = _sightings(args.video)
    if args.of is not None:
        order = Order(args.of, people=0, fps=args.fps or 0.0)
        return Looked(_found(order), order, sightings)
    if sightings.format == OWN_FORMAT:
        track = KeypointTrack.load(args.video)
        times = track.times.tolist()
        return Looked(Found(fps=track.fps, size=track.image_size, times=times), None, sightings)
    if not args.size or not args.fps:
        raise RetakeError(
            "Another tracker's file does not hold the video's size and frame rate: give the video "
            "with --of, or both --size WxH and --fps."
        )
    size = _size(args.size)
    if not 0 < args.fps < 10_000:
        raise RetakeError(f"--fps is {args.fps}; expected frames per second, such as 25.")
    times = (np.arange(sightings.frame_count) / args.fps).tolist()
    return Looked(Found(fps=args.fps, size=size, times=times), None, sightings)


def _sightings(path: Path) -> Sightings:
    return open_h5(path) if is_hdf5(path) else open_sightings(path)


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if match is None:
        raise RetakeError(f"--size is {text}; expected width and height, such as 1920x1080.")
    return int(match[1]), int(match[2])
