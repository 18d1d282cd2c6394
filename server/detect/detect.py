"""Video -> KeypointTrack of one person: found, followed, chosen, mended.

It does not know how people are found (`child_process`), nor how points become motion.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...shared.arrays import Floats64
from ...shared.errors import RetakeError
from ...shared.keypoints import FEWEST_FRAMES, PICTURES, VIDEO, KeypointTrack
from ...shared.layouts.known import MEDIAPIPE33
from ...shared.repair.changes import Change
from ...shared.repair.repair import repair
from ...shared.repair.words import sentences
from ...shared.tracks.choice import Person, largest, overview
from ...shared.tracks.identity import people as follow
from ...shared.tracks.sightings import Sightings, one_person
from .calibration import expected_error
from .child_process import Found, OnFrame, find_people
from .cuts import shots
from .kept import open_hidden
from .order import Order
from .preflight import picture_ranges

LONGEST_SOURCE = 300
"""Characters of what was mended, told in the track itself."""

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
    sightings: Sightings


def detect(
    video: Path, on_frame: OnFrame, people: int = 1, choose: Choose | None = None
) -> KeypointTrack:
    """The keypoints of one person in `video`, in pixels of the upright video, mended.

    Of up to `people` who are seen at once the one that `choose` names; without it the largest.

    NaN where not seen. `on_frame(done, total or None)` is called after every frame and may raise to
    stop; what was found until then is kept for a week, and the next call goes on from there. Times
    are the presentation stamps, from 0 on. Of a damaged file the readable part is detected;
    `source` says so, and what was mended. Raises RetakeError: not a video, nobody in it, too long,
    the detector crashed at it; PoseModelMissingError.
    """
    order = Order(video, people)
    with open_hidden(order) as kept:
        detected = choose_and_mend(video, find_people(order, on_frame, kept), choose)
        kept.forget()
    return detected.track


def choose_and_mend(
    video: Path,
    found: Found,
    choose: Choose | None = None,
    mend: bool = True,
    sightings: Sightings | None = None,
) -> Detected:
    """One person out of all who were found. Without `choose`: the largest. RetakeError.

    `sightings` are those of another tracker, in the same frames. Nobody is followed across a cut,
    so the person is in one shot only, and missing elsewhere.
    """
    times = found.frame_times()
    if len(times) < 2:
        raise RetakeError(
            f"{video} has {len(times)} readable frame(s); a motion needs at least two."
        )
    seen_in = video if sightings is None else None
    if sightings is None:
        if not found.people:
            raise RetakeError(f"Nobody was found in any of the {len(times)} frames of {video}.")
        sightings = found.sightings()
    everybody = overview(sightings, follow(sightings, found.size, times, found.cuts()), found.size)
    chosen = choose(everybody, sightings, found.size) if choose else largest(everybody)
    track = one_person(
        sightings,
        chosen.rows,
        found.size,
        fps=_nominal_rate(found.fps, times),
        times=times,
    )
    mended, changes = repair(track) if mend else (track, [])
    source = _source(video, sightings, found, changes)
    mended = replace(mended, source=source, about=_about(seen_in, found))
    return Detected(mended, changes, everybody, chosen, found, sightings)


def shot_by_shot(found: Found) -> list[Found]:
    """One part for each shot that is long enough for a motion."""
    parts = [found.part(shot) for shot in shots(found.figure_rows())]
    return [part for part in parts if len(part.times) >= FEWEST_FRAMES]


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
    if detected.found.layout == MEDIAPIPE33.name:
        error = expected_error(detected.track)
        told.append(f"half of the points are expected to be off by less than {error:.0f} pixels")
    return told


def _nominal_rate(told: float, times: Floats64) -> float:
    """What the file tells, unless its own time stamps say otherwise."""
    measured = float((len(times) - 1) / (times[-1] - times[0]))
    return told if np.abs(told / measured - 1) < 0.05 else measured


def _about(video: Path | None, found: Found) -> dict[str, Any]:
    """`KeypointTrack.about`. Pictures in order and another tracker's file are no video to name."""
    figures = found.figure_rows()
    about: dict[str, Any] = {PICTURES: picture_ranges(figures)} if len(figures) > 1 else {}
    if video is None or not video.is_file():
        return about
    with video.open("rb") as file:
        return {VIDEO: hashlib.file_digest(file, "sha256").hexdigest(), **about}


def _source(video: Path, sightings: Sightings, found: Found, changes: list[Change]) -> str:
    text = f"{video.name}, {sightings.format}"
    if found.is_part:
        text += f", frames {found.first}-{found.first + len(found.times) - 1}"
    if found.damaged:
        text += f"; the file is damaged, only {len(found.times)} frames could be read"
    if changes:
        text += f"; mended: {shortened('; '.join(sentences(changes)), LONGEST_SOURCE)}"
    return text


def shortened(text: str, length: int) -> str:
    """At most so many characters, cut at a word."""
    return text if len(text) <= length else text[: length - 4].rpartition(" ")[0] + " ..."
