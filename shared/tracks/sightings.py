"""What a tracker saw: people in frames, in its own layout, before anybody is chosen.

It does not know files, nor which sightings are of the same person (`identity`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import AnyArray, Bools, Floats, Floats32, Floats64, Ints
from ..errors import RetakeError
from ..keypoints import FARTHEST, MOST_FRAMES, KeypointTrack
from ..layouts.known import BY_COUNT
from ..layouts.to_h36m import by_name

MOST_SIGHTINGS = 2_000_000
NOT_TRACKED = -1


@dataclass(frozen=True)
class Sightings:
    """S people in frames; the same person in two frames is two sightings.

    frames      (S,) frame numbers from 0
    points      (S, K, 2) float32, in `unit`; NaN = missing
    confidence  (S, K) float32, 0 to 1; 0 where missing
    ids         (S,) the tracker's own number of the person, NOT_TRACKED if it has none
    places      name of a point (see `layouts.blends`) -> its place among the K
    format      what wrote the file, for people
    unit        "pixels", "fractions" of width and height, or "centred" fractions from -1 to 1
    """

    frames: Ints
    points: Floats32
    confidence: Floats32
    ids: Ints
    places: Mapping[str, int]
    format: str
    unit: str = "pixels"

    @property
    def frame_count(self) -> int:
        """Frames up to the last one in which somebody is seen."""
        return int(self.frames.max()) + 1 if len(self.frames) else 0

    def in_pixels(self, size: tuple[int, int]) -> Floats32:
        if self.unit == "pixels":
            return self.points
        fractions = (self.points + 1) / 2 if self.unit == "centred" else self.points
        return fractions * np.array(size, np.float32)


@dataclass
class Rows:
    """Collects sightings one by one; all must have the same number of points."""

    format: str
    points: list[Floats32]
    frames: list[int]
    ids: list[int]

    @staticmethod
    def of(format: str) -> Rows:
        return Rows(format, [], [], [])

    def add(self, frame: int, points: Any, person: Any = None) -> None:
        """`points` (K, 3) or flat: x, y, confidence. Raises RetakeError."""
        row = numbers(points, self.format)
        if row.size % 3 or not row.size:
            raise damaged(self.format, f"a person has {row.size} numbers, not three per point")
        row = row.reshape(-1, 3)
        if self.points and self.points[0].shape != row.shape:
            found = f"people have {len(self.points[0])} and {len(row)} points"
            raise damaged(self.format, found)
        if not 0 <= frame < 10**9:
            raise damaged(self.format, f"there is a frame number {frame}")
        if len(self.points) >= MOST_SIGHTINGS:
            raise damaged(self.format, f"there are over {MOST_SIGHTINGS} people in it")
        self.points.append(row)
        self.frames.append(frame)
        self.ids.append(_id(person))

    def done(
        self, places: Mapping[str, int] | None = None, *, base: int = 0, unit: str = "pixels"
    ) -> Sightings:
        """`places` None: told by the number of points. `base`: the number of the first frame."""
        if not self.points:
            raise RetakeError(f"There is nobody in this {self.format} file.")
        values = np.stack(self.points)
        frames = np.array(self.frames, np.intp) - base
        first = int(frames.min())
        # Numbers that are no count of frames (of images in a data base, say) begin anywhere.
        frames = frames - first if first < 0 or frames.max() >= MOST_FRAMES else frames
        if frames.max() >= MOST_FRAMES:
            raise damaged(self.format, f"its frames span {frames.max() + 1} numbers")
        order = np.argsort(frames, kind="stable")
        ids = np.array(self.ids, np.intp)
        points, confidence = cleaned(values[order, :, :2], values[order, :, 2])
        if places is None:
            places = places_of(values.shape[1], self.format)
        if places and max(places.values()) >= values.shape[1]:
            raise damaged(self.format, f"it names {len(places)} points, of {values.shape[1]}")
        return Sightings(frames[order], points, confidence, ids[order], places, self.format, unit)


def _id(person: Any) -> int:
    """Of nested lists, which some trackers write, the first number."""
    while isinstance(person, list) and person:
        person = person[0]
    if isinstance(person, bool) or not isinstance(person, (int, float)) or not 0 <= person < 1e15:
        return NOT_TRACKED
    return int(person)


def cleaned(points: AnyArray, confidence: AnyArray) -> tuple[Floats32, Floats32]:
    """Points and confidences with one mark for "missing": NaN and 0.

    Trackers write a missing point as the picture's corner with confidence 0, or as null. Confidence
    above 1 (some scores are logits or sums) counts as 1.
    """
    certain = np.clip(np.nan_to_num(confidence.astype(np.float32)), 0.0, 1.0)
    places = points.astype(np.float32)
    missing = ~np.isfinite(places).all(axis=-1) | (certain == 0)
    return (
        np.where(missing[..., None], np.float32(np.nan), places),
        np.where(missing, np.float32(0), certain),
    )


def places_of(count: int, format: str) -> Mapping[str, int]:
    if count not in BY_COUNT:
        known = ", ".join(f"{n} ({layout.name})" for n, layout in sorted(BY_COUNT.items()))
        raise RetakeError(
            f"The people in this {format} file have {count} points each; known are {known}."
        )
    return BY_COUNT[count].places


def numbers(values: Any, format: str) -> Floats32:
    """Lists of numbers as an array; null is NaN. Raises RetakeError for anything else."""
    try:
        with np.errstate(over="ignore"):
            return np.asarray(values, np.float32)
    except (TypeError, ValueError, OverflowError):
        raise damaged(format, "keypoints are not lists of numbers") from None


def damaged(format: str, found: str) -> RetakeError:
    return RetakeError(f"This {format} file is damaged or of another kind: {found}.")


def one_person(
    sightings: Sightings,
    rows: Sequence[int] | Ints,
    size: tuple[int, int],
    fps: float | None = None,
    times: Floats64 | None = None,
    source: str = "",
) -> KeypointTrack:
    """The sightings `rows`, at most one per frame, as a track.

    `times` (frames,) of the video's frames in seconds, or `fps`, is needed. Frames without a
    sighting are missing. Points far outside of the picture, which no track may have, are dropped.
    """
    rows = np.asarray(rows, np.intp)
    times = _times(sightings.frame_count, fps, times)
    frames = sightings.frames[rows]
    inside = frames < len(times)
    shape = (len(times), sightings.points.shape[1])
    points, confidence = np.full((*shape, 2), np.nan, np.float32), np.zeros(shape, np.float32)
    points[frames[inside]] = sightings.in_pixels(size)[rows[inside]]
    confidence[frames[inside]] = sightings.confidence[rows[inside]]
    gone = _too_far(points, size)
    points[gone], confidence[gone] = np.nan, 0.0
    mapped = by_name(points, confidence, sightings.places)
    rate = fps or (len(times) - 1) / float(times[-1] - times[0])
    return KeypointTrack(
        **mapped._asdict(),
        times=times,
        image_size=size,
        fps=rate,
        source=source or sightings.format,
    )


def _times(frame_count: int, fps: float | None, times: Floats64 | None) -> Floats64:
    if times is not None:
        return times
    if fps is None or not 0 < fps < 10_000:
        raise RetakeError(
            "The frame rate is not in this file. Give it, or the video it was made from."
        )
    return np.arange(max(frame_count, 1)) / fps


def _too_far(points: Floats, size: tuple[int, int]) -> Bools:
    """Half of what a track allows: built joints may lie a little farther out than their sources."""
    with np.errstate(invalid="ignore"):
        return np.abs(points).max(axis=-1) > FARTHEST / 2 * max(size)
