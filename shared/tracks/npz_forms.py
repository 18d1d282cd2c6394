"""The .npz forms of VideoPose3D: Detectron2's detections of one video, and its custom data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import AnyArray
from ..errors import RetakeError
from ..layouts.known import COCO17
from .sightings import Rows, Sightings, damaged, numbers


def detectron(arrays: dict[str, AnyArray]) -> Sightings | None:
    """`boxes[t][1]` (n, 5) and `keypoints[t][1]` (n, 4, 17): rows x, y, logit, probability.

    Source: VideoPose3D `inference/infer_video_d2.py`.
    """
    if not {"boxes", "keypoints"} <= set(arrays):
        return None
    rows = Rows.of("Detectron2")
    for frame, classes in enumerate(arrays["keypoints"]):
        for person in _of_class_one(classes):
            values = numbers(person, "Detectron2")
            if values.shape != (4, COCO17.count):
                raise damaged("Detectron2", f"a person has the shape {values.shape}")
            rows.add(frame, values[[0, 1, 3]].T)
    return rows.done(COCO17.places)


def _of_class_one(classes: Any) -> Sequence[Any]:
    """Class 0 is the background; an empty list stands for nobody."""
    try:
        people = classes[1]
        return [] if people is None else people
    except (IndexError, TypeError, KeyError):
        raise damaged("Detectron2", "a frame has no class 1") from None


def custom_set(arrays: dict[str, AnyArray]) -> Sightings | None:
    """`positions_2d[video]["custom"][0]` (T, 17, 2) in pixels, of one video.

    Source: VideoPose3D `data/prepare_data_2d_custom.py`. It keeps no confidences: all are 1.
    """
    if "positions_2d" not in arrays:
        return None
    videos = _item(arrays["positions_2d"])
    if not isinstance(videos, dict) or not videos:
        raise damaged("VideoPose3D", "'positions_2d' holds no videos")
    if len(videos) > 1:
        names = ", ".join(sorted(map(str, videos)))
        raise RetakeError(f"This data set holds several videos ({names}). Give a file of one.")
    (actions,) = videos.values()
    rows = Rows.of("VideoPose3D")
    try:
        points = numbers(next(iter(actions.values()))[0], "VideoPose3D")
    except (AttributeError, StopIteration, IndexError, TypeError, KeyError):
        raise damaged("VideoPose3D", "a video has no list of points") from None
    if points.ndim != 3 or points.shape[1:] != (COCO17.count, 2):
        raise damaged("VideoPose3D", f"its points have the shape {points.shape}")
    for frame, one in enumerate(points):
        if np.isfinite(one).any():
            rows.add(frame, np.column_stack([one, np.ones(len(one))]), 0)
    return rows.done(COCO17.places)


def _item(array: AnyArray) -> Any:
    return array.item() if array.shape == () else None
