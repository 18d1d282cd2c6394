"""Reads the authors' checkpoint files: pickles, of which only the weights are rebuilt.

Beside the weights (`model_pos`) they hold `epoch`, `lr`, `optimizer` and `random_state`, a pickled
numpy generator. Nothing of numpy is rebuilt: each of the few names it needs stands for an object
that ignores what it is given. Any other name, and with it any code, ends in RetakeError.
"""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from pickle import UnpicklingError  # noqa: TID251 (torch raises it; nothing is unpickled with it)
from typing import Any

import torch
from torch import Tensor

from ..errors import RetakeError

PREFIX = "module."
"""The authors trained under DataParallel, which puts this before each name."""

_NUMPY_NAMES = (
    ("numpy.random._pickle", "__randomstate_ctor"),
    ("numpy.random._pickle", "__bit_generator_ctor"),
    ("numpy.random._mt19937", "MT19937"),
    ("numpy.core.multiarray", "_reconstruct"),  # numpy 1
    ("numpy._core.multiarray", "_reconstruct"),  # numpy 2
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
)


class _Ignored:
    """Takes the place of a numpy object; keeps nothing."""

    def __init__(self, *arguments: object) -> None: ...

    def __setstate__(self, state: object) -> None: ...


_STAND_INS: list[Any] = [
    type(name, (_Ignored,), {"__module__": module, "__qualname__": name})
    for module, name in _NUMPY_NAMES
]

_DAMAGED = (
    UnpicklingError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What torch.load has for a file that is none: its reader does not check what it is given."""


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The weights in `path`, named as in the authors' code. No code in the file is run.

    Raises RetakeError if it is missing, damaged, no checkpoint of theirs, or holds more than that.
    """
    if not path.exists():
        raise RetakeError(f"There is no file {path}.")
    if path.is_dir():
        raise RetakeError(f"{path} is a folder; expected a checkpoint file of the authors' code.")
    content = _load(path)
    weights = content.get("model_pos") if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not weights:
        raise RetakeError(
            f"{path} is not a checkpoint of the authors' code: it has no weights 'model_pos'."
        )
    return {_name(path, key): _tensor(path, key, value) for key, value in weights.items()}


def _load(path: Path) -> dict[str, Any] | None:
    try:
        # It warns about other pickle protocols, and then reads them or fails.
        with warnings.catch_warnings(), torch.serialization.safe_globals(_STAND_INS):
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True)
    except _DAMAGED as error:
        named = re.search(r"GLOBAL (\S+)", str(error))
        if named:
            raise RetakeError(
                f"{path} was not read: beside weights it holds '{named[1]}', which could run code."
            ) from None
        raise RetakeError(
            f"{path} is not a checkpoint of the authors' code: it is damaged or of another kind."
        ) from None


def _name(path: Path, key: object) -> str:
    if not isinstance(key, str):
        raise RetakeError(f"{path} has a weight called {key!r}; expected a name.")
    return key.removeprefix(PREFIX)


def _tensor(path: Path, key: object, value: object) -> Tensor:
    if not isinstance(value, Tensor):
        raise RetakeError(f"The weight '{key}' in {path} is {type(value).__name__}, not a tensor.")
    if not value.is_floating_point() or not value.isfinite().all():
        raise RetakeError(f"The weight '{key}' in {path} has values that are not finite numbers.")
    return value
