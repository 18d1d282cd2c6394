"""Which models there are: names and folders. It opens none of them and knows nothing of torch."""

from __future__ import annotations

import os
from pathlib import Path

from ..shared.errors import RetakeError

SHIPPED = Path(__file__).parent / "models"
EXTRA_VARIABLE = "RETAKE_MODELS"
"""Environment variable with one more folder of model folders. Its names win over shipped ones."""

_NEEDED = ("config.json", "model.safetensors")


def available_models() -> dict[str, Path]:
    """Name -> folder: the shipped models first, then those of
    the user's own folder, each in alphabet order.
    """
    found = _models_in(SHIPPED)
    if extra := os.environ.get(EXTRA_VARIABLE):
        found.update(_models_in(Path(extra)))
    return found


def find_model(name: str) -> Path:
    """The folder of the model called `name`; RetakeError with the known names if there is none."""
    models = available_models()
    if name not in models:
        known = ", ".join(models) or "none"
        raise RetakeError(f"There is no model called '{name}'. Installed models: {known}.")
    return models[name]


def default_model() -> str:
    """The first shipped model; RetakeError if no model is installed."""
    models = available_models()
    if not models:
        raise RetakeError(f"No model is installed. Expected model folders in {SHIPPED}.")
    return next(iter(models))


def _models_in(folder: Path) -> dict[str, Path]:
    if not folder.is_dir():
        return {}
    return {
        child.name: child
        for child in sorted(folder.iterdir())
        if all((child / name).is_file() for name in _NEEDED)
    }
