"""Ghosts: the alternatives as stick figures, ready to be drawn. Arrays only, no graphics.

All frames of a range are computed once when what they show changes; drawing a frame only takes a
row. A ghost of one limb hangs on the body that is chosen.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Floats, Floats32
from ...shared.skeleton import HUMAN36M
from ...shared.takes import LIMB_GROUPS, Alternative, Takes
from .choice_track import WHOLE, ChoiceTrack, Decision
from .colours import colour_of
from .combine import combine
from .stage import Place, Stage, stage_of
from .surroundings import part_of

THINNEST, THICKEST = 2.0, 8.0
"""Pixels of line width for takes of no weight and of all weight."""

LEAST_DOUBT_M = 0.03
"""Smaller errors to be expected would only hide the figure."""

PICK_PIXELS = 14.0
"""So near to a bone the mouse means it."""


@dataclass(frozen=True)
class Ghosts:
    """What is drawn of a range.

    points       (A, F, bones, 2, 3) float32, scene: both ends of every bone of A alternatives
    hips         (F, 3): where the chosen body has its hip in the same space
    doubt        (F, joints, 2, 3) float32, likewise: how far off along the video camera's ray each
                 joint that is worn may be; a point where it is less than `LEAST_DOUBT_M`
    first        the clip's frame of the first row
    """

    points: Floats32
    hips: Floats
    doubt: Floats32
    first: int
    alternatives: tuple[Alternative, ...]
    group: str
    stage: Stage
    key: Hashable

    @property
    def widths(self) -> tuple[float, ...]:
        return tuple(width_of(a.share) for a in self.alternatives)

    @property
    def colours(self) -> tuple[tuple[float, float, float], ...]:
        return tuple(colour_of(i) for i in range(len(self.alternatives)))

    def at(self, frame: int) -> tuple[Floats32, Floats]:
        """Lines (A, bones, 2, 3) and hip (3,) at a frame of the clip, held at the range's ends."""
        row = self._row(frame)
        return self.points[:, row], self.hips[row]

    def doubt_at(self, frame: int) -> Floats32:
        """Lines (joints, 2, 3) likewise."""
        return self.doubt[self._row(frame)]

    def _row(self, frame: int) -> int:
        return int(np.clip(frame - self.first, 0, self.points.shape[1] - 1))


def ghosts_of(
    takes: Takes,
    track: ChoiceTrack,
    alternatives: Sequence[Alternative],
    group: str,
    first: int,
    last: int,
    stage: Stage,
    key: Hashable = None,
) -> Ghosts:
    """Ghosts of the clip's frames `first` to `last`. Raises RetakeError for takes there are not.

    All have the hip of the chosen motion: what is to be compared are postures, and depth alone
    would tear them apart.
    """
    frames = slice(first, last + 1)
    part = part_of(takes, frames)
    chosen = combine(part, track)
    bones = [bone for bone in HUMAN36M.bones if group == WHOLE or bone[1] in LIMB_GROUPS[group]]
    span = float(part.times[0]), float(part.times[-1])
    points = np.empty((len(alternatives), len(part.times), len(bones), 2, 3), np.float32)
    for index, alternative in enumerate(alternatives):
        shown = track.with_decision(Decision(*span, alternative.hypothesis, group, 0.0, 0.0))
        joints = combine(part, shown)
        joints += chosen[:, :1] - joints[:, :1]
        points[index] = stage.place(joints)[:, bones]
    hips = stage.place(chosen[:, 0])
    joints = list(range(1, HUMAN36M.joint_count) if group == WHOLE else LIMB_GROUPS[group])
    ends = along_rays(chosen[:, joints], part.spread[:, joints])
    doubt = stage.place(ends).astype(np.float32)
    return Ghosts(points, hips, doubt, first, tuple(alternatives), group, stage, key)


def along_rays(joints: Floats, metres: Floats) -> Floats:
    """Both ends (F, J, 2, 3) of lines of `metres` (F, J) before and behind joints (F, J, 3), on the
    rays of the camera at 0. Where it is less than `LEAST_DOUBT_M` both are the joint."""
    reach = np.where(metres < LEAST_DOUBT_M, 0.0, metres)[..., None]
    way = joints / np.maximum(np.linalg.norm(joints, axis=-1, keepdims=True), 1e-9) * reach
    return np.stack([joints - way, joints + way], axis=-2)


def ghosts_on(
    takes: Takes,
    track: ChoiceTrack,
    alternatives: Sequence[Alternative],
    group: str,
    first: int,
    last: int,
    place: Place | None,
    key: Hashable = None,
) -> Ghosts:
    """`ghosts_of`, on the stage of the chosen motion: on a rig, or on the clip's own floor."""
    stage = stage_of(takes, combine(takes, track), place)
    return ghosts_of(takes, track, alternatives, group, first, last, stage, key)


def width_of(share: float) -> float:
    """By area, so that half the weight looks half as much."""
    return THINNEST + (THICKEST - THINNEST) * float(np.sqrt(np.clip(share, 0.0, 1.0)))


def nearest(lines: Floats, mouse: tuple[float, float], reach: float = PICK_PIXELS) -> int | None:
    """The figure of (A, bones, 2, 2) pixels under the mouse; None if none is within `reach`.

    Where figures lie over each other the one whose bone is nearest counts, then the first.
    """
    if not lines.size:
        return None
    start, way = lines[..., 0, :], lines[..., 1, :] - lines[..., 0, :]
    to_mouse = np.asarray(mouse, dtype=float) - start
    length = np.maximum(np.sum(way**2, axis=-1), 1e-9)
    share = np.clip(np.sum(to_mouse * way, axis=-1) / length, 0.0, 1.0)
    far = np.linalg.norm(to_mouse - share[..., None] * way, axis=-1)
    far = np.where(np.isfinite(far), far, np.inf).min(axis=-1)
    best = int(np.argmin(far))
    return best if far[best] <= reach else None


def nearest_group(lines: Floats, mouse: tuple[float, float], group: str) -> str:
    """The limb group of the bone under the mouse; lines (bones, 2, 2) of one whole figure."""
    if group != WHOLE:
        return group
    start, way = lines[:, 0], lines[:, 1] - lines[:, 0]
    to_mouse = np.asarray(mouse, dtype=float) - start
    share = np.sum(to_mouse * way, axis=-1) / np.maximum(np.sum(way**2, axis=-1), 1e-9)
    far = np.linalg.norm(to_mouse - np.clip(share, 0, 1)[:, None] * way, axis=-1)
    joint = HUMAN36M.bones[int(np.argmin(np.where(np.isfinite(far), far, np.inf)))][1]
    return next(name for name, joints in LIMB_GROUPS.items() if joint in joints)


def projected(points: Floats, matrix: Floats, width: float, height: float) -> Floats:
    """Scene points (..., 3) -> pixels (..., 2) by a 4x4 perspective matrix; NaN behind the view."""
    clip = points @ matrix[:3, :3].T + matrix[:3, 3]
    w = points @ matrix[3, :3] + matrix[3, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        on_screen = clip[..., :2] / w[..., None]
    on_screen = np.where(w[..., None] > 1e-6, on_screen, np.nan)
    return (on_screen + 1) / 2 * (width, height)
