"""A decision shown without solving the whole clip: only its range and a little around it.

The surroundings are solved twice, with the decision and without; the difference between the two is
laid over the keys that are there. What the short piece cannot know (where the whole clip has its
floor) is the same in both and falls out. Exact is only the solve of the whole, which Apply does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ...shared.arrays import Floats, Floats64
from ...shared.contact_spans import ContactSpans
from ...shared.keypoints import KeypointTrack
from ...shared.takes import Takes
from ..rig.wishes import Reach, Wishes
from .choice_track import Decision
from .combine import ROOT_EASE_S

EASE_S = 0.5
"""So much around what changes, the difference fades away."""

MARGIN_S = 0.5
"""Further frames that are solved only because solvers need neighbours."""


@dataclass(frozen=True)
class Piece:
    """A part of a clip that begins at a frame of the scene.

    frames  of the clip
    key     number of the scene's frame that is its first, from 0 for the clip's first
    share   (G,) how much of the difference counts at each of the scene's frames in it
    """

    frames: slice
    key: int
    share: Floats


def piece_for(decision: Decision, takes: Takes, scene_fps: float) -> Piece | None:
    """The piece that a decision changes; None if two of it are more than the whole clip."""
    times = takes.times
    first = decision.first - decision.blend_in / 2 - ROOT_EASE_S
    last = decision.last + decision.blend_out / 2 + ROOT_EASE_S
    reach = EASE_S + MARGIN_S
    start = int(np.searchsorted(times, first - reach))
    stop = int(np.searchsorted(times, last + reach, side="right"))
    if 2 * (stop - start) > len(times):
        return None
    key = int((times[start] - times[0]) * scene_fps + 1e-6)
    begin = times[0] + key / scene_fps
    now = begin + np.arange(int((times[stop - 1] - begin) * scene_fps + 1e-6) + 1) / scene_fps
    share = np.clip(1 - np.maximum(first - now, now - last) / EASE_S, 0.0, 1.0)
    return Piece(slice(start, stop), key, share * share * (3 - 2 * share))


def takes_in(takes: Takes, piece: Piece, scene_fps: float) -> Takes:
    """The takes of the piece. Its first frame is said to be where the scene has one: nothing that
    is shown depends on it."""
    part = part_of(takes, piece.frames)
    begin = takes.times[0] + piece.key / scene_fps
    return replace(part, times=np.concatenate([[begin], part.times[1:]]))


def part_of(takes: Takes, frames: slice) -> Takes:
    """The takes of some frames only: the rest of a long clip is not computed."""
    return replace(
        takes,
        poses=takes.poses[:, frames],
        root=takes.root[:, frames],
        spread=takes.spread[frames],
        contacts=takes.contacts[frames],
        times=takes.times[frames],
    )


def track_in(track: KeypointTrack, piece: Piece, times: Floats64) -> KeypointTrack:
    """The track of the piece at the `times` of its takes; the 17 joints only."""
    return KeypointTrack(
        points=track.points[piece.frames],
        confidence=track.confidence[piece.frames],
        times=times,
        image_size=track.image_size,
        fps=track.fps,
        source=track.source,
    )


def wishes_in(wishes: Wishes, piece: Piece, times: Floats) -> Wishes:
    """The same for a piece at `times` (F,): what speaks of other frames is left out."""
    contacts, neutral = wishes.contacts, wishes.neutral
    if contacts is not None and contacts.beyond(times):
        contacts = ContactSpans()
    if neutral is not None and not times[0] <= neutral <= times[-1]:
        neutral = None
    return replace(
        wishes,
        contacts=contacts,
        neutral=neutral,
        reaches=tuple(_reach_in(reach, piece) for reach in wishes.reaches),
        camera=None if wishes.camera is None else wishes.camera[piece.frames],
    )


def _reach_in(reach: Reach, piece: Piece) -> Reach:
    if np.ndim(reach.place) == 1:
        return reach
    return replace(reach, place=reach.place[piece.key : piece.key + len(piece.share)])


def laid_over(worn: Floats, before: Floats, after: Floats, share: Floats) -> Floats:
    """Keys (G, C) of a channel as they are worn, changed as from `before` to `after`, by `share`.

    Four columns are a rotation as quaternion or axis and angle: both may be told with either sign.
    """
    if worn.shape[1] == 4:
        before = _signed_like(worn, before)
        after = _signed_like(before, after)
    return worn + share[:, None] * (after - before)


def _signed_like(one: Floats, other: Floats) -> Floats:
    return np.where(np.sum(one * other, axis=1, keepdims=True) < 0, -other, other)
