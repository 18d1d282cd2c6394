"""Where takes come from: what is needed to make the same ones again."""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np

from ...shared.camera import Camera
from ...shared.keypoints import VIDEO, KeypointTrack
from ...shared.steering import Steering
from .lift_options import LiftOptions


def provenance_of(
    track: KeypointTrack,
    options: LiftOptions,
    camera: Camera,
    model_sha256: str,
    has_calibration: bool,
) -> dict[str, Any]:
    """What is needed to make the same takes again, beside the track, the take that was steered and
    the same device. `steer` has the form that `docs/steering.md` describes.
    """
    is_calibrated = has_calibration and options.steering.variety == 1
    return {
        "model": options.model,
        "model_sha256": model_sha256,
        "spread": "calibrated" if is_calibrated else "raw",
        "hypotheses": options.hypotheses,
        "iterations": options.iterations,
        "seed": options.seed,
        "focal": camera.fx,
        "height": options.height,
        "steer": _plain(options.steering),
        "package_version": version("retake"),
        "track_source": track.source,
        "track_sha256": track_hash(track),
        VIDEO: str(track.about.get(VIDEO, "")),
    }


def _plain(steering: Steering) -> dict[str, Any]:
    """As JSON, where an unknown length is null."""
    lengths = None if steering.lengths is None else steering.lengths.tolist()
    known = lengths and [None if math.isnan(length) else length for length in lengths]
    return {**asdict(steering), "lengths": known}


def track_hash(track: KeypointTrack) -> str:
    """SHA-256 of points, confidence, times (little-endian, C order), width and height (decimal)."""
    digest = hashlib.sha256()
    for values, dtype in ((track.points, "<f4"), (track.confidence, "<f4"), (track.times, "<f8")):
        digest.update(np.ascontiguousarray(values, dtype).tobytes())
    digest.update("{} {}".format(*track.image_size).encode())
    return digest.hexdigest()
