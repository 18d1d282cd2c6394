"""Takes: several 3D motions (hypotheses) that explain one clip, and their file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import AnyArray, Floats32, Floats64
from .camera import Camera
from .errors import RetakeError
from .npz import read_npz, write_npz
from .skeleton import HUMAN36M

LIMB_GROUPS = {
    "torso_head": (0, 7, 8, 9, 10),
    "left_arm": (11, 12, 13),
    "right_arm": (14, 15, 16),
    "left_leg": (4, 5, 6),
    "right_leg": (1, 2, 3),
}
"""Limb group -> its joints in Human3.6M order. A choice is made per group."""

ARRAYS = ("poses", "root", "weights", "spread", "contacts", "times")
"""The array fields of `Takes`; all others are small."""

FORMAT = 1
"""Of the file. One more whenever an older Retake could not read it, so that it can say so."""

CONTACT_POINTS = ("left_heel", "left_toe", "right_heel", "right_toe")


@dataclass(frozen=True)
class Alternative:
    """One named answer for a limb group or for the whole body.

    `share` is its part of all hypotheses' weight, `hypothesis` the one that shows it. `moment` is
    the time, in seconds as in `Takes.times`, at which it was last told from another answer; None
    for the only one.
    """

    name: str
    share: float
    hypothesis: int
    moment: float | None = None


@dataclass(frozen=True)
class Takes:
    """Hypotheses of one clip, at the clip's own times.

    poses     (H, frames, 17, 3) float32, metres, camera frame (x right, y down, z forward),
              root-relative
    root      (H, frames, 3) float32, metres, camera frame: the hip joint
    weights   (H,) float32, sum 1: how well each hypothesis explains the clip; 7 % for one that was
              proposed, not sampled
    spread    (frames, 17) float32, metres: the error to expect of a joint if
              provenance["spread"] is "calibrated"; if "raw", how far the hypotheses lie apart,
              which is several times less
    contacts  (frames, 4) float32, probability that each of `CONTACT_POINTS` touches the floor
    groups    limb group -> its 1 to 5 distinct alternatives, the heaviest first
    best      limb group -> hypothesis applied when nobody chooses
    whole     the same as `groups` for the whole body; empty in files from before there was a choice
    """

    poses: Floats32
    root: Floats32
    weights: Floats32
    spread: Floats32
    contacts: Floats32
    times: Floats64
    fps: float
    camera: Camera
    groups: dict[str, tuple[Alternative, ...]]
    best: dict[str, int]
    seed: int
    model: str
    provenance: dict[str, Any]
    whole: tuple[Alternative, ...] = ()

    def __post_init__(self) -> None:
        """Raises RetakeError that names the field, what was expected and what was found."""
        if self.poses.ndim != 4 or not self.poses.size:
            raise RetakeError(
                f"The takes' 'poses' have shape {self.poses.shape}; expected (H, frames, 17, 3)."
            )
        hypotheses, frames = self.poses.shape[:2]
        joints = HUMAN36M.joint_count
        expected = {
            "poses": (hypotheses, frames, joints, 3),
            "root": (hypotheses, frames, 3),
            "weights": (hypotheses,),
            "spread": (frames, joints),
            "contacts": (frames, len(CONTACT_POINTS)),
            "times": (frames,),
        }
        for name, shape in expected.items():
            found = getattr(self, name)
            if found.shape != shape:
                raise RetakeError(f"The takes' '{name}' has shape {found.shape}; expected {shape}.")
            if not np.all(np.isfinite(found)):
                raise RetakeError(f"The takes' '{name}' holds values that are not numbers.")
        if np.any(np.diff(self.times) <= 0):
            raise RetakeError("The takes' 'times' must be strictly increasing.")
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise RetakeError(f"The takes' frame rate is {self.fps}; it must be positive.")
        if set(self.best) != set(LIMB_GROUPS) or set(self.groups) != set(LIMB_GROUPS):
            raise RetakeError(f"The takes must name the limb groups {', '.join(LIMB_GROUPS)}.")
        named = [h for h in self.best.values()]
        named += [a.hypothesis for rows in (self.whole, *self.groups.values()) for a in rows]
        if any(not 0 <= h < hypotheses for h in named):
            raise RetakeError(f"The takes name a hypothesis outside 0 to {hypotheses - 1}.")

    @property
    def hypothesis_count(self) -> int:
        return self.poses.shape[0]

    @property
    def frame_count(self) -> int:
        return self.poses.shape[1]

    def meta(self) -> str:
        """Everything beside the arrays as JSON, for the file and for the wire alike."""
        rest = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ARRAYS}
        return json.dumps({"format": FORMAT} | rest, default=asdict)

    @staticmethod
    def of(arrays: Mapping[str, AnyArray], meta: str, source: str) -> Takes:
        """Takes from the arrays named in `ARRAYS` and what `meta` gave.

        Raises RetakeError that names `source` if they do not fit together.
        """
        try:
            rest = json.loads(meta)
            if rest.get("format", FORMAT) > FORMAT:
                raise RetakeError(f"{source} was written by a newer Retake. Update this one.")
            return Takes(
                **{name: arrays[name] for name in ARRAYS},
                fps=float(rest["fps"]),
                camera=Camera(**rest["camera"]),
                groups={
                    g: tuple(Alternative(**a) for a in rows) for g, rows in rest["groups"].items()
                },
                best={g: int(h) for g, h in rest["best"].items()},
                seed=int(rest["seed"]),
                model=str(rest["model"]),
                provenance=dict(rest["provenance"]),
                whole=tuple(Alternative(**a) for a in rest.get("whole", [])),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RetakeError(f"{source} does not hold takes: {error}.") from None

    def save(self, path: Path) -> None:
        arrays = {name: getattr(self, name) for name in ARRAYS}
        write_npz(path, {**arrays, "meta": np.array(self.meta())})

    @staticmethod
    def load(path: Path) -> Takes:
        """Raises RetakeError for a file that is missing, damaged, foreign or inconsistent."""
        arrays = read_npz(path, (*ARRAYS, "meta"), "a takes file")
        return Takes.of(arrays, str(arrays["meta"]), str(path))
