"""Steering: what an animator asks for, as plain data at the clip's own frames.

It knows neither the model nor the sampler: `shared.model.guidance` turns it into guides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from .arrays import Bools, Floats
from .bones import decompose, recompose
from .camera import Camera
from .errors import FieldError
from .skeleton import HUMAN36M
from .takes import LIMB_GROUPS

Space = Literal["hip", "camera", "picture"]

LENGTH_RANGE = (0.005, 3.0)
"""Metres: shorter or longer bones are a mistake in units."""

MOST_VARIETY = 20.0
FARTHEST_M = 1000.0


@dataclass(frozen=True, kw_only=True)
class PinnedJoint:
    """A joint of one frame of the clip that stays where it is put.

    space   `hip`: metres from the hip along the camera's axes; `camera`: metres in the camera
            frame; `picture`: pixels, the depth is free
    place   three numbers, or two in the picture
    """

    joint: int
    frame: int
    space: Space
    place: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Range:
    """Frames `first` to `last` of the clip, both included, and limb groups: what may change.

    strength  0 (nearly nothing changes) to 1 (sampled anew)
    blend     frames at the model's rate over which the new motion is blended in, inside the range
    """

    first: int
    last: int
    groups: tuple[str, ...] = tuple(LIMB_GROUPS)
    strength: float = 0.4
    blend: int = 6

    @property
    def joints(self) -> tuple[int, ...]:
        return tuple(sorted(j for group in self.groups for j in LIMB_GROUPS[group]))


@dataclass(frozen=True, kw_only=True)
class Steering:
    """All that guides a sample; the default asks for nothing.

    lengths  (17,) metres, per slot (`shared.bones`), NaN: as the model sees it; the root's is 0
    pins     at most one per joint and frame
    range    None: everything is sampled; over the whole clip it edits a take in place of that
    variety  factor on the spread of the hypotheses; 1 as calibrated, 0 none
    """

    lengths: Floats | None = None
    pins: tuple[PinnedJoint, ...] = ()
    range: Range | None = None
    variety: float = 1.0

    def __post_init__(self) -> None:
        """Raises FieldError."""
        _check_lengths(self.lengths)
        for index, pin in enumerate(self.pins):
            _check_pin(f"pins[{index}]", pin)
        places = [(pin.joint, pin.frame) for pin in self.pins]
        if twice := next((place for place in places if places.count(place) > 1), None):
            name = HUMAN36M.joints[twice[0]]
            raise FieldError("pins", f"The joint {name} is pinned twice at frame {twice[1]}.")
        if self.range is not None:
            _check_range(self.range)
            _check_pins_within(self.pins, self.range)
        _check("variety", self.variety, 0.0, MOST_VARIETY, "variety")

    @property
    def asks_for_something(self) -> bool:
        return self.lengths is not None or self.is_about_a_take or self.variety != 1

    @property
    def is_about_a_take(self) -> bool:
        """Whether it makes sense only for a motion that is there already."""
        return bool(self.pins) or self.range is not None

    def check_clip(self, frames: int) -> None:
        """Raises FieldError if a frame is named that a clip of `frames` does not have."""
        for index, pin in enumerate(self.pins):
            _check(f"pins[{index}].frame", pin.frame, 0, frames - 1, "pinned frame")
        if self.range is not None:
            _check("range.last", self.range.last, 0, frames - 1, "last frame of the range")


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What is steered.

    times        (F,) seconds: the clip's own
    pixels       (G, 17, 2) keypoints at the model's rate, `resample.model_times(times)`
    camera       of the clip
    known        (G, 17): which keypoints are, the others are guesses; None: all
    root         (F, 3) metres, camera frame: the hip; pins in camera or picture need it
    take         (H or 1, F, 17, 3) root-relative metres, camera frame: what a range changes
    calibration  (17,) factors on the spread of every joint, which variety 1 means
    """

    times: Floats
    pixels: Floats
    camera: Camera
    known: Bools | None = None
    root: Floats | None = None
    take: Floats | None = None
    calibration: Floats | None = None


def finished(poses: Floats, steering: Steering, take: Floats | None = None) -> Floats:
    """Poses (H, F, 17, 3) that came back to the clip's own times, exact once more.

    Resampling shortens bones by fractions of a millimetre; known lengths are restored. What a
    range leaves alone becomes `take` (H or 1, F, 17, 3) bit by bit.
    """
    if steering.lengths is not None:
        found, directions = decompose(poses, HUMAN36M)
        known = steering.lengths[:, None]
        poses = recompose(np.where(np.isnan(known), found, known), directions, HUMAN36M)
        poses = poses.astype(np.float32)
    if steering.range is None or take is None:
        return poses
    moves = [bool(set(HUMAN36M.path(j)) & set(steering.range.joints)) for j in range(17)]
    frames = np.arange(poses.shape[1])
    inside = (frames >= steering.range.first) & (frames <= steering.range.last)
    return np.where((inside[:, None] & np.array(moves))[..., None], poses, take)


def _check_lengths(lengths: Floats | None) -> None:
    if lengths is None:
        return
    joints = HUMAN36M.joint_count
    if lengths.shape != (joints,):
        raise FieldError(
            "lengths", f"The bone lengths have shape {lengths.shape}; expected ({joints},)."
        )
    bones = [child for _, child in HUMAN36M.bones]
    for joint in bones:
        if not math.isnan(lengths[joint]):
            _check("lengths", float(lengths[joint]), *LENGTH_RANGE, _length_name(joint))


def _length_name(joint: int) -> str:
    return f"length in metres of the bone that ends at {HUMAN36M.joints[joint]}"


def _check_pin(field: str, pin: PinnedJoint) -> None:
    if pin.joint == HUMAN36M.root:
        raise FieldError(f"{field}.joint", "The hip cannot be pinned: poses are relative to it.")
    _check(f"{field}.joint", pin.joint, 0, HUMAN36M.joint_count - 1, "pinned joint")
    if pin.space not in get_args(Space):
        raise FieldError(
            f"{field}.space",
            f"A pin's space is '{pin.space}'; expected one of {', '.join(get_args(Space))}.",
        )
    count = 2 if pin.space == "picture" else 3
    if len(pin.place) != count:
        raise FieldError(
            f"{field}.place",
            f"A pin in the space '{pin.space}' has {len(pin.place)} numbers; expected {count}.",
        )
    farthest = FARTHEST_M if count == 3 else math.inf
    if not all(math.isfinite(value) and abs(value) <= farthest for value in pin.place):
        raise FieldError(f"{field}.place", f"A pin's place is {pin.place}; that is nowhere.")
    if pin.space == "camera" and pin.place[2] <= 0:
        raise FieldError(
            f"{field}.place",
            f"A pin lies {pin.place[2]:g} m in front of the camera; expected more than 0.",
        )


def _check_range(wanted: Range) -> None:
    _check("range.first", wanted.first, 0, math.inf, "first frame of the range")
    _check("range.last", wanted.last, wanted.first, math.inf, "last frame of the range")
    _check("range.strength", wanted.strength, 0.0, 1.0, "strength")
    _check("range.blend", wanted.blend, 0, 1000, "number of frames to blend over")
    known = ", ".join(LIMB_GROUPS)
    if not wanted.groups:
        raise FieldError("range.groups", f"No limb group may change. Name one or more of {known}.")
    if unknown := next((group for group in wanted.groups if group not in LIMB_GROUPS), None):
        raise FieldError(
            "range.groups", f"There is no limb group '{unknown}'; expected some of {known}."
        )


def _check_pins_within(pins: tuple[PinnedJoint, ...], wanted: Range) -> None:
    for index, pin in enumerate(pins):
        _check(f"pins[{index}].frame", pin.frame, wanted.first, wanted.last, "pinned frame")
        if not set(HUMAN36M.path(pin.joint)[1:]) & set(wanted.joints):
            raise FieldError(
                f"pins[{index}].joint",
                f"The joint {HUMAN36M.joints[pin.joint]} is pinned, but no limb group that may "
                "change moves it.",
            )


def _check(field: str, value: float, least: float, most: float, words: str) -> None:
    if not least <= value <= most:  # false for NaN as well
        limits = f"{least:g} or more" if math.isinf(most) else f"{least:g} to {most:g}"
        raise FieldError(field, f"The {words} is {value:g}; expected {limits}.")
