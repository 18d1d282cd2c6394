"""From decoded requests, whose fields are well formed, to tracks, options and paths that fit.

Every refusal is a `ProtocolError` or a `FieldError`; both name the field. What comes out of a job
becomes a message here as well.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ...shared.keypoints import LARGEST_SIDE, MOST_FRAMES, VIDEO, KeypointTrack
from ...shared.protocol import (
    Array,
    Detect,
    Lift,
    Pin,
    ProtocolError,
    Result,
    Span,
    Steer,
    Take,
    encode,
)
from ...shared.skeleton import HUMAN36M
from ...shared.steering import PinnedJoint, Range, Space, Steering
from ...shared.takes import ARRAYS, LIMB_GROUPS, Takes
from ...shared.tracks.choice import by_click
from ..detect.detect import Choose
from ..lifting.lift import Current
from ..lifting.lift_options import LiftOptions, check_size
from ..models import find_model

MOST_PEOPLE = 8
"""Of one picture: what the detector finds at once."""


def read_lift(request: Lift) -> tuple[KeypointTrack, LiftOptions, Current | None]:
    """Raises ProtocolError or FieldError for the first field that is wrong.

    NaN in `points` means missing and is allowed.
    """
    options = LiftOptions(
        model=request.model,
        hypotheses=request.hypotheses,
        iterations=request.iterations,
        seed=request.seed,
        focal=request.focal,
        height=request.person_height,
        steering=read_steering(request.steer or Steer()),
    )
    track = _read_track(request)
    check_size(track, options)
    current = None if request.take is None else _read_take(request.take, track.frame_count)
    return track, options, current


def read_steering(steer: Steer) -> Steering:
    """Raises FieldError."""
    lengths, pins = steer.lengths, steer.pins or []
    return Steering(
        lengths=None if lengths is None else np.array(lengths, np.float64),  # None becomes NaN
        pins=tuple(_read_pin(pin) for pin in pins),
        range=None if steer.range is None else _read_range(steer.range),
        variety=steer.variety,
    )


def _read_pin(pin: Pin) -> PinnedJoint:
    space = cast(Space, pin.space)  # `Steering` refuses others
    return PinnedJoint(joint=pin.joint, frame=pin.frame, space=space, place=tuple(pin.place))


def _read_range(span: Span) -> Range:
    return Range(
        first=span.first,
        last=span.last,
        groups=tuple(LIMB_GROUPS if span.groups is None else span.groups),
        strength=span.strength,
        blend=span.blend,
    )


def _read_take(take: Take, frames: int) -> Current:
    """Raises ProtocolError if it does not belong to a clip of `frames`."""
    poses = _unpack(take.poses, "take.poses", "<f4", [frames, HUMAN36M.joint_count, 3])
    root = _unpack(take.root, "take.root", "<f4", [frames, 3])
    for name, values in (("take.poses", poses), ("take.root", root)):
        _check(name, bool(np.isfinite(values).all()), "expected numbers, found infinity or NaN")
    return Current(poses, root)


def _read_track(request: Lift) -> KeypointTrack:
    frames, joints = (request.points.shape or [0])[0], HUMAN36M.joint_count
    points = _unpack(request.points, "points", "<f4", [frames, joints, 2])
    confidence = _unpack(request.confidence, "confidence", "<f4", [frames, joints])
    times = _unpack(request.times, "times", "<f8", [frames])
    for field, side in (("width", request.width), ("height", request.height)):
        _check(field, 0 < side <= LARGEST_SIDE, f"{side} pixels; expected 1 to {LARGEST_SIDE}")
    return KeypointTrack(
        points,
        confidence,
        times,
        (request.width, request.height),
        request.fps,
        request.source,
        about={VIDEO: request.video_sha256},
    )


def weights_of(request: Lift) -> Path:
    """The weights that tell outcomes of one request apart, whatever they were computed on: where no
    model is named, those of a processor's. RetakeError if there is no such model."""
    return find_model(request.model) / "model.safetensors"


def essence_of(request: Lift) -> bytes:
    """What of a request decides about its takes: who asks again may use another name for it."""
    return encode(
        replace(request, job_id="", batch=False, clip="", partial=False, by_file=False, source="")
    )


def read_detect(request: Detect) -> Path:
    """The video. ProtocolError unless it is an absolute path of a file this user may read."""
    path = Path(request.path)
    _check("path", "\0" not in request.path and path.is_absolute(), "expected an absolute path")
    try:
        is_file = path.is_file() and os.access(path, os.R_OK)
    except OSError:  # a name too long, a drive that is gone
        is_file = False
    _check("path", is_file, f"there is no file {request.path} that can be read")
    return path


def read_choice(request: Detect) -> Choose | None:
    """Who is meant; None: the largest. ProtocolError that names the field."""
    _check("people", 1 <= request.people <= MOST_PEOPLE, f"expected 1 to {MOST_PEOPLE}")
    if request.place is None:
        return None
    is_place = len(request.place) == 3 and bool(np.isfinite(request.place).all())
    _check("place", is_place, "expected three numbers: x, y and frame")
    x, y, frame = request.place
    _check("place", 0 <= frame < MOST_FRAMES, "expected a frame of the video")
    return partial(by_click, frame=int(frame), place=(x, y))


def result_of(job_id: str, takes: Takes) -> Result:
    """The takes as a message."""
    arrays = {name: Array.view(getattr(takes, name)) for name in ARRAYS}
    return Result(job_id=job_id, meta=takes.meta(), **arrays)


def _unpack(array: Array, field: str, dtype: str, shape: list[int]) -> npt.NDArray[Any]:
    # Both are compared before anything is unpacked: a foreign shape never reaches numpy.
    _check(f"{field}.dtype", array.dtype == dtype, f"expected '{dtype}', got '{array.dtype}'")
    _check(f"{field}.shape", array.shape == shape, f"expected {shape}, got {array.shape}")
    return array.unpack(field)


def _check(field: str, fits: bool, text: str) -> None:
    if not fits:
        raise ProtocolError(field, text)
