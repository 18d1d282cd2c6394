"""A person's track from another tracker's file (OpenPose, COCO, DeepLabCut and others)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...shared.errors import RetakeError
from ...shared.keypoints import KeypointTrack
from ...shared.repair.repair import repair
from ...shared.tracks.choice import by_number, largest, overview
from ...shared.tracks.find import open_sightings
from ...shared.tracks.identity import people
from ...shared.tracks.sightings import one_person


def read_track(path: Path, size: tuple[int, int], fps: float, person: int = 0) -> KeypointTrack:
    """The person with that number, 0: the largest; mended. `size` and `fps` are the video's.

    RetakeError if it is no keypoint file, or that person is not in it.
    """
    if not fps > 0:
        raise RetakeError("The clip has no frame rate. Load a video that has one.")
    sightings = open_sightings(path)
    times = np.arange(sightings.frame_count) / fps
    everybody = overview(sightings, people(sightings, size, times), size)
    chosen = by_number(everybody, person) if person else largest(everybody)
    source = f"{path.name}, {sightings.format}"
    return repair(one_person(sightings, chosen.rows, size, fps, times, source))[0]
