"""Takes: several 3D motions (hypotheses) that explain one clip, and their file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .arrays import Floats32, Floats64
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

CONTACT_POINTS = ("left_heel", "left_toe", "right_heel", "right_toe")


@dataclass(frozen=True)
class Alternative:
    """One named answer for a limb group: its share of all hypotheses and the hypothesis that shows
    it.
    """

    name: str
    share: float
    hypothesis: int


@dataclass(frozen=True)
class Takes:
    """Hypotheses of one clip, at the clip's own times.

    poses     (H, frames, 17, 3) float32, metres, camera frame (x right, y down, z forward),
              root-relative
    root      (H, frames, 3) float32, metres, camera frame: the hip joint
    weights   (H,) float32, sum 1: how well each hypothesis explains the clip
    spread    (frames, 17) float32, metres: how far the hypotheses lie apart
    contacts  (frames, 4) float32, probability that each of `CONTACT_POINTS` touches the floor
    groups    limb group -> its alternatives, most likely first
    best      limb group -> hypothesis applied when nobody chooses
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
        if not (np.isfinite(self.fps) and self.fps > 0):
            raise RetakeError(f"The takes' frame rate is {self.fps}; it must be positive.")
        if set(self.best) != set(LIMB_GROUPS) or set(self.groups) != set(LIMB_GROUPS):
            raise RetakeError(f"The takes must name the limb groups {', '.join(LIMB_GROUPS)}.")
        named = [h for h in self.best.values()]
        named += [a.hypothesis for alternatives in self.groups.values() for a in alternatives]
        if any(not 0 <= h < hypotheses for h in named):
            raise RetakeError(f"The takes name a hypothesis outside 0 to {hypotheses - 1}.")

    @property
    def hypothesis_count(self) -> int:
        return self.poses.shape[0]

    @property
    def frame_count(self) -> int:
        return self.poses.shape[1]

    def save(self, path: Path) -> None:
        meta = {
            "fps": self.fps,
            "camera": asdict(self.camera),
            "groups": {
                g: [asdict(a) for a in alternatives] for g, alternatives in self.groups.items()
            },
            "best": self.best,
            "seed": self.seed,
            "model": self.model,
            "provenance": self.provenance,
        }
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        write_npz(path, {**arrays, "meta": np.array(json.dumps(meta))})

    @staticmethod
    def load(path: Path) -> Takes:
        """Raises RetakeError for a file that is missing, damaged, foreign or inconsistent."""
        arrays = read_npz(path, (*_ARRAYS, "meta"), "a takes file")
        try:
            meta = json.loads(str(arrays["meta"]))
            return Takes(
                **{name: arrays[name] for name in _ARRAYS},
                fps=float(meta["fps"]),
                camera=Camera(**meta["camera"]),
                groups={
                    g: tuple(Alternative(**a) for a in rows) for g, rows in meta["groups"].items()
                },
                best={g: int(h) for g, h in meta["best"].items()},
                seed=int(meta["seed"]),
                model=str(meta["model"]),
                provenance=dict(meta["provenance"]),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise RetakeError(f"{path} is not a takes file: {error}.") from None


_ARRAYS = ("poses", "root", "weights", "spread", "contacts", "times")
