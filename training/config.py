"""TrainConfig: everything about one training run that is not the model's architecture."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ..shared.errors import RetakeError
from ..shared.model.config import ModelConfig


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """One run. Learning rate: linear warm-up, constant, and linear to zero in the last `cool_down`.

    `squared_loss` takes squared errors in place of the paper's norms. `hide_keypoints` leaves
    keypoints out as occlusion does; the model needs `keypoint_mask`. `about` is written into the
    model folder as it is: training data, licence, credit.
    """

    model: ModelConfig
    steps: int
    batch: int
    learning_rate: float
    weight_decay: float = 0.1
    warm_up: int = 500
    cool_down: float = 0.3
    ema_decay: float = 0.999
    position_weight: float = 1.0
    length_weight: float = 1.0
    direction_weight: float = 1.0
    squared_loss: bool = False
    hide_keypoints: bool = False
    seed: int = 0
    save_every: int = 500
    evaluate_every: int = 2000
    about: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        for name in ("steps", "batch", "save_every", "evaluate_every"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}; expected at least 1")

    @staticmethod
    def load(path: Path) -> TrainConfig:
        """Raises RetakeError for a missing or damaged file, an unknown key or a wrong value."""
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
            model = ModelConfig.from_dict(tables.pop("model"))
            return TrainConfig(model=model, about=tables.get("about", {}), **tables["train"])
        except FileNotFoundError:
            raise RetakeError(f"There is no file {path}.") from None
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RetakeError(f"{path} is not a training configuration: {error}.") from None

    def fingerprint(self) -> str:
        """What a resumed run must share with its beginning, as JSON."""
        fields = asdict(self)
        del fields["about"]
        return json.dumps(fields)
