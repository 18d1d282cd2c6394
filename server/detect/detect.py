"""Video -> KeypointTrack of one person: found, followed, chosen, mended.

It does not know how people are found (`child_process`), nor how points become motion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...shared.arrays import Floats64
from ...shared.errors import RetakeError
from ...shared.keypoints import KeypointTrack
from ...shared.repair.changes import Change
from ...shared.repair.repair import repair
from ...shared.repair.words import sentences
from ...shared.tracks.choice import Person, largest, overview
from ...shared.tracks.identity import people as follow
from ...shared.tracks.sightings import Sightings, one_person
from .child_process import DETECTOR, Found, OnFrame, find_people

FEWEST_ROWS = 5
"""Frames. Who is seen for less is more likely a mistake of the detector than a person."""

Choose = Callable[[list[Person], Sightings, tuple[int, int]], Person]


@dataclass(frozen=True)
class Detected:
    """A track, how it was mended, and what it was chosen from."""

    track: KeypointTrack
    changes: list[Change]
    everybody: list[Person]
    chosen: Person
    found: Found


def detect(video: Path, on_frame: OnFrame) -> KeypointTrack:
    """The keypoints of the largest person in `video`, in pixels of the upright video, mended.

    NaN where not seen. `on_frame(done, total or None)` is called after every frame and may raise to
    stop. Times are the presentation stamps, from 0 on. Of a damaged file the readable part is
    detected; `source` says so. Raises RetakeError: not a video, nobody in it,
    too long, the detector crashed at it; PoseModelMissingError.
    """
    return choose_and_mend(video, find_people(video, on_frame)).track


def choose_and_mend(
    video: Path, found: Found, choose: Choose | None = None, mend: bool = True
) -> Detected:
    """One person out of all who were found. Without `choose`: the largest. RetakeError."""
    times = found.frame_times()
    if len(times) < 2:
        raise RetakeError(
            f"{video} has {len(times)} readable frame(s); a motion needs at least two."
        )
    if not found.people:
        raise RetakeError(f"Nobody was found in any of the {len(times)} frames of {video}.")
    sightings = found.sightings()
    everybody = overview(sightings, follow(sightings, found.size, times), found.size)
    chosen = choose(everybody, sightings, found.size) if choose else largest(everybody)
    track = one_person(
        sightings,
        chosen.rows,
        found.size,
        fps=_nominal_rate(found.fps, times),
        times=times,
        source=_source(video, found),
    )
    mended, changes = repair(track) if mend else (track, [])
    return Detected(mended, changes, everybody, chosen, found)


def notes(detected: Detected) -> list[str]:
    """What there is to know about a result, in sentences."""
    told = sentences(detected.changes)
    lasting = [one for one in detected.everybody if len(one.rows) >= FEWEST_ROWS]
    if len(lasting) > 1:
        person = detected.chosen
        told.append(
            f"{len(lasting)} people were followed; this is person {person.number}, "
            f"in frames {person.first}-{person.last}"
        )
    return told


def _nominal_rate(told: float, times: Floats64) -> float:
    """What the file tells, unless its own time stamps say otherwise."""
    measured = float((len(times) - 1) / (times[-1] - times[0]))
    return told if np.abs(told / measured - 1) < 0.05 else measured


def _source(video: Path, found: Found) -> str:
    text = f"{video.name}, {DETECTOR}"
    if found.damaged:
        text += f"; the file is damaged, only {len(found.times)} frames could be read"
    return text
