"""Compares our metrics and losses with recorded numbers of the authors' code.

    python -m retake.training.evaluation.golden FILE.npz

The file holds `pred` (B, W, H, F, J, 3), `gt` (B, F, J, 3), `traj` (B, F, 1, 3), `cam` (1, 9),
`kp2d` (B, F, J, 2) and what the code made of them. Exits with 1 if a number differs by more than
1e-5 (metres).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

from ...shared.arrays import AnyArray, Floats
from ...shared.bones import decompose
from ...shared.camera import normalise_screen
from ...shared.errors import RetakeError
from ...shared.model.config import ModelConfig
from ...shared.model.diffusion import Diffusion
from ...shared.npz import read_npz
from ...shared.skeleton import HUMAN36M
from ..data.lens import project
from ..losses import loss_terms
from .selections import NAMES, selected_errors

TOLERANCE = 1e-5
NEEDED = ("pred", "gt", "traj", "cam", "kp2d")


def differences(golden: dict[str, AnyArray]) -> dict[str, float]:
    """Largest absolute difference per recorded array that we have a word in."""
    found: dict[str, AnyArray] = {**_selections(golden), **_losses(golden)}
    found["reproj"] = _reprojected(golden)
    lengths, directions = decompose(golden["gt"], HUMAN36M)
    found["bone_len"], found["bone_dir"] = lengths[..., 1:, :], directions[..., 1:, :]
    if "px" in golden:
        found["px_norm_1000_1002"] = normalise_screen(golden["px"], 1000, 1002)
    return {
        name: float(np.abs(value - golden[name]).max())
        for name, value in found.items()
        if name in golden
    }


def _selections(golden: dict[str, AnyArray]) -> dict[str, AnyArray]:
    predicted, truth = golden["pred"].astype(float), golden["gt"].astype(float)
    seen = _reprojected(golden)
    misses = np.linalg.norm(seen - golden["kp2d"][:, None, None], axis=-1)
    counts = np.ones(truth.shape[:2], bool)
    values: dict[str, AnyArray] = {}
    for prefix, procrustes in (("", False), ("p2_", True)):
        rows = [
            selected_errors(predicted[:, w], truth, misses[:, w], counts, procrustes)
            for w in range(predicted.shape[1])
        ]
        for name in NAMES:
            values[prefix + name.replace("-", "_").replace("B", "b").replace("A", "a")] = np.array(
                [row[name] for row in rows]
            )
    return values


def _reprojected(golden: dict[str, AnyArray]) -> Floats:
    positions: Floats = np.add(golden["pred"], golden["traj"][:, None, None], dtype=np.float64)
    return project(positions, golden["cam"][0])


def _losses(golden: dict[str, AnyArray]) -> dict[str, AnyArray]:
    """The released loss of the first hypothesis of the first iteration."""
    tiny = Diffusion(ModelConfig(frames=1, width=4, depth=1, heads=1))
    predicted, truth = (torch.from_numpy(a) for a in (golden["pred"][:, 0, 0], golden["gt"]))
    terms = loss_terms(tiny, predicted, truth, "released")
    names = {"position": "loss_pos", "length": "loss_len", "direction": "loss_dir"}
    return {names[name]: np.array(float(term)) for name, term in terms.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    path = parser.parse_args().file
    try:
        found = differences(read_npz(path, NEEDED, "a golden metrics file"))
    except RetakeError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for name, difference in found.items():
        state = "ok" if difference <= TOLERANCE else "DIFFERS"
        sys.stdout.write(f"{name:20s} {difference:.1e}  {state}\n")
    return int(max(found.values()) > TOLERANCE)


if __name__ == "__main__":
    raise SystemExit(main())
