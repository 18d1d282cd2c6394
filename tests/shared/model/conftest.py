"""Weights for tests: all of them matter, and none makes the network's output explode."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn


@pytest.fixture
def randomise() -> Callable[[nn.Module], None]:
    """randomise(module): new parameters, always the same ones. Embeddings are made as zeros."""

    def change(module: nn.Module) -> None:
        g = torch.Generator().manual_seed(0)
        for name, parameter in module.named_parameters():
            noise = torch.randn(parameter.shape, generator=g)
            if "embedding" in name:
                parameter.data = noise / 2
            elif parameter.dim() == 2:
                parameter.data = noise / parameter.shape[1] ** 0.5
            else:
                parameter.data += noise / 10

    return change
