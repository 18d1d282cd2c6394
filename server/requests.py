"""A decoded `Lift` is made of well-formed fields; here it
becomes a keypoint track and options that fit.

Every refusal is a `ProtocolError` that names the field. `Takes` become a `Result` here as well.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..shared.errors import RetakeError
from ..shared.keypoints import KeypointTrack
from ..shared.protocol import Array, Lift, ProtocolError, Result
from ..shared.skeleton import HUMAN36M
from ..shared.takes import ARRAYS, Takes
from .lift import LiftOptions, check_size


def read_lift(request: Lift) -> tuple[KeypointTrack, LiftOptions]:
    """Raises ProtocolError for the first field that is wrong.

    NaN in `points` means missing and is allowed.
    """
    options = LiftOptions(
        model=request.model,
        hypotheses=request.hypotheses,
        iterations=request.iterations,
        seed=request.seed,
        focal=request.focal,
    )
    track = _read_track(request)
    check_size(track, options)
    return track, options


def _read_track(request: Lift) -> KeypointTrack:
    frames, joints = (request.points.shape or [0])[0], HUMAN36M.joint_count
    points = _unpack(request.points, "points", "<f4", [frames, joints, 2])
    confidence = _unpack(request.confidence, "confidence", "<f4", [frames, joints])
    times = _unpack(request.times, "times", "<f8", [frames])
    _check("width", request.width > 0, f"{request.width} pixels; it must be positive")
    _check("height", request.height > 0, f"{request.height} pixels; it must be positive")
    _check("fps", 0 < request.fps < np.inf, f"{request.fps}; it must be positive and finite")
    _check("confidence", np.isfinite(confidence).all(), "it holds values that are not numbers")
    _check("times", np.isfinite(times).all(), "it holds values that are not numbers")
    _check("times", (np.diff(times) > 0).all(), "the times must increase from frame to frame")
    try:
        return KeypointTrack(
            points, confidence, times, (request.width, request.height), request.fps, request.source
        )
    except RetakeError as error:
        # All that the track itself may still refuse is about its points.
        raise ProtocolError("points", str(error)) from None


def result_of(job_id: str, takes: Takes) -> Result:
    """The takes as a message."""
    arrays = {name: Array.pack(getattr(takes, name)) for name in ARRAYS}
    return Result(job_id=job_id, meta=takes.meta(), **arrays)


def _unpack(array: Array, field: str, dtype: str, shape: list[int]) -> npt.NDArray[Any]:
    # Both are compared before anything is unpacked: a foreign shape never reaches numpy.
    _check(f"{field}.dtype", array.dtype == dtype, f"expected '{dtype}', got '{array.dtype}'")
    _check(f"{field}.shape", array.shape == shape, f"expected {shape}, got {array.shape}")
    return array.unpack(field)


def _check(field: str, fits: bool | np.bool_, text: str) -> None:
    if not fits:
        raise ProtocolError(field, text)
