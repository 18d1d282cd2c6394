"""An .onnx network of the user's: opened, described by its inputs and outputs, run.

It does not know what the numbers mean. The file is read whole and opened from memory, so that it
cannot name other files to be read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import (
    onnxruntime_pybind11_state as states,  # pyright: ignore[reportAttributeAccessIssue]
)

from ...shared.arrays import Floats32
from ...shared.errors import RetakeError

MOST_BYTES = 1 << 31
"""ONNX keeps no more in one file."""

# onnxruntime raises classes of its own, which have no common base.
_FAILURES: tuple[type[Exception], ...] = tuple(
    kind for kind in vars(states).values() if isinstance(kind, type) and issubclass(kind, Exception)
)

CHANNELS = 3


@dataclass(frozen=True)
class Network:
    """One picture in, some arrays out. size: (width, height) in pixels of the picture it takes."""

    path: Path
    size: tuple[int, int]
    outputs: tuple[str, ...]
    _session: Any
    _input: str

    def run(self, picture: Floats32) -> list[Floats32]:
        """picture (height, width, 3), already scaled as the network wants it."""
        batch = np.ascontiguousarray(picture.transpose(2, 0, 1)[None], np.float32)
        try:
            return [np.asarray(out) for out in self._session.run(None, {self._input: batch})]
        except _FAILURES as error:
            raise RetakeError(f"{self.path} failed at a picture: {_first_line(error)}.") from None


def open_network(path: Path) -> Network:
    """Raises RetakeError, in a sentence, for what is no network that takes one picture."""
    content = _content(path)
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            content, options, providers=_providers(onnxruntime.get_available_providers())
        )
    except _FAILURES as error:
        raise RetakeError(
            f"{path} is no ONNX network that can be run here: {_first_line(error)}."
        ) from None
    inputs = session.get_inputs()
    shape: Sequence[Any] = inputs[0].shape if inputs else ()
    if len(inputs) != 1 or len(shape) != 4 or shape[1] != CHANNELS:
        raise RetakeError(
            f"{path} takes {[list(one.shape) for one in inputs]}; expected one picture, "
            "(1, 3, height, width)."
        )
    if inputs[0].type != "tensor(float)":
        raise RetakeError(f"{path} takes {inputs[0].type}; expected 32-bit numbers. Export it so.")
    if not (_is_length(shape[2]) and _is_length(shape[3])):
        raise RetakeError(f"{path} does not tell its height and width. Export it with fixed ones.")
    outputs = tuple(one.name for one in session.get_outputs())
    return Network(path, (shape[3], shape[2]), outputs, session, inputs[0].name)


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise RetakeError(f"There is no file {path}.")
    if path.stat().st_size > MOST_BYTES:
        raise RetakeError(f"{path} has over {MOST_BYTES >> 30} GiB; no ONNX network has.")
    try:
        return path.read_bytes()
    except OSError as error:
        raise RetakeError(f"{path} could not be read: {error.strerror or error}.") from None


def _providers(available: Sequence[str]) -> list[str]:
    """A graphics card if the installed onnxruntime can use one, and the processor in any case."""
    wanted = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "DmlExecutionProvider")
    return [name for name in wanted if name in available] + ["CPUExecutionProvider"]


def _is_length(value: Any) -> bool:
    return isinstance(value, int) and 16 <= value <= 4096


def _first_line(error: Exception) -> str:
    """Without the error's number and name, which stand before it."""
    line = (str(error).strip().splitlines() or ["no reason given"])[0]
    return line.rpartition(" : ")[2][:200].rstrip(".")
