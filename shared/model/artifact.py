"""A model folder: `config.json`, `model.safetensors`, `MODEL_CARD.md`.

All that a server ever loads.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from ..errors import RetakeError
from .config import ModelConfig
from .diffusion import Diffusion

FORMAT_VERSION = 1


def save_model(
    folder: Path, model: Diffusion, about: dict[str, Any], weights: dict[str, Tensor] | None = None
) -> None:
    """Writes `folder` (made if needed). An interrupted one leaves no half-written file.

    `about`: training data, licence and whatever else describes the model. `weights` replace the
    model's own, for example by their moving average.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = model.denoiser.state_dict() if weights is None else weights
    tensors = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    with _in_one_step(folder / "model.safetensors") as part:
        part.write_bytes(save(tensors))  # `save_file` would make a file for its owner only
    config = {
        "format_version": FORMAT_VERSION,
        "model": dataclasses.asdict(model.config),
        "about": about,
    }
    with _in_one_step(folder / "config.json") as part:
        part.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def load_model(folder: Path, device: str = "cpu") -> Diffusion:
    """The model in `folder`, ready to sample.

    Raises RetakeError if the folder does not hold a whole one.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config["format_version"] != FORMAT_VERSION:
            raise RetakeError(
                f"The model in {folder} has format {config['format_version']}; "
                f"this version reads {FORMAT_VERSION}."
            )
        model = Diffusion(ModelConfig.from_dict(config["model"]))
        model.denoiser.load_state_dict(load_file(folder / "model.safetensors"))
    except FileNotFoundError as error:
        raise RetakeError(
            f"{folder} is not a model folder: it has no {Path(error.filename or '?').name}."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, RuntimeError) as error:
        raise RetakeError(f"The model in {folder} cannot be read: {_first_line(error)}.") from None
    return model.to(device).eval()


@contextmanager
def _in_one_step(path: Path) -> Generator[Path]:
    """A path to write to, renamed to `path` when that has succeeded."""
    part = path.with_name(f"{path.name}.part")
    yield part
    os.replace(part, path)


def _first_line(error: Exception) -> str:
    """torch lists every weight that does not fit on a line of its own."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(":. ")
