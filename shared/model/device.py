"""The device that models run on."""

from __future__ import annotations

import torch


def best_device() -> str:
    """`cuda` if PyTorch can use a GPU here, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"
