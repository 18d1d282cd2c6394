"""From what the animator wants detected to the message about it."""

from __future__ import annotations

from ...shared.protocol import Detect

PEOPLE = 4
"""So many are looked for when the animator has clicked one of them."""


def detect_request(
    job_id: str, video: str, place: tuple[float, float, float] | None = None
) -> Detect:
    """`place`: (x, y, frame) of who is meant, pixels of the upright video; None: the largest."""
    if place is None:
        return Detect(job_id=job_id, path=video)
    return Detect(job_id=job_id, path=video, place=list(place), people=PEOPLE)
