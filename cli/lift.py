"""`retake lift TRACK -o TAKES`: keypoints to 3D motions in this process, without a server."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..shared.errors import FieldError, RetakeError
from ..shared.keypoints import KeypointTrack
from ..shared.protocol import Steer
from ..shared.resample import MODEL_FPS
from ..shared.skeleton import HUMAN36M
from ..shared.steering import Steering
from ..shared.strict import read_struct
from ..shared.takes import Takes
from .output import check_output

if TYPE_CHECKING:
    from ..server.lifting.lift import Current
    from ..server.lifting.lift_options import LiftOptions

HELP = "turn a keypoint track into several 3D motions"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "track", type=Path, help="keypoint track (.npz), as `retake detect` writes it"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="takes file (.npz) to write")
    parser.add_argument("--model", help="name of the model (default: that for this device)")
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
    parser.add_argument(
        "--height", type=float, metavar="M", help="height of the person in metres (default: usual)"
    )
    parser.add_argument(
        "--steer",
        type=Path,
        metavar="JSON",
        help="what is known or wanted: lengths, pins, range, variety (docs/steering.md)",
    )
    parser.add_argument(
        "--take", type=Path, metavar="TAKES", help="takes file with the motion that is steered"
    )
    parser.add_argument(
        "--hypothesis",
        type=int,
        help="which motion of that file, counted from 0 (default: the likeliest)",
    )


def run(args: argparse.Namespace) -> int:
    from ..server.lifting.lift_options import LiftOptions
    from ..server.models import default_model
    from ..shared.model.device import best_device

    check_output(args.out, args.track)
    track = KeypointTrack.load(args.track)
    options = LiftOptions(
        model=args.model or default_model(best_device()),
        hypotheses=args.hypotheses,
        iterations=args.iterations,
        seed=args.seed,
        focal=args.focal,
        height=args.height,
        steering=_steering(args.steer),
    )
    takes = _lift_with_bar(track, options, _current(args.take, args.hypothesis, track))
    takes.save(args.out)
    count = takes.hypothesis_count
    for miss in takes.provenance["pins_missed"]:
        joint, at = HUMAN36M.joints[miss["joint"]], f"{miss['frame'] / MODEL_FPS:.2f} s"
        gap = f"{miss['distance'] * 100:.0f} cm"
        print(f"Hypothesis {miss['hypothesis']}: {joint} stays {gap} from its pin at {at}.")
    print(
        f"{args.out}: {count} {'take' if count == 1 else 'takes'} of {takes.frame_count} frames "
        f"(model {takes.model}, seed {takes.seed})."
    )
    return 0


def _steering(path: Path | None) -> Steering:
    """Raises RetakeError that names the file, and what does not fit."""
    from ..server.worker.requests import read_steering

    if path is None:
        return Steering()
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
        return read_steering(read_struct(fields, Steer, ""))
    except OSError as error:
        raise RetakeError(f"{path} cannot be read: {error.strerror}.") from None
    except FieldError as error:
        raise RetakeError(f"{path}: {str(error).removesuffix('.')}.") from None
    except ValueError as error:
        raise RetakeError(f"{path} is not JSON: {error}.") from None


def _current(path: Path | None, hypothesis: int | None, track: KeypointTrack) -> Current | None:
    """Raises RetakeError if there is no such file, clip or hypothesis."""
    from ..server.lifting.lift import Current

    if path is None:
        if hypothesis is not None:
            raise RetakeError("A hypothesis was named, but no file of takes. Add --take.")
        return None
    takes = Takes.load(path)
    if not np.array_equal(takes.times, track.times):
        raise RetakeError(f"{path} is about another clip: its frames have other times.")
    if hypothesis is None:
        hypothesis = takes.best["torso_head"]
    if not 0 <= hypothesis < takes.hypothesis_count:
        raise RetakeError(
            f"{path} has the hypotheses 0 to {takes.hypothesis_count - 1}, not {hypothesis}."
        )
    return Current(takes.poses[hypothesis], takes.root[hypothesis])


def _lift_with_bar(track: KeypointTrack, options: LiftOptions, current: Current | None) -> Takes:
    from tqdm import tqdm

    from ..server.lifting.lift import lift
    from ..server.models import open_model

    model = open_model(options.model)
    with tqdm(total=options.iterations + options.hypotheses, leave=False) as bar:

        def report(stage: str, done: int, total: int) -> None:
            bar.set_description_str(stage, refresh=False)
            bar.total = total
            bar.update(done - bar.n)

        return lift(track, model, options, report, current)
