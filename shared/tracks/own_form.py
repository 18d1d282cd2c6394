"""A track of our own as sightings: for who wants to mend, draw or export one that was written."""

from __future__ import annotations

import numpy as np

from ..keypoints import KeypointTrack
from ..layouts.blends import BUILT, EXTRAS
from ..repair.changes import Cloud
from .sightings import Sightings, cleaned

OWN_FORMAT = "Retake"

FIELDS = {"points", "confidence", "times", "image_size", "fps"}
"""What every such file holds, and no other tracker's."""


def own_sightings(track: KeypointTrack) -> Sightings:
    """One person, in those frames in which something of it is known."""
    cloud = Cloud.of(track)
    points, confidence = cleaned(cloud.points, cloud.confidence)
    frames = np.flatnonzero(confidence.any(axis=1))
    return Sightings(
        frames=frames,
        points=points[frames],
        confidence=confidence[frames],
        ids=np.zeros(len(frames), np.intp),
        places={
            EXTRAS.get(name) or BUILT.get(name, name): at for at, name in enumerate(cloud.names)
        },
        format=OWN_FORMAT,
    )
