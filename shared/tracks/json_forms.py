"""The JSON forms: OpenPose, AlphaPose, MMPose and Sapiens, COCO, Ultralytics.

Each reader takes parsed JSON and gives None if the structure is not its own, so that `find` may ask
one after the other. Names of files decide nothing. Sources: the programs' own documentation of
their output.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .sightings import Rows, Sightings, damaged, numbers

Pages = list[tuple[str, Any]]
"""(file name, parsed JSON) of each file in order: one, or one per frame."""


def openpose(pages: Pages) -> Sightings | None:
    """One file per frame: {people: [{pose_keypoints_2d: [x, y, c, ...]}]}, BODY_25 or COCO-18."""
    if not all(isinstance(p, dict) and isinstance(p.get("people"), list) for _, p in pages):
        return None
    rows = Rows.of("OpenPose")
    for place, (name, page) in enumerate(pages):
        for person in page["people"]:
            found = person.get("pose_keypoints_2d") if isinstance(person, dict) else None
            if found is None:
                raise damaged("OpenPose", "a person has no 'pose_keypoints_2d'")
            if len(found) and np.any(numbers(found, "OpenPose")):
                rows.add(frame_of(name, place), found, person.get("person_id"))
    return rows.done(unit=_unit(rows))


def _unit(rows: Rows) -> str:
    """OpenPose's --keypoint_scale leaves no other trace than the size of the numbers."""
    if not rows.points:
        return "pixels"
    seen = np.concatenate(rows.points)
    seen = seen[seen[:, 2] > 0, :2]
    if not seen.size or np.abs(seen).max() > 1.5:
        return "pixels"
    return "centred" if seen.min() < -0.2 else "fractions"


def alphapose(pages: Pages) -> Sightings | None:
    """A flat list of people with `image_id` "12.jpg", or (--format cmu, open) a dict per image."""
    page = pages[0][1]
    rows = Rows.of("AlphaPose")
    if _list_of(page, "image_id", "keypoints") and isinstance(page[0]["image_id"], str):
        order = frame_numbers([str(p["image_id"]) for p in page])
        for frame, person in zip(order, page, strict=True):
            rows.add(frame, person["keypoints"], person.get("idx"))
        return rows.done()
    if isinstance(page, dict) and page and all(_is_cmu(value) for value in page.values()):
        for frame, value in zip(frame_numbers(list(page)), page.values(), strict=True):
            for person in value.get("bodies", value.get("people", [])):
                flat = person.get("joints", person.get("pose_keypoints_2d"))
                rows.add(frame, flat, person.get("idx"))
        return rows.done()
    return None


def _is_cmu(value: Any) -> bool:
    return isinstance(value, dict) and any(
        isinstance(value.get(key), list) and all(isinstance(p, dict) for p in value[key])
        for key in ("bodies", "people")
    )


def mmpose(pages: Pages) -> Sightings | None:
    """MMPose of a video, frames from 0 (inferencer) or 1 (demo), or Sapiens, one file per image."""
    if len(pages) > 1 or _bare_instances(pages[0][1]) is not None:
        lists = [_bare_instances(page) for _, page in pages]
        if any(found is None for found in lists):
            return None
        rows = Rows.of("MMPose")
        for place, ((name, _), people) in enumerate(zip(pages, lists, strict=True)):
            _add_instances(rows, frame_of(name, place), people or [])
        return rows.done()
    page = pages[0][1]
    base = 0
    if isinstance(page, dict) and isinstance(page.get("instance_info"), list):
        page, base = page["instance_info"], 1
    if not _list_of(page, "frame_id", "instances"):
        return None
    rows = Rows.of("MMPose")
    for entry in page:
        _add_instances(rows, integer(entry["frame_id"], "MMPose"), entry["instances"])
    return rows.done(base=base)


def _bare_instances(page: Any) -> list[Any] | None:
    """The people of one image: a bare list of them, or Sapiens' `instance_info` of them."""
    if isinstance(page, dict):
        page = page.get("instance_info")
    if page == [] or _list_of(page, "keypoints", "keypoint_scores"):
        return page
    return None


def _add_instances(rows: Rows, frame: int, people: Any) -> None:
    for person in people:
        try:
            points, scores = person["keypoints"], person["keypoint_scores"]
        except (KeyError, TypeError):
            raise damaged("MMPose", "a person has no 'keypoints' and 'keypoint_scores'") from None
        xy, score = numbers(points, "MMPose"), numbers(scores, "MMPose").reshape(-1)
        if xy.ndim != 2 or xy.shape != (len(score), 2):
            raise damaged("MMPose", "there is not one score for each point")
        rows.add(frame, np.column_stack([xy, score]), person.get("track_id"))


def coco(pages: Pages) -> Sightings | None:
    """COCO results (a list with whole `image_id`), or annotations with `images` and names."""
    page = pages[0][1]
    rows = Rows.of("COCO")
    if isinstance(page, dict) and _list_of(page.get("annotations"), "image_id", "keypoints"):
        return _annotations(page, rows)
    if not (_list_of(page, "image_id", "keypoints") and not isinstance(page[0]["image_id"], str)):
        return None
    for person in page:
        rows.add(integer(person["image_id"], "COCO"), person["keypoints"], person.get("track_id"))
    return rows.done()


def _annotations(page: dict[str, Any], rows: Rows) -> Sightings:
    """Visibility is 0 (not labelled), 1 (hidden) or 2 (seen) there."""
    frames = _frames_of_images(page.get("images"))
    for person in page["annotations"]:
        image = integer(person["image_id"], "COCO")
        flat = numbers(person["keypoints"], "COCO").reshape(-1)
        if flat.size % 3 == 0 and np.isin(flat[2::3], (0, 1, 2)).all():
            flat = flat.copy()
            flat[2::3] /= 2
        if flat.any():
            rows.add(frames.get(image, image), flat, person.get("track_id"))
    names = _category_names(page.get("categories"))
    return rows.done({name: i for i, name in enumerate(names)} if names else None)


def _frames_of_images(images: Any) -> dict[int, int]:
    """Image id -> frame: the images in the order of their names' numbers."""
    if not _list_of(images, "id", "file_name"):
        return {}
    ids = [integer(image["id"], "COCO") for image in images]
    order = frame_numbers([str(image["file_name"]) for image in images])
    ranks = {number: rank for rank, number in enumerate(sorted(set(order)))}
    return {image: ranks[number] for image, number in zip(ids, order, strict=True)}


def _category_names(categories: Any) -> list[str]:
    if _list_of(categories, "keypoints"):
        return [str(name).lower().replace(" ", "_") for name in categories[0]["keypoints"]]
    return []


def ultralytics(pages: Pages) -> Sightings | None:
    """`result.to_json()`: a list of boxes, each with keypoints {x: [], y: [], visible: []}."""
    if not all(_yolo(page) for _, page in pages) or not any(page for _, page in pages):
        return None
    rows = Rows.of("Ultralytics")
    for place, (name, page) in enumerate(pages):
        for person in page:
            points = person["keypoints"]
            x, y = (numbers(points[axis], "Ultralytics").reshape(-1) for axis in "xy")
            seen = numbers(points.get("visible", np.ones(x.shape)), "Ultralytics").reshape(-1)
            if not x.shape == y.shape == seen.shape:
                raise damaged("Ultralytics", "x, y and visible are not equally many")
            seen = np.where((x == 0) & (y == 0), 0, seen)
            rows.add(frame_of(name, place), np.column_stack([x, y, seen]), person.get("track_id"))
    return rows.done(base=0, unit=_unit(rows))


def _yolo(page: Any) -> bool:
    return page == [] or (
        _list_of(page, "keypoints")
        and all(
            isinstance(p["keypoints"], dict) and {"x", "y"} <= set(p["keypoints"]) for p in page
        )
    )


FORMS: tuple[Callable[[Pages], Sightings | None], ...] = (
    openpose,
    alphapose,
    ultralytics,
    mmpose,
    coco,
)


def _list_of(page: Any, *keys: str) -> bool:
    """Whether it is a list, not empty, of objects that all have `keys`."""
    return (
        isinstance(page, list)
        and len(page) > 0
        and all(isinstance(entry, dict) and all(key in entry for key in keys) for entry in page)
    )


def integer(value: Any, format: str) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        raise damaged(format, f"'{value}' is no number of a frame")
    return int(value)


_MOST_DIGITS = 18
"""Python refuses to read thousands of them, which no program counts up to."""


def _last_number(name: str) -> int | None:
    """Of "clip_000000000012_keypoints.json" 12: the last digits before the ending."""
    found: list[str] = re.findall(r"\d+", name.rsplit(".", 1)[0])
    return int(found[-1][-_MOST_DIGITS:]) if found else None


def frame_of(name: str, place: int) -> int:
    number = _last_number(name)
    return place if number is None else number


def frame_numbers(names: list[str]) -> list[int]:
    """A number for each name: its last digits, or its rank where one has no digits."""
    told = [_last_number(name) for name in names]
    if all(number is not None for number in told):
        return [number for number in told if number is not None]
    ranks = {name: rank for rank, name in enumerate(sorted(set(names)))}
    return [ranks[name] for name in names]


def in_order(names: Iterator[str]) -> list[str]:
    """File names in the order of their frames: 9 before 10."""
    return sorted(names, key=lambda name: (frame_of(name, -1), name))
