"""From a decoded `Lift`, whose fields are well formed, to a track and options that fit.

Every refusal is a `ProtocolError` or a `FieldError`; both name the field. `Takes` become a `Result`
here as well.
"""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from ..shared.keypoints import LARGEST_SIDE, KeypointTrack
from ..shared.protocol import Array, Lift, ProtocolError, Result
from ..shared.skeleton import HUMAN36M
from ..shared.takes import ARRAYS, Takes
from .lift import LiftOptions, check_size


def read_lift(request: Lift) -> tuple[KeypointTrack, LiftOptions]:
    """Raises ProtocolError or FieldError for the first field that is wrong.

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
    for field, side in (("width", request.width), ("height", request.height)):
        _check(field, 0 < side <= LARGEST_SIDE, f"{side} pixels; expected 1 to {LARGEST_SIDE}")
    return KeypointTrack(
        points, confidence, times, (request.width, request.height), request.fps, request.source
    )


def result_of(job_id: str, takes: Takes) -> Result:
    """The takes as a message."""
    arrays = {name: Array.pack(getattr(takes, name)) for name in ARRAYS}
    return Result(job_id=job_id, meta=takes.meta(), **arrays)


def _unpack(array: Array, field: str, dtype: str, shape: list[int]) -> npt.NDArray[Any]:
    # Both are compared before anything is unpacked: a foreign shape never reaches numpy.
    _check(f"{field}.dtype", array.dtype == dtype, f"expected '{dtype}', got '{array.dtype}'")
    _check(f"{field}.shape", array.shape == shape, f"expected {shape}, got {array.shape}")
    return array.unpack(field)


def _check(field: str, fits: bool, text: str) -> None:
    if not fits:
        raise ProtocolError(field, text)
