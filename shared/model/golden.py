"""Compares the `released` variant with recorded outputs of the authors' code.

python -m retake.shared.model.golden FILE.npz KEYS.json --skeleton h36m --seed 11 --frames 27
--width 64 --depth 3

The weights are not stored: `golden_weights` makes them from the seed, key by key.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..arrays import AnyArray
from ..errors import RetakeError
from ..npz import read_npz
from ..skeleton import HUMAN36M, MPI_INF_3DHP
from .config import ModelConfig
from .diffusion import Diffusion
from .released import ESTIMATOR_PREFIX, load_released
from .sampler import ddim

TOLERANCE = 1e-4
"""Metres."""

SKELETONS = {"h36m": HUMAN36M.name, "3dhp": MPI_INF_3DHP.name}


def golden_weights(shapes: Mapping[str, list[int]], seed: int) -> dict[str, Tensor]:
    """Made-up weights of the released network: a standard normal per key, scaled by its kind."""
    weights: dict[str, Tensor] = {}
    for key, shape in shapes.items():
        if not key.startswith(ESTIMATOR_PREFIX):
            continue
        draw = np.random.default_rng([seed, zlib.crc32(key.encode())]).standard_normal(shape)
        if len(shape) == 2:
            draw = draw / np.sqrt(shape[1])
        elif key.endswith(".weight"):
            draw = 1 + 0.1 * draw
        elif key.endswith(".bias"):
            draw = 0.1 * draw
        else:
            draw = 0.5 * draw
        weights[key] = torch.from_numpy(draw.astype(np.float32))
    return weights


def build_golden(config: ModelConfig, shapes: Mapping[str, list[int]], seed: int) -> Diffusion:
    model = Diffusion(config)
    load_released(model, golden_weights(shapes, seed))
    return model.eval()


def in_metres(golden: Mapping[str, AnyArray], skeleton: str) -> dict[str, AnyArray]:
    """The network works in metres always; the recorded samples of "3dhp" are in millimetres."""
    arrays = dict(golden)
    if skeleton == "3dhp" and "samples" in arrays:
        arrays["samples"] = arrays["samples"] / 1000
    return arrays


@torch.no_grad()
def differences(model: Diffusion, golden: Mapping[str, AnyArray]) -> dict[str, float]:
    """Largest absolute difference per recorded array, in metres."""
    arrays = {key: torch.from_numpy(value) for key, value in golden.items()}
    keypoints = arrays["x2d"]
    found: dict[str, float] = {}
    noisy = torch.cat([arrays["den_dir"], arrays["den_len"]], dim=-1)
    hypotheses = noisy.shape[1]
    repeated = keypoints.repeat_interleave(hypotheses, dim=0)
    t = arrays["den_t"].long().repeat_interleave(hypotheses)
    out = model.denoiser(repeated, noisy.flatten(0, 1), t)
    found["den_out"] = _largest(out.view_as(arrays["den_out"]), arrays["den_out"])
    if "samples" in arrays:
        found["samples"] = _largest(replay(model, arrays), arrays["samples"])
    return found


def replay(model: Diffusion, arrays: Mapping[str, Tensor]) -> Tensor:
    """The whole sampler with the recorded noise: every iteration's positions (B, W, H, F, J, 3)."""
    _, iterations, hypotheses, _, joints, _ = arrays["samples"].shape
    repeated = arrays["x2d"].repeat_interleave(hypotheses, dim=0)
    bones = [c for _, c in model.skeleton.bones]

    def noise(iteration: int) -> Tensor:
        recorded = torch.cat(
            [arrays[f"noise_{2 * iteration}"], arrays[f"noise_{2 * iteration + 1}"]], dim=-1
        )
        if recorded.shape[-2] == joints:
            return recorded
        return recorded.new_zeros(*recorded.shape[:-2], joints, 4).index_copy(
            -2, torch.tensor(bones), recorded
        )

    def denoise(state: Tensor, t: int) -> Tensor:
        flat = state.flatten(0, 1)
        return model.denoise(repeated, flat, torch.full((len(flat),), t)).view(*state.shape[:-1], 3)

    steps: list[Tensor] = []
    ddim(
        model,
        denoise,
        noise,
        iterations,
        on_step=lambda done, total, positions: steps.append(positions),
    )
    return torch.stack(steps, dim=1)


def _largest(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="tasks.py golden", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("keys", type=Path)
    parser.add_argument("--skeleton", choices=SKELETONS, required=True)
    for name in ("seed", "frames", "width", "depth"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--heads", type=int, default=8)
    args = parser.parse_args(arguments)
    try:
        found = compare(args)
    except RetakeError as error:
        sys.stderr.write(f"golden: {error}\n")
        return 2
    for name, difference in found.items():
        verdict = "ok" if difference <= TOLERANCE else f"ABOVE {TOLERANCE:g}"
        sys.stdout.write(f"{name:10s} largest difference {difference:.2e} m  {verdict}\n")
    if "samples" not in found:
        sys.stdout.write("samples    not in the file: the sampler was not compared\n")
    return 0 if all(d <= TOLERANCE for d in found.values()) else 1


def compare(args: argparse.Namespace) -> dict[str, float]:
    golden = read_npz(args.file, ("x2d", "den_dir", "den_len", "den_t", "den_out"), "a golden file")
    try:
        shapes = dict(json.loads(args.keys.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise RetakeError(f"{args.keys} is not a table of weight shapes: {error}.") from None
    config = ModelConfig.from_dict(
        {
            "variant": "released",
            "skeleton": SKELETONS[args.skeleton],
            **{name: getattr(args, name) for name in ("frames", "width", "depth", "heads")},
        }
    )
    try:
        return differences(
            build_golden(config, shapes, args.seed), in_metres(golden, args.skeleton)
        )
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise RetakeError(f"{args.file} does not fit the keys and sizes given: {reason}.") from None


if __name__ == "__main__":
    sys.exit(main())
