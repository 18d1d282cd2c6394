"""A model folder: `config.json`, `model.safetensors`, `MODEL_CARD.md`.

All that a server ever loads.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from ..atomic import replaced_file
from ..errors import RetakeError
from .config import ModelConfig
from .diffusion import Diffusion

FORMAT_VERSION = 1
CONFIG_FILE = "config.json"
WEIGHTS_FILE = "model.safetensors"


def save_model(
    folder: Path,
    model: Diffusion,
    about: dict[str, Any],
    weights: dict[str, Tensor] | None = None,
    calibration: dict[str, Any] | None = None,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Writes `folder` (made if needed). An interrupted one leaves no half-written file.

    about        training data, licence and whatever else describes the model
    weights      in place of the model's own, for example their moving average
    calibration  what turns the raw spread of its samples into a likely error, as JSON
    dtype        of the weights in the file: half precision (float16, bfloat16) halves its size.
                 In memory they are float32.
    """
    folder.mkdir(parents=True, exist_ok=True)
    state = model.denoiser.state_dict() if weights is None else weights
    tensors = {name: value.detach().cpu().to(dtype).contiguous() for name, value in state.items()}
    with replaced_file(folder / WEIGHTS_FILE) as part:
        part.write_bytes(save(tensors))  # `save_file` would make a file for its owner only
    config: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "model": dataclasses.asdict(model.config),
        "about": about,
    }
    if calibration:
        config["calibration"] = calibration
    with replaced_file(folder / CONFIG_FILE) as part:
        part.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def load_model(folder: Path, device: str = "cpu") -> Diffusion:
    """The model in `folder`, ready to sample, its weights in float32.

    Raises RetakeError if the folder does not hold a whole one.
    """
    with _readable(folder):
        model = Diffusion(ModelConfig.from_dict(_read_config(folder)["model"]))
        model.denoiser.load_state_dict(load_file(folder / WEIGHTS_FILE))
    return model.to(device).eval()


def read_calibration(folder: Path) -> dict[str, Any]:
    """The calibration of the model in `folder`; empty if it has none.

    Raises RetakeError if the folder does not hold a model.
    """
    with _readable(folder):
        calibration = _read_config(folder).get("calibration", {})
        if not isinstance(calibration, dict):
            raise TypeError("its calibration is not a table")
        return calibration


def _read_config(folder: Path) -> dict[str, Any]:
    config = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
    if config["format_version"] != FORMAT_VERSION:
        raise RetakeError(
            f"The model in {folder} has format {config['format_version']}; "
            f"this version reads {FORMAT_VERSION}."
        )
    return config


@contextmanager
def _readable(folder: Path) -> Generator[None]:
    """Turns whatever is wrong with the files in `folder` into one sentence."""
    try:
        yield
    except FileNotFoundError as error:
        raise RetakeError(
            f"{folder} is not a model folder: it has no {Path(error.filename or '?').name}."
        ) from None
    except (OSError, ValueError, KeyError, TypeError, SafetensorError, RuntimeError) as error:
        raise RetakeError(f"The model in {folder} cannot be read: {_first_line(error)}.") from None


def _first_line(error: Exception) -> str:
    """torch lists every weight that does not fit on a line of its own."""
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(":. ")
