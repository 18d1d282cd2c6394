"""`retake batch CLIPS --out DIR`: takes of many clips, which can be interrupted and continued.

It knows which clips there are and what became of each. How one clip is done is in `batch_work`, and
on a cluster in `batch_ray`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..shared.errors import RetakeError
from .batch_clips import Clip, Record, Settings, find_clips, finished, table, write_summary

HELP = "lift many clips, videos or tracks, into a folder"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "clips",
        type=Path,
        help="folder of videos and keypoint tracks, or a text file with one path per line",
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the takes")
    parser.add_argument(
        "--model",
        default="",
        help="name of the model (default: that for this device)",
    )
    parser.add_argument("--hypotheses", type=int, default=5, help="motions per clip (default: 5)")
    parser.add_argument("--iterations", type=int, default=5, help="of the sampler (default: 5)")
    parser.add_argument("--seed", type=int, default=0, help="same seed, same motions (default: 0)")
    parser.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="compute on this Ray cluster; 'local' starts one here (needs the extra 'scale'). "
        "Clips and folder must have the same paths on all its computers",
    )


def run(args: argparse.Namespace) -> int:
    """0 if every clip has its takes, 1 if some have failed. A second run does only what is left."""
    from ..server.lifting.lift_options import LiftOptions

    LiftOptions(  # refuses what cannot be
        model=args.model, hypotheses=args.hypotheses, iterations=args.iterations, seed=args.seed
    )
    settings = Settings(args.model, args.hypotheses, args.iterations, args.seed)
    clips = find_clips(args.clips, args.out.resolve())
    make_folder(args.out)
    done = {clip.name: record for clip in clips if (record := finished(clip, settings))}
    left = [clip for clip in clips if clip.name not in done]
    print(f"{len(clips)} {'clip' if len(clips) == 1 else 'clips'}, {len(done)} done before.")
    for record in follow(work(left, settings, args.ray), len(left)):
        done[record.name] = record
    records = [done[clip.name] for clip in clips if clip.name in done]
    write_summary(args.out, settings, records)
    print(table(records))
    return 0 if len(records) == len(clips) and not any(r.failed for r in records) else 1


def make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RetakeError(f"The folder {out} cannot be made: {error.strerror}.") from None


def work(clips: list[Clip], settings: Settings, ray: str | None) -> Iterable[Record]:
    if not clips:
        return []
    if ray:
        from .batch_ray import do_all

        return do_all(clips, settings, ray)
    from .batch_work import do_here

    return do_here(clips, settings)


def follow(records: Iterable[Record], count: int) -> Iterator[Record]:
    """The same, with a bar; failures are told as they come."""
    from tqdm import tqdm

    with tqdm(total=count, unit="clip", disable=count == 0) as bar:
        for record in records:
            if record.failed:
                tqdm.write(f"{record.name}: {record.failed}", file=sys.stderr)
            bar.update()
            yield record
