"""ModelConfig: everything that decides the shape and meaning of a model's weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from ..errors import RetakeError
from ..skeleton import SKELETONS, Skeleton

Variant = Literal["paper", "released"]
KeypointFrame = Literal["screen", "person"]


@dataclass(frozen=True, kw_only=True)
class ModelConfig:
    """Architecture of one model; validated, and saved as JSON beside the weights.

    variant         `paper`: Algorithm 1 over each triplet once, children of the same joint and
                    frame, no clamps. `released`: what the authors' code computes, for their
                    checkpoints.
    skeleton        a name in `skeleton.SKELETONS`
    frames          window length: the temporal embedding has one entry per frame
    width           feature channels of a token, divisible by `heads`
    depth           spatial + temporal layer pairs; the first is a plain transformer pair
    drop_path       largest stochastic depth rate, grows linearly over the layers (training only)
    timesteps       T of the diffusion
    keypoint_frame  how 2D keypoints are normalised: `screen` as in the paper, `person` relative to
                    the body
    """

    variant: Variant = "paper"
    skeleton: str = "human3.6m-17"
    frames: int = 243
    width: int = 512
    depth: int = 8
    heads: int = 8
    mlp_ratio: float = 2.0
    drop_path: float = 0.1
    timesteps: int = 1000
    keypoint_frame: KeypointFrame = "screen"

    def __post_init__(self) -> None:
        if self.variant not in get_args(Variant):
            raise ValueError(f"variant is '{self.variant}'; expected one of {get_args(Variant)}")
        if self.keypoint_frame not in get_args(KeypointFrame):
            raise ValueError(
                f"keypoint_frame is '{self.keypoint_frame}'; "
                f"expected one of {get_args(KeypointFrame)}"
            )
        if self.skeleton not in SKELETONS:
            raise ValueError(
                f"skeleton is '{self.skeleton}'; expected one of {', '.join(SKELETONS)}"
            )
        for name in ("frames", "width", "depth", "heads", "timesteps"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} is {value!r}; expected a positive whole number")
        if self.width % self.heads or self.width % 2:
            raise ValueError(f"width {self.width} must be even and divisible by heads {self.heads}")
        if not 0 <= self.drop_path < 1:
            raise ValueError(f"drop_path is {self.drop_path}; expected 0 <= drop_path < 1")

    @property
    def joints(self) -> Skeleton:
        return SKELETONS[self.skeleton]

    @staticmethod
    def from_dict(fields: dict[str, object]) -> ModelConfig:
        """Raises RetakeError for an unknown key or a value that does not fit."""
        try:
            return ModelConfig(**fields)  # pyright: ignore[reportArgumentType]
        except (TypeError, ValueError) as error:
            raise RetakeError(f"The model's configuration is not usable: {error}.") from None
