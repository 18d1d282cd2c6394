"""Between data and messages, the add-on's two crossings: KeypointTrack -> Lift, Result -> Takes."""

from __future__ import annotations

from dataclasses import dataclass

from ...shared.keypoints import VIDEO, KeypointTrack
from ...shared.protocol import Array, Lift, Result
from ...shared.takes import ARRAYS, Takes


@dataclass(frozen=True, kw_only=True)
class LiftSettings:
    """What the animator chooses about sampling.

    `model` empty: the server's choice for its device. `focal` in pixels; None: the server's usual
    guess.
    """

    hypotheses: int = 5
    iterations: int = 5
    seed: int = 0
    model: str = ""
    focal: float | None = None


def lift_request(job_id: str, track: KeypointTrack, settings: LiftSettings) -> Lift:
    width, height = track.image_size
    return Lift(
        job_id=job_id,
        points=Array.pack(track.points),
        confidence=Array.pack(track.confidence),
        times=Array.pack(track.times),
        width=width,
        height=height,
        fps=track.fps,
        source=track.source,
        model=settings.model,
        hypotheses=settings.hypotheses,
        iterations=settings.iterations,
        seed=settings.seed,
        focal=settings.focal,
        video_sha256=str(track.about.get(VIDEO, "")),
    )


def takes_of(result: Result) -> Takes:
    """Raises RetakeError if the parts of the result do not fit together."""
    arrays = {name: getattr(result, name).unpack(name) for name in ARRAYS}
    return Takes.of(arrays, result.meta, "The server's answer")
