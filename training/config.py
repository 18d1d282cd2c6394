"""TrainConfig: everything about one training run that is not the model's architecture."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ..shared.errors import RetakeError
from ..shared.model.config import ModelConfig
from .losses import LossForm

Precision = Literal["float32", "bfloat16", "float16"]
CHOICES = {"loss": LossForm, "precision": Precision}


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One run.

    steps, epochs     length: optimizer steps, or passes over a set in camera space; one of the two
    batch             windows per device and pass; `accumulate` passes make a step
    learning_rate     after `warm_up` steps; times `epoch_decay` after each epoch; linear to zero in
                      the last share `cool_down` of the run
    clip_gradient     largest norm of the gradient; 0: not limited
    ema_decay         of the moving average of the weights, which is what a run leaves; 0: none
    loss              `losses.LossForm`; the three weights are those of Eq. 10
    regression        every window at the diffusion's last step, where the state is noise alone: the
                      network learns one answer from the keypoints, a baseline without a choice
    hide_keypoints    leaves keypoints out as occlusion does; the model needs `keypoint_mask`
    save_every        steps between checkpoints; `evaluate_every`: between looks at validation data
    about             written into the model folder as it is: training data, licence, credit
    """

    model: ModelConfig
    steps: int = 0
    epochs: int = 0
    batch: int
    accumulate: int = 1
    precision: Precision = "float32"
    learning_rate: float
    weight_decay: float = 0.1
    warm_up: int = 500
    cool_down: float = 0.3
    epoch_decay: float = 1.0
    clip_gradient: float = 1.0
    ema_decay: float = 0.999
    loss: LossForm = "paper"
    position_weight: float = 1.0
    length_weight: float = 1.0
    direction_weight: float = 1.0
    regression: bool = False
    hide_keypoints: bool = False
    seed: int = 0
    save_every: int = 500
    evaluate_every: int = 2000
    about: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        for name in ("batch", "accumulate", "save_every", "evaluate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least 1")
        if (self.steps > 0) == (self.epochs > 0):
            raise ValueError("expected either steps or epochs, above 0")
        for name, choices in CHOICES.items():
            if getattr(self, name) not in get_args(choices):
                raise ValueError(
                    f"{name} is '{getattr(self, name)}'; expected one of {get_args(choices)}"
                )
        if self.hide_keypoints and not self.model.keypoint_mask:
            raise ValueError("hide_keypoints needs a model with keypoint_mask")

    @property
    def loss_weights(self) -> dict[str, float]:
        return {
            "position": self.position_weight,
            "length": self.length_weight,
            "direction": self.direction_weight,
        }

    @staticmethod
    def load(path: Path, changes: tuple[str, ...] = ()) -> TrainConfig:
        """A TOML file with the tables model, train and about; `extends` names one to start from.

        `changes` are lines such as `model.width = 64` that win over the file. RetakeError for a
        missing or damaged file, an unknown key or a wrong value.
        """
        tables = _read(path)
        try:
            for change in changes:
                _merge(tables, tomllib.loads(change))
            model = ModelConfig.from_dict(tables.pop("model"))
            about = tables.pop("about", {})
            return TrainConfig(model=model, about=about, **tables.pop("train"), **tables)
        except (ValueError, TypeError, KeyError) as error:
            raise RetakeError(f"{path} is not a training configuration: {error}.") from None

    def fingerprint(self) -> str:
        """What a resumed run must share with its beginning, as JSON."""
        fields = asdict(self)
        del fields["about"]
        return json.dumps(fields, sort_keys=True)


def _read(path: Path) -> dict[str, Any]:
    """The tables of `path` over those of the file it extends, which lies beside it."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RetakeError(f"There is no file {path}.") from None
    except (OSError, ValueError) as error:
        raise RetakeError(f"{path} is not a training configuration: {error}.") from None
    base = tables.pop("extends", None)
    if base is None:
        return tables
    whole = _read(path.with_name(str(base)))
    _merge(whole, tables)
    return whole


def _merge(into: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value
