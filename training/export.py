"""A model folder of a run's moving average, with a card that says what is known about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..shared.atomic import new_folder
from ..shared.errors import RetakeError
from ..shared.model.artifact import CONFIG_FILE, load_model, read_calibration, save_model
from ..shared.model.config import ModelConfig
from ..shared.model.diffusion import Diffusion
from .checkpoint import read_state

CARD = """# {name}

Variant `{variant}` of DDHPose, {parameters:,} parameters, windows of {frames} frames at 50 fps,
width {width}, depth {depth}, skeleton {skeleton}. {steps:,} training steps.

## Training

- Data: {data}
- Configuration:

{configuration}

## Measured

To be filled in: `retake evaluate` prints the tables. Name the data, the split and the settings.

## Known failures

To be filled in.

## Licence and credit

{licence}. {credit}
"""


def export(run: Path, out: Path) -> None:
    """Makes `out` from the state in `run`; RetakeError if there is none."""
    state = read_state(run)
    if state is None:
        raise RetakeError(f"{run} is not a run of `retake train`: it has no checkpoint.")
    config = json.loads(state["config"])
    model = Diffusion(ModelConfig.from_dict(config.pop("model")))
    about = about_of(run / "model")
    calibration = None
    if about.get("steps") == state["step"]:
        calibration = read_calibration(run / "model")
    else:
        about.pop("calibration", None)
    about["steps"] = state["step"]
    try:
        with new_folder(out) as part:
            save_model(part, model, about, state["average"], calibration)
            card = _card(out.name, model, about, int(state["step"]), config)
            (part / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    except OSError as error:
        raise RetakeError(f"{out} could not be written: {error.strerror or error}.") from None
    load_model(out)


def about_of(folder: Path) -> dict[str, Any]:
    """What a model folder says of its model: data, licence, credit, steps."""
    try:
        table = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        return dict(table["about"])
    except (OSError, ValueError, KeyError, TypeError):
        raise RetakeError(
            f"{folder} is not a whole model folder; if it is a run's, go on with its training."
        ) from None


def _card(
    name: str, model: Diffusion, about: dict[str, Any], step: int, config: dict[str, Any]
) -> str:
    facts = model.config
    return CARD.format(
        name=name,
        variant=facts.variant,
        parameters=sum(p.numel() for p in model.denoiser.parameters()),
        frames=facts.frames,
        width=facts.width,
        depth=facts.depth,
        skeleton=facts.skeleton,
        steps=step,
        data=about.get("data", "not said"),
        configuration="\n".join(f"      {key} = {value}" for key, value in config.items()),
        licence=about.get("licence", "No licence was named"),
        credit=about.get("credit", ""),
    )
