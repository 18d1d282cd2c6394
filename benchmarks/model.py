"""The network and the sampler: how fast beside the naive twin, and in how much memory.

tasks.py bench model [--json FILE] [--rounds N] [--only PARTS]

The naive twin is `shared/model/reference.py` in float32. The floor is the time that the model's
multiplications alone would take at the rate measured here for matrices of its own shapes.
"""

from __future__ import annotations

import copy
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import report
import torch
from retake.server.models import SHIPPED, default_model
from retake.shared.arrays import Floats, Floats32
from retake.shared.model.artifact import load_model
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.precision import choose_dtype, has_bfloat16_units, relative_error
from retake.shared.model.reference import ReferenceDenoiser
from retake.shared.model.windows import sample_clip
from torch.utils.flop_counter import FlopCounterMode

ROOT = Path(__file__).resolve().parent.parent
SMALL = SHIPPED / default_model()
MODEL_FPS = 50

Row = dict[str, Any]


def row(what: str, **figures: object) -> Row:
    """A line of the table; what was not measured is a dash."""
    names = ("seconds", "times as fast", "of the floor", "error", "peak MiB")
    return {"what": what} | dict.fromkeys(names, "-") | figures


def a_model(config: ModelConfig, device: str = "cpu") -> Diffusion:
    """Random weights of a size that keeps signals at theirs."""
    torch.manual_seed(0)
    model = Diffusion(config).to(device).eval()
    for weights in model.parameters():
        if weights.dim() > 1:
            torch.nn.init.normal_(weights, std=weights.shape[1] ** -0.5)
    return model


def naive(model: Diffusion) -> Diffusion:
    """The same model with the denoiser in the words of the paper."""
    twin = copy.deepcopy(model)
    reference = ReferenceDenoiser(model.config)
    reference.load_state_dict(model.denoiser.state_dict())
    twin.denoiser = reference.to(next(model.parameters()).device).eval()  # pyright: ignore
    return twin


def a_clip(frames: int) -> Floats:
    rng = np.random.default_rng(0)
    return rng.uniform(100, 400, (1, 17, 2)) + np.cumsum(rng.normal(0, 2, (frames, 17, 2)), axis=0)


def lift(
    model: Diffusion, frames: int, hypotheses: int, iterations: int, **options: Any
) -> Floats32:
    request = {"hypotheses": hypotheses, "iterations": iterations, "seed": 0}
    return sample_clip(model, a_clip(frames), 640, 480, **request, **options)


def flop(model: Diffusion, frames: int, **options: Any) -> int:
    """Operations of `lift`, in multiplications and additions."""
    with FlopCounterMode(display=False) as counter:
        lift(model, frames, 1, 1, **options)
    return counter.get_total_flops()


def matmul_rate(config: ModelConfig, windows: int, dtype: torch.dtype, device: str) -> float:
    """Operations per second of a block's four matrices, into memory that is there already."""
    rows, width = windows * config.frames * config.joints.joint_count, config.width
    shapes = [(width, 3 * width), (width, width), (width, 2 * width), (2 * width, width)]
    factors = [
        (
            torch.randn(rows, n, dtype=dtype, device=device),
            torch.randn(n, m, dtype=dtype, device=device),
        )
        for n, m in shapes
    ]
    outs = [torch.empty(rows, m, dtype=dtype, device=device) for _, m in shapes]

    def multiply() -> None:
        for (a, b), out in zip(factors, outs, strict=True):
            torch.mm(a, b, out=out)
        if device == "cuda":
            torch.cuda.synchronize()

    best = min(_seconds(multiply) for _ in range(5))
    return sum(2 * rows * n * m for n, m in shapes) / best


def _seconds(run: Callable[[], object]) -> float:
    begin = time.perf_counter()
    run()
    return time.perf_counter() - begin


@torch.no_grad()
def speed(what: str, device: str, hypotheses: int, rounds: int, depth: int) -> list[Row]:
    """One window with flip averaging: the twin and ours, in every precision that pays here."""
    model = a_model(ModelConfig(depth=depth), device)
    twin, frames = naive(model), model.config.frames
    operations = flop(model, frames) * hypotheses
    dtypes = [torch.float32]
    if has_bfloat16_units(torch.device(device)):
        dtypes.append(torch.bfloat16)
    runs: dict[str, Callable[[], object]] = {"naive": lambda: _all_at_once(twin, hypotheses)}
    for dtype in dtypes:
        name = str(dtype).removeprefix("torch.")
        runs[name] = lambda name=name: lift(model, frames, hypotheses, 1, precision=name)
    seconds = report.alternate(runs, rounds)
    truth = torch.from_numpy(lift(twin, frames, 1, 1, precision="float32"))
    rows = [row(f"{what}, naive twin, float32", seconds=seconds["naive"])]
    for dtype in dtypes:
        name = str(dtype).removeprefix("torch.")
        poses = torch.from_numpy(lift(model, frames, 1, 1, precision=name))
        floor = operations / matmul_rate(model.config, 1, dtype, device)
        ours = {
            "seconds": seconds[name],
            "times as fast": seconds["naive"] / seconds[name],
            "of the floor": floor / seconds[name],
            "error": relative_error(poses, truth),
        }
        rows.append(row(f"{what}, ours, {name}", **ours))
    chosen = str(choose_dtype(model, "auto")).removeprefix("torch.")
    rows.append(row(f"{what}: 'auto' chooses {chosen}"))
    return rows


def _all_at_once(twin: Diffusion, hypotheses: int) -> None:
    """A window of all hypotheses and their mirror images in one call, as the paper's code does."""
    device = next(twin.parameters()).device
    shape = (hypotheses, twin.config.frames, twin.skeleton.joint_count)
    points, noisy = torch.randn(*shape, 2), torch.randn(*shape, twin.state_width)
    twin.denoise(
        points.to(device), noisy.to(device), torch.full((hypotheses,), 999).to(device)
    ).cpu()


LIMITED = """
import resource, sys
import numpy as np
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.windows import sample_clip
class Enough(Exception): pass
limit, share = int(sys.argv[1]), float(sys.argv[2])
def watch(done):
    if done > share: raise Enough
model = Diffusion(ModelConfig()).eval()
try:
    sample_clip(model, np.ones((243, 17, 2)), 640, 480, hypotheses=20, iterations=10, seed=0,
                memory_limit=limit, on_layer=watch)
except Enough: pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def memory(share: float) -> list[Row]:
    """Peak of a process that samples H = 20, W = 10 at full size within 2 GiB, until `share`."""
    limit = 2 << 30
    command = [sys.executable, "-c", LIMITED, str(limit), str(share)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    what = f"full size, H = 20, W = 10, limit {limit >> 20} MiB, first {share:.0%} of the work"
    return [row(what, **{"peak MiB": int(done.stdout)})]


LONG = """
import resource, sys, time
import numpy as np
from retake.shared.model.config import ModelConfig
from retake.shared.model.diffusion import Diffusion
from retake.shared.model.windows import sample_clip
frames = int(sys.argv[1])
model = Diffusion(ModelConfig(frames=27, width=16, depth=2, heads=2)).eval()
begin = time.process_time()
result = sample_clip(model, np.ones((frames, 17, 2)), 640, 480, hypotheses=2, iterations=2, seed=0)
seconds = time.process_time() - begin
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - result.nbytes
print(seconds / frames, peak >> 20)
"""


def long() -> list[Row]:
    """A tiny network on long clips: processor seconds per frame, peak memory without the result."""
    rows: list[Row] = []
    first = 0.0
    for frames in (3_000, 10_000, 30_000):
        command = [sys.executable, "-c", LONG, str(frames)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        each, peak = (float(value) for value in done.stdout.split())
        first = first or each
        what = f"tiny network, {frames} frames: {each / first:.2f} times the work per frame"
        rows.append(row(what, seconds=each * frames, **{"peak MiB": int(peak)}))
    return rows


def small(rounds: int) -> list[Row]:
    """The shipped model on a 10 s clip."""
    model, frames = load_model(SMALL), 10 * MODEL_FPS
    runs: dict[str, Callable[[], object]] = {
        "preview": lambda: lift(model, frames, 5, 1, flip=False),
        "full": lambda: lift(model, frames, 5, 5),
    }
    seconds = report.alternate(runs, rounds)
    times = seconds["full"] / seconds["preview"]
    return [
        row(f"{SMALL.name}, 10 s, H = 5, W = 1, no flip", seconds=seconds["preview"]),
        row(
            f"{SMALL.name}, 10 s, H = 5, W = 5, flip: {times:.1f} times that",
            seconds=seconds["full"],
        ),
    ]


def gpu(rounds: int, depth: int) -> list[Row]:
    if not torch.cuda.is_available():
        return [row("GPU: none at hand, not measured")]
    return speed("GPU, full size, H = 20", "cuda", 20, rounds, depth)


def main() -> None:
    parser = report.arguments((__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--depth", type=int, default=8, help="of the full size; less is quicker")
    parser.add_argument("--share", type=float, default=0.02, help="of the work with a limit")
    parser.add_argument("--only", default="full,memory,long,small,gpu", help="parts, with commas")
    args = parser.parse_args()
    parts: dict[str, Callable[[], list[Row]]] = {
        "full": lambda: speed("full size, a window, flip", "cpu", 1, args.rounds, args.depth),
        "memory": lambda: memory(args.share),
        "long": long,
        "small": lambda: small(args.rounds),
        "gpu": lambda: gpu(args.rounds, args.depth),
    }
    rows = [row for name in args.only.split(",") for row in parts[name]()]
    report.show("Model: speed and memory", rows, args.json)


if __name__ == "__main__":
    main()
