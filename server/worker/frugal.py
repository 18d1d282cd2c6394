"""Sampling within the memory there is: measured before, halved when it ran out, the CPU at last.

Imports torch: for the worker only.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil
import torch

from ...shared.arrays import Floats32
from ...shared.model.artifact import load_model
from ...shared.model.guidance.plan import Plan, plan
from ...shared.model.proposals import sample_and_propose
from ...shared.model.together import Together
from ...shared.steering import Scene, Steering
from .turns import Room, is_shared

Outcome = TypeVar("Outcome")

MOST_HALVINGS = 4
SHARE = 0.8
"""Of the memory that is free: other programs want some too."""


class OutOfMemory(Exception):
    """The attempt needed more memory than there was."""


def ignore(text: str) -> None:
    """Nobody listens."""


def within_memory(
    attempt: Callable[[int | None], Outcome],
    free: Callable[[], int],
    notice: Callable[[str], None],
) -> Outcome:
    """What `attempt(limit in bytes, or None)` returns, with limits ever smaller.

    `free` says what is free after an attempt has failed. Said once. Raises OutOfMemory if nothing
    helps.
    """
    limit: int | None = None
    for halvings in range(MOST_HALVINGS + 1):
        try:
            return attempt(limit)
        except OutOfMemory:
            limit = (free() if limit is None else limit) // 2
            if halvings == 0:
                notice("continuing in smaller parts: the memory ran out")
    raise OutOfMemory


class FrugalSampler:
    """`sample_and_propose` and `plan` with the model of a folder."""

    def __init__(self, folder: Path, device: str) -> None:
        """Raises RetakeError if the folder holds no model."""
        self._device = device
        self._model = load_model(folder, device)
        self._together = Together(self._model) if is_shared(device) else None
        self._room = Room()

    def __call__(
        self,
        *args: Any,
        on_notice: Callable[[str], None] = ignore,
        urgent: bool = True,
        **kwargs: Any,
    ) -> Floats32:
        """MemoryError if it does not fit into the computer's memory either."""
        if self._device == "cpu":
            return self._on_processor(args, kwargs)
        predict = partial(self._together.predict, urgent=urgent) if self._together else None
        try:
            with self._room.together():
                return within_memory(
                    lambda limit: self._on_device(limit, args, kwargs | {"predict": predict}),
                    _free_on_device,
                    on_notice,
                )
        except OutOfMemory:
            on_notice("continuing on the processor, which is slow: the GPU has too little memory")
        # The model itself and no other: the guides that `plan` made compute with parts of it.
        with self._room.alone():
            self._model.to("cpu")
            try:
                return self._on_processor(args, kwargs)
            finally:
                self._model.to(self._device)

    def plan(self, steering: Steering, scene: Scene, *, hypotheses: int, iterations: int) -> Plan:
        """What `steering` means for this model."""
        with self._room.together():
            return plan(steering, scene, self._model, hypotheses, iterations)

    def _on_processor(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Floats32:
        try:
            return sample_and_propose(self._model, *args, **kwargs, memory_limit=_memory_for_cpu())
        except RuntimeError as error:
            if "allocate memory" not in str(error):
                raise
            raise MemoryError(str(error)) from None

    def _on_device(
        self, limit: int | None, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Floats32:
        try:
            return sample_and_propose(self._model, *args, **kwargs, memory_limit=limit)
        except torch.OutOfMemoryError:
            pass
        # Outside of the handler: its traceback holds the tensors.
        torch.cuda.empty_cache()
        raise OutOfMemory


def _memory_for_cpu() -> int:
    """What this process may grow to, in bytes."""
    return psutil.Process().memory_info().rss + int(psutil.virtual_memory().available * SHARE)


def _free_on_device() -> int:
    return torch.cuda.mem_get_info()[0]
