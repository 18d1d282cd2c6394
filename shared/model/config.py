"""ModelConfig: everything that decides the shape and meaning of a model's weights."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_args

from ..errors import RetakeError
from ..skeleton import SKELETONS, Skeleton

Variant = Literal["paper", "released"]
KeypointFrame = Literal["screen", "person"]
Form = Literal["bones", "positions"]
Children = Literal["once", "every_layer"]

_CHOICES = {
    "variant": Variant,
    "keypoint_frame": KeypointFrame,
    "input": Form,
    "output": Form,
    "children": Children,
}
_SWITCHES = ("keypoint_mask", "hierarchical_embedding", "hrst", "hrtt")


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
    keypoint_mask   the network is told which keypoints are known; without it all must be

    The paper's ablations; `released` has none of them:

    input       what is noised: `bones` (lengths and directions) or `positions` (Table 4)
    output      what the network puts out: `positions`, or `bones` that are added up (Table 4)
    hierarchical_embedding, hrst, hrtt  leave out a part of the denoiser if false (Table 5)
    children    `once`: HRTT's child features are separated after the first layer, as in Figure 2;
                `every_layer`: anew after each HRST, as one may read the text
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
    keypoint_mask: bool = False
    input: Form = "bones"
    output: Form = "positions"
    hierarchical_embedding: bool = True
    hrst: bool = True
    hrtt: bool = True
    children: Children = "once"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in get_args(choices):
                raise ValueError(f"{name} is '{value}'; expected one of {get_args(choices)}")
        for name in _SWITCHES:
            if type(getattr(self, name)) is not bool:
                raise ValueError(f"{name} is {getattr(self, name)!r}; expected true or false")
        if self.skeleton not in SKELETONS:
            raise ValueError(
                f"skeleton is '{self.skeleton}'; expected one of {', '.join(SKELETONS)}"
            )
        for name in ("frames", "width", "depth", "heads", "timesteps"):
            value = getattr(self, name)
            if type(value) is not int or value < 1:
                raise ValueError(f"{name} is {value!r}; expected a positive whole number")
        if self.width < 4 or self.width % self.heads or self.width % 2:
            raise ValueError(
                f"width {self.width} must be even, at least 4, and divisible by heads {self.heads}"
            )
        if not 0 <= self.drop_path < 1:
            raise ValueError(f"drop_path is {self.drop_path}; expected 0 <= drop_path < 1")
        if self.variant == "released":
            self._refuse_switches()

    def _refuse_switches(self) -> None:
        """The released code has no switches: a model with one would not be what its name says."""
        plain = {field.name: field.default for field in fields(self)}
        for name in (*_SWITCHES, "input", "output", "children"):
            if getattr(self, name) != plain[name]:
                raise ValueError(
                    f"{name} is {getattr(self, name)!r}; "
                    f"the variant 'released' has only {plain[name]!r}"
                )

    @property
    def joints(self) -> Skeleton:
        return SKELETONS[self.skeleton]

    @staticmethod
    def from_dict(values: dict[str, object]) -> ModelConfig:
        """Raises RetakeError for an unknown key or a value that does not fit."""
        try:
            return ModelConfig(**values)  # pyright: ignore[reportArgumentType]
        except (TypeError, ValueError) as error:
            raise RetakeError(f"The model's configuration is not usable: {error}.") from None
