"""`retake prepare KIND ...`: a data set of the field into the form that training reads."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..shared.errors import RetakeError

HELP = "bring a data set into the form that training and evaluation read"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    _add_human36m(kinds.add_parser("h36m", help="Human3.6M, from VideoPose3D's files"))
    _add_3dhp(kinds.add_parser("mpi-inf-3dhp", help="MPI-INF-3DHP, from P-STMO's files"))
    _add_bvh(kinds.add_parser("bvh", help="a folder of BVH motion capture"))
    _add_positions(kinds.add_parser("positions", help="world joint positions in .npz files"))
    made_up = kinds.add_parser(
        "synthetic", help="write small made-up files in both sets' formats, to try the way with"
    )
    made_up.add_argument("--frames", type=int, default=60, help="per recording (default: 60)")
    for kind in kinds.choices.values():
        kind.add_argument("-o", "--out", type=Path, required=True, help="folder to make")


def _add_human36m(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--positions", type=Path, required=True, help="data_3d_h36m.npz")
    parser.add_argument(
        "--keypoints",
        type=Path,
        required=True,
        help="data_2d_h36m_gt.npz, or a detector's, as data_2d_h36m_cpn_ft_h36m_dbb.npz",
    )
    parser.add_argument(
        "--exact",
        type=Path,
        help="data_2d_h36m_gt.npz, which the cameras are found from (default: beside --keypoints)",
    )


def _add_3dhp(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--train", type=Path, required=True, help="data_train_3dhp.npz")
    parser.add_argument("--test", type=Path, required=True, help="data_test_3dhp.npz")
    parser.add_argument(
        "--ground-truth",
        choices=["annot3", "univ_annot3"],
        help="stop if the files hold the other one (default: take and record what they hold)",
    )


def _add_bvh(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, help="its .bvh files; sub-folders are subjects")
    parser.add_argument(
        "--unit", type=float, help="metres per unit (default: bodies are scaled to 1.7 m)"
    )
    parser.add_argument("--up", choices=["y", "z"], default="y", help="axis that points up")
    parser.add_argument("--val", nargs="*", default=[], metavar="SUBJECT", help="for validation")
    parser.add_argument("--test", nargs="*", default=[], metavar="SUBJECT", help="for the test")


def _add_positions(parser: argparse.ArgumentParser) -> None:
    for split in ("train", "val", "test"):
        parser.add_argument(f"--{split}", type=Path, metavar="FILE.npz")


def run(args: argparse.Namespace) -> int:
    _PREPARE[args.kind](args)
    if args.kind != "synthetic":
        _summary(args.out)
    return 0


def _human36m(args: argparse.Namespace) -> None:
    from ..training.data import human36m

    exact = args.exact or args.keypoints.with_name("data_2d_h36m_gt.npz")
    if not exact.is_file():
        raise RetakeError(
            f"There is no file {exact}. The cameras are found from data_2d_h36m_gt.npz; say where "
            "it is with --exact."
        )
    human36m.prepare(args.positions, args.keypoints, exact, args.out)


def _3dhp(args: argparse.Namespace) -> None:
    from ..training.data import mpi_inf_3dhp

    kind = mpi_inf_3dhp.prepare(args.train, args.test, args.out, args.ground_truth)
    print(f"The ground truth of these files is {kind}.")


def _bvh(args: argparse.Namespace) -> None:
    from ..training.data import bvh

    if args.unit is not None and not args.unit > 0:
        raise RetakeError(f"--unit is {args.unit}; expected metres per unit, above 0.")
    settings = bvh.Settings(args.unit, args.up, tuple(args.val), tuple(args.test))
    for line in bvh.prepare(args.folder, args.out, settings):
        print(f"left out: {line}")


def _positions(args: argparse.Namespace) -> None:
    from ..training.data import positions

    files = {s: getattr(args, s) for s in ("train", "val", "test") if getattr(args, s)}
    if not files:
        raise RetakeError("Name at least one file: --train, --val or --test FILE.npz.")
    positions.prepare(files, args.out)


def _synthetic(args: argparse.Namespace) -> None:
    from ..training.data import synthetic

    if args.frames < 2:
        raise RetakeError(f"--frames is {args.frames}; expected at least 2.")
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        synthetic.write_human36m(args.out, args.frames)
        synthetic.write_3dhp(args.out, args.frames)
    except OSError as error:
        raise RetakeError(f"{args.out} could not be written: {error.strerror}.") from None


_PREPARE = {
    "h36m": _human36m,
    "mpi-inf-3dhp": _3dhp,
    "bvh": _bvh,
    "positions": _positions,
    "synthetic": _synthetic,
}


def _summary(folder: Path) -> None:
    from ..training.data.motion_set import SPLITS, MotionSet

    whole = MotionSet.open(folder)
    for name in SPLITS:
        part = whole.split(name)
        if part.clips:
            subjects = len({clip.subject for clip in part.clips})
            print(f"{name}: {len(part.clips)} clips, {part.frames} frames, {subjects} subjects")
