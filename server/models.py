"""Which models there are: names, folders, and whose weights. Needs no torch to be imported."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import cast

from ..shared.choosing.spread import Calibration
from ..shared.errors import RetakeError
from .lifting.lift import OpenModel, Sampler

SHIPPED = Path(__file__).parent / "models"
EXTRA_VARIABLE = "RETAKE_MODELS"
"""Environment variable with one more folder of model folders. Its names win over shipped ones."""

_NEEDED = ("config.json", "model.safetensors")


def available_models() -> dict[str, Path]:
    """Name -> folder: first the shipped models, then the user's own, each in alphabet order."""
    found = _models_in(SHIPPED)
    if extra := os.environ.get(EXTRA_VARIABLE):
        found.update(_models_in(Path(extra)))
    return found


def find_model(name: str, device: str = "cpu") -> Path:
    """The folder of the model called `name`, or if that is empty of the device's default.

    RetakeError with the known names if there is none.
    """
    name, models = name or default_model(device), available_models()
    if name not in models:
        known = ", ".join(models) or "none"
        raise RetakeError(f"There is no model called '{name}'. Installed models: {known}.")
    return models[name]


def default_model(device: str = "cpu") -> str:
    """What a lift gets that names no model: of the shipped ones the smallest for a processor, the
    largest for a GPU; without them the first of the user's own.

    RetakeError if no model is installed.
    """
    models = available_models()
    if not models:
        raise RetakeError(f"No model is installed. Expected model folders in {SHIPPED}.")
    shipped = _models_in(SHIPPED)
    by_size = sorted(shipped, key=lambda name: _size(shipped[name])) or list(models)[:1]
    return by_size[0 if device == "cpu" else -1]


def _size(folder: Path) -> int:
    return (folder / "model.safetensors").stat().st_size


def weights_hash(folder: Path) -> str:
    """SHA-256 of the weights in a model folder, which tells models of one name apart."""
    with (folder / "model.safetensors").open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def calibration_of(folder: Path) -> Calibration | None:
    """How the spread of a model's takes is calibrated; None if its folder does not say.

    Imports torch, as opening the model does. Raises RetakeError if what the folder says is wrong.
    """
    from ..shared.model.artifact import read_calibration

    values = read_calibration(folder)
    return Calibration.from_dict(values) if values else None


def open_model(name: str) -> OpenModel:
    """The model called `name` (empty: the default one), ready to sample in this process on its best
    device. Imports torch.

    Raises RetakeError if there is none, or it cannot be read.
    """
    from ..shared.model.device import best_device

    device = best_device()
    return open_folder(find_model(name, device), device)


def open_folder(folder: Path, device: str) -> OpenModel:
    """A model folder, ready to sample within the memory there is. Imports torch.

    Raises RetakeError if it cannot be read.
    """
    from .worker.frugal import FrugalSampler

    sampler = FrugalSampler(folder, device)
    return OpenModel(
        cast(Sampler, sampler), weights_hash(folder), calibration_of(folder), sampler.plan
    )


def _models_in(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {
        child.name: child
        for child in sorted(folder.iterdir())
        if all((child / name).is_file() for name in _NEEDED)
    }
