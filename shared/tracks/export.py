"""A track for other programs: OpenPose (BODY_25, one JSON file per frame) and COCO results.

The points that both have are written as they are. OpenPose's neck is the middle of the shoulders.
What the track does not have is missing in the file: 0, 0 with confidence 0.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Floats32
from ..atomic import new_folder, replaced_file
from ..errors import RetakeError
from ..keypoints import KeypointTrack
from ..layouts.blends import EXTRAS
from ..layouts.known import BODY25, COCO17, Layout
from ..repair.changes import Cloud

_ANKLES = {"left_foot": "left_ankle", "right_foot": "right_ankle", "hip": "mid_hip"}


def write_openpose(track: KeypointTrack, folder: Path) -> None:
    """`folder`, which must not exist, with one file per frame."""
    rows = in_layout(track, BODY25)
    try:
        with new_folder(folder) as part:
            for frame, row in enumerate(rows):
                person = {"person_id": [-1], "pose_keypoints_2d": _flat(row)}
                text = json.dumps({"version": 1.3, "people": [person] if row.any() else []})
                (part / f"{folder.name}_{frame:012d}_keypoints.json").write_text(text, "utf-8")
    except OSError as error:
        raise RetakeError(f"{folder} could not be written: {error.strerror or error}.") from None


def write_coco(track: KeypointTrack, path: Path) -> None:
    """A list of results; `image_id` is the frame from 0 on."""
    people: list[dict[str, Any]] = [
        {
            "image_id": frame,
            "category_id": 1,
            "keypoints": _flat(row),
            "score": float(row[:, 2].mean()),
        }
        for frame, row in enumerate(in_layout(track, COCO17))
        if row.any()
    ]
    try:
        with replaced_file(path) as part:
            part.write_text(json.dumps(people), "utf-8")
    except OSError as error:
        raise RetakeError(f"{path} could not be written: {error.strerror or error}.") from None


def in_layout(track: KeypointTrack, layout: Layout) -> Floats32:
    """(frames, count, 3): x, y, confidence in pixels; zeros where missing."""
    cloud = Cloud.of(track)
    rows = np.zeros((track.frame_count, layout.count, 3), np.float32)
    for at, name in enumerate(cloud.names):
        point = EXTRAS.get(name) or _ANKLES.get(name, name)
        # The joint `neck` of Human3.6M is another point than OpenPose's neck.
        if point in layout.places and name != "neck":
            place = layout.places[point]
            rows[:, place, :2] = cloud.points[:, at]
            rows[:, place, 2] = cloud.confidence[:, at]
    if "neck" in layout.places:
        sides = [layout.places["left_shoulder"], layout.places["right_shoulder"]]
        rows[:, layout.places["neck"], :2] = rows[:, sides, :2].mean(axis=1)
        rows[:, layout.places["neck"], 2] = rows[:, sides, 2].min(axis=1)
    rows[~np.isfinite(rows).all(axis=-1) | (rows[..., 2] == 0)] = 0.0
    return rows


def _flat(row: Floats32) -> list[float]:
    return [round(float(value), 3) for value in row.reshape(-1)]
