"""The weights that a run begins with: another model's, or one's that has fewer layers.

A deeper model is grown from a trained one: the new layers, behind the old ones, begin by changing
nothing but what the layer norms between them do (Gong et al., Efficient Training of BERT by
Progressively Stacking, 2019; here with zeros in place of copies). So a large model can begin where
a small one has ended, which is cheap to train.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from ..shared.errors import RetakeError
from ..shared.model.artifact import load_model
from ..shared.model.diffusion import Diffusion

LAST_OF_A_BLOCK = ("attn.proj.weight", "attn.proj.bias", "mlp.fc2.weight", "mlp.fc2.bias")
"""What attention and MLP of a block write with; zero: the block adds nothing."""


def starting_weights(model: Diffusion, folder: Path) -> dict[str, Tensor]:
    """State of the denoiser of `model`, made from the model in `folder`.

    RetakeError unless both have the same architecture, save that `folder` may have fewer layers.
    """
    other = load_model(folder)
    old, new = other.config, model.config
    if replace(old, depth=new.depth) != new or old.depth > new.depth:
        raise RetakeError(
            f"The model in {folder} has another architecture than this run, which may only be "
            "deeper."
        )
    weights = {name: value.clone() for name, value in model.denoiser.state_dict().items()}
    for kind in ("spatial", "temporal"):
        for layer in range(old.depth, new.depth):
            for name in LAST_OF_A_BLOCK:
                torch.zero_(weights[f"{kind}.{layer}.{name}"])
    return weights | other.denoiser.state_dict()
