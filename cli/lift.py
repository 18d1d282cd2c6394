"""`retake lift TRACK -o TAKES`: keypoints to 3D motions in this process, without a server."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from ..shared.keypoints import KeypointTrack
from .output import check_output

if TYPE_CHECKING:
    from ..server.lift import LiftOptions
    from ..shared.takes import Takes

HELP = "turn a keypoint track into several 3D motions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "track", type=Path, help="keypoint track (.npz), as `retake detect` writes it"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="takes file (.npz) to write")
    parser.add_argument("--model", help="name of the model (default: the shipped one)")
    parser.add_argument("--hypotheses", type=int, default=5, help="how many motions (default: 5)")
    parser.add_argument(
        "--iterations",
        type=int,
        default=5,
        help="more steps, more variety (default: 5)",
    )
    parser.add_argument("--seed", type=int, default=0, help="same seed, same motions (default: 0)")
    parser.add_argument(
        "--focal",
        type=float,
        metavar="PX",
        help="focal length in pixels (default: the image diagonal)",
    )


def run(args: argparse.Namespace) -> int:
    from ..server.lift import LiftOptions
    from ..server.models import default_model

    check_output(args.out, args.track)
    track = KeypointTrack.load(args.track)
    options = LiftOptions(
        model=args.model or default_model(),
        hypotheses=args.hypotheses,
        iterations=args.iterations,
        seed=args.seed,
        focal=args.focal,
    )
    takes = _lift_with_bar(track, options)
    takes.save(args.out)
    count = takes.hypothesis_count
    print(
        f"{args.out}: {count} {'take' if count == 1 else 'takes'} of {takes.frame_count} frames "
        f"(model {takes.model}, seed {takes.seed})."
    )
    return 0


def _lift_with_bar(track: KeypointTrack, options: LiftOptions) -> Takes:
    from functools import partial

    from tqdm import tqdm

    from ..server.lift import OpenModel, lift
    from ..server.models import find_model, weights_hash
    from ..shared.model.artifact import load_model
    from ..shared.model.windows import sample_clip

    folder = find_model(options.model)
    model = OpenModel(partial(sample_clip, load_model(folder)), weights_hash(folder))
    with tqdm(total=options.iterations + options.hypotheses, leave=False) as bar:

        def report(stage: str, done: int, total: int) -> None:
            bar.set_description_str(stage, refresh=False)
            bar.total = total
            bar.update(done - bar.n)

        return lift(track, model, options, report)
