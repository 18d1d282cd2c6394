"""The authors' checkpoint -> a model folder of ours, in one step."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch

from ..atomic import new_folder
from ..errors import RetakeError
from .artifact import save_model
from .checkpoint import read_checkpoint
from .config import ModelConfig
from .diffusion import Diffusion
from .released import HEADS, load_released, released_config

LICENCE = (
    "Not known from the file: that of its publisher. The data sets these models are trained on, "
    "Human3.6M and MPI-INF-3DHP, have terms of their own; ask before commercial use."
)

CARD = """# {name}

A checkpoint of the DDHPose authors' code, imported: variant `{config.variant}`, skeleton
{config.skeleton}, windows of {config.frames} frames at 50 fps, width {config.width}, depth
{config.depth}, {config.heads} heads.

- Source: `{file}`, SHA-256 {sha256}
- Left out, because nothing uses them: {unused}
- Measured: nothing here. `retake evaluate` prints the tables.
- Licence: {licence}
"""


@dataclass(frozen=True)
class Imported:
    """What became of a checkpoint; `unused` are the weights that were dropped, by their names."""

    config: ModelConfig
    unused: list[str]
    sha256: str


def import_checkpoint(
    source: Path,
    folder: Path,
    skeleton: str,
    heads: int = HEADS,
    dtype: torch.dtype = torch.float32,
) -> Imported:
    """Writes the model of checkpoint `source` to the new `folder`.

    `dtype`: of the weights on the disk. Raises RetakeError, and then leaves nothing behind, if
    `folder` exists, or `source` is not a whole checkpoint of the authors' code.
    """
    if folder.exists():
        raise RetakeError(f"{folder} exists already. Name a folder that does not.")
    weights = read_checkpoint(source)
    model = Diffusion(released_config(weights, skeleton, heads))
    unused = load_released(model, weights)
    sha256 = _sha256(source)
    about = {
        "data": f"unknown; a checkpoint of the authors' code with the skeleton {skeleton}",
        "licence": LICENCE,
        "source": {"file": source.name, "sha256": sha256, "unused_weights": unused},
    }
    try:
        with new_folder(folder) as part:
            save_model(part, model, about, dtype=dtype)
            card = CARD.format(
                name=folder.name,
                config=model.config,
                file=source.name,
                sha256=sha256,
                unused=", ".join(unused) or "nothing",
                licence=LICENCE,
            )
            (part / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    except OSError as error:
        raise RetakeError(f"{folder} could not be written: {error.strerror or error}.") from None
    return Imported(model.config, unused, sha256)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
