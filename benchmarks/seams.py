"""Seams: does a frame shake more when it lies at a border of two windows than when it does not?

tasks.py bench seams --data FOLDER [--model FOLDER] [--clips N] [--frames N] [--offsets N]

Every clip is sampled again and again, each time with the grid of windows one frame further. That is
done by leaving out first frames: noise goes by a frame's number in the whole clip, so that nothing
else changes. Each frame's jerk when a border touches it is then paired with its own jerk when none
does. "released" is the tiling of the authors' evaluation: windows side by side, none overlapping.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import report
import torch
from retake.server.models import SHIPPED, default_model
from retake.shared.arrays import Bools, Floats
from retake.shared.model.artifact import load_model
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.stream import window_starts
from retake.shared.model.windows import sample_clip
from retake.training.mocap import MocapSet
from retake.training.virtual_camera import view

ROOT = Path(__file__).resolve().parent.parent
LONG_SIDE = 1000

Lift = Callable[[Diffusion, Floats, int, int], tuple[Floats, list[int]]]
"""(model, pixels, first frame, W) -> (positions (F, J, 3), where windows begin or have ended)."""


def blended(
    model: Diffusion, pixels: Floats, first: int, iterations: int
) -> tuple[Floats, list[int]]:
    """Ours: overlapping windows, averaged at every step."""
    starts = window_starts(len(pixels), model.config.frames)
    ends = [start + model.config.frames for start in starts]
    return _lift(model, pixels, first, iterations), starts + ends


def released(
    model: Diffusion, pixels: Floats, first: int, iterations: int
) -> tuple[Floats, list[int]]:
    """Windows side by side; the last one ends with the clip and wins where it overlaps."""
    length = model.config.frames
    starts = [*range(0, len(pixels) - length, length), len(pixels) - length]
    out = np.empty((*pixels.shape[:-1], 3), np.float32)
    for start in starts:
        window = pixels[start : start + length]
        out[start : start + length] = _lift(model, window, first + start, iterations)
    return out, starts


def _lift(model: Diffusion, pixels: Floats, first: int, iterations: int) -> Floats:
    return sample_clip(
        model,
        pixels,
        LONG_SIDE,
        LONG_SIDE,
        hypotheses=1,
        iterations=iterations,
        seed=0,
        first_frame=first,
    )[0]


def jerk(positions: Floats) -> Floats:
    """(F - 3,) mean over joints of the third difference of (F, J, 3), in metres per frame cubed."""
    return np.linalg.norm(np.diff(positions, n=3, axis=0), axis=-1).mean(axis=-1)


def touched(borders: list[int], frames: int) -> Bools:
    """(frames - 3,) whether a border lies inside the four frames of a jerk."""
    found = np.zeros(frames - 3, bool)
    for border in borders:
        found[max(border - 3, 0) : max(border, 0)] = True
    return found


def paired(
    model: Diffusion, pixels: Floats, iterations: int, offsets: int, lift: Lift
) -> tuple[Floats, Floats]:
    """Mean jerk of each frame at a border and elsewhere, of frames that have been both.

    The first and last two windows are left out: their grid is tied to the clip's ends.
    """
    margin = 2 * model.config.frames
    jerks, at_border = [], []
    for offset in range(offsets):
        positions, borders = lift(model, pixels[offset:], offset, iterations)
        inside = slice(margin - offset, len(positions) - margin)
        jerks.append(jerk(positions)[inside])
        at_border.append(touched(borders, len(positions))[inside])
    values, border = np.stack(jerks), np.stack(at_border)
    both = border.any(axis=0) & ~border.all(axis=0)
    values, border = values[:, both], border[:, both]
    return _mean(values, border), _mean(values, ~border)


def _mean(values: Floats, of: Bools) -> Floats:
    return (values * of).sum(axis=0) / of.sum(axis=0)


def clips(data: Path, count: int, frames: int) -> Iterator[Floats]:
    """Pixels (frames, J, 2) of the middle of `count` test clips of different kinds, one camera."""
    mocap = MocapSet.load(data / "cmu17_test.npz")
    long_enough = [c for c in range(len(mocap.subjects)) if len(mocap.clip(c)) >= frames]
    for clip in long_enough[:: max(len(long_enough) // count, 1)][:count]:
        world = mocap.clip(clip)
        first = (len(world) - frames) // 2
        _, points = view(np.random.default_rng(clip), world[None, first : first + frames])
        yield (points[0].astype(float) + 0.5) * LONG_SIDE


def main() -> None:
    parser = report.arguments((__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with cmu17_test.npz")
    parser.add_argument("--model", type=Path, default=SHIPPED / default_model())
    parser.add_argument("--clips", type=int, default=4)
    parser.add_argument("--frames", type=int, default=190, help="of each clip")
    parser.add_argument("--offsets", type=int, default=16)
    parser.add_argument("--iterations", type=int, nargs="+", default=[1, 5])
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(args.model)
    shown = list(clips(args.data, args.clips, args.frames))
    rows = []
    for iterations in args.iterations:
        for name, lift in (("released", released), ("blended", blended)):
            pairs = [paired(model, p, iterations, args.offsets, lift) for p in shown]
            border, inside = (np.concatenate(values) for values in zip(*pairs, strict=True))
            rows.append(
                {
                    "windows": name,
                    "W": iterations,
                    "frames": len(border),
                    "jerk at border, mm": float(border.mean() * 1000),
                    "elsewhere, mm": float(inside.mean() * 1000),
                    "ratio": float(border.mean() / inside.mean()),
                    "median of ratios": float(np.median(border / inside)),
                }
            )
    title = f"Seams: {len(shown)} clips of {args.frames} frames, {args.offsets} grids, H = 1"
    report.show(title, rows, args.json)


if __name__ == "__main__":
    main()
