"""One motion out of several takes: each limb group, at each frame, from a hypothesis of its own.

Stays in the camera frame and knows no rig. Positions are never averaged: where one take gives way
to another, bones turn from one direction to the other (on the great circle) and their lengths go
over, so that no bone collapses on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ...shared.arrays import Bools, Floats, Ints
from ...shared.bones import decompose, recompose
from ...shared.errors import RetakeError
from ...shared.keypoints import KeypointTrack
from ...shared.root import solve_root
from ...shared.rotations import normalise
from ...shared.skeleton import HUMAN36M
from ...shared.takes import LIMB_GROUPS, Takes
from .choice_track import ChoiceTrack, Decision, Seam, as_track

Choice = None | int | Mapping[str, int] | ChoiceTrack | Sequence[Decision]
"""None: the takes' best of every limb group; a number: that hypothesis; limb group -> hypothesis;
or decisions over the best."""

Fade = Callable[[Floats, Floats, Floats], Floats]
"""(before, after, share) -> in between."""

TORSO = "torso_head"

ROOT_REACH_S = 1.0
"""The root is solved again with so much of the clip around, because its frames hang together."""

ROOT_EASE_S = 0.5
"""Around what is mixed, the solution goes over to the root that was there."""

OPPOSITE = 1e-6


def choice_of(takes: Takes, hypothesis: int | None) -> dict[str, int]:
    """Limb group -> hypothesis: the given one for all, or the takes' best per group for None.

    Raises RetakeError if there is no such hypothesis.
    """
    if hypothesis is None:
        return dict(takes.best)
    if not 0 <= hypothesis < takes.hypothesis_count:
        raise RetakeError(
            f"There is no hypothesis {hypothesis}: "
            f"the takes hold 0 to {takes.hypothesis_count - 1}."
        )
    return dict.fromkeys(LIMB_GROUPS, hypothesis)


def combine(takes: Takes, choice: Choice = None, track: KeypointTrack | None = None) -> Floats:
    """Joints (F, 17, 3) in the camera frame, root included, metres.

    The torso and the place in space are the torso's hypothesis; every limb keeps the bone lengths
    and directions of its own and is attached to the torso's thorax or hip. With the `track` that
    the takes were made of, the root is solved again where limbs are mixed: another leg stands at
    another depth. Raises RetakeError if the choice names no hypothesis or the track is another.
    """
    picks, seams = _resolved(takes, choice)
    poses = mixed_poses(takes, picks, seams)
    root = _faded_roots(takes, picks[TORSO], [s for s in seams if s.group == TORSO])
    if track is not None:
        root = root + _root_change(takes, picks, seams, poses, track)
    return poses + root[:, None]


def mixed_poses(takes: Takes, picks: Mapping[str, Ints], seams: Sequence[Seam]) -> Floats:
    """Root-relative joints (F, 17, 3): `picks` limb group -> (F,) hypotheses, faded at `seams`."""
    used = sorted({int(h) for own in picks.values() for h in np.unique(own)})
    bones = {h: decompose(takes.poses[h].astype(np.float64), HUMAN36M) for h in used}
    lengths = np.empty((takes.frame_count, HUMAN36M.joint_count, 1))
    directions = np.empty((takes.frame_count, HUMAN36M.joint_count, 3))
    for group, joints in LIMB_GROUPS.items():
        own, slots = [s for s in seams if s.group == group], list(joints)
        for values, index, fade in ((lengths, 0, _straight), (directions, 1, turned_partway)):
            each = {h: bones[h][index][:, slots] for h in used}
            values[:, slots] = faded(each, int(picks[group][0]), own, takes.times, fade)
    return recompose(lengths, directions, HUMAN36M)


def faded(
    each: Mapping[int, Floats], first: int, seams: Sequence[Seam], times: Floats, fade: Fade
) -> Floats:
    """Values (F, ...) that begin as those of hypothesis `first` and go over at every seam.

    Seams that lie close follow each other in one fade, so that the result is always continuous.
    Where no fade is under way values are those of the pick, bit by bit.
    """
    current = each[first].copy()
    for seam in sorted(seams, key=lambda seam: seam.frame):
        share, after = fade_of(seam, times), each[seam.after]
        on_the_way, over = (share > 0) & (share < 1), share >= 1
        part = share[on_the_way].reshape(-1, *[1] * (after.ndim - 1))
        current[on_the_way] = fade(current[on_the_way], after[on_the_way], part)
        current[over] = after[over]
    return current


def fade_of(seam: Seam, times: Floats) -> Floats:
    """How far the fade of a seam has come at every frame (F,): smooth, 0 to 1."""
    middle = (times[seam.frame - 1] + times[seam.frame]) / 2
    if seam.seconds <= 0:
        return (np.arange(len(times)) >= seam.frame).astype(float)
    share = np.clip((times - middle) / seam.seconds + 0.5, 0.0, 1.0)
    return share * share * (3 - 2 * share)


def turned_partway(before: Floats, after: Floats, share: Floats) -> Floats:
    """Unit vectors on the great circle from `before` to `after`; `share` 0 to 1.

    Opposite vectors have no shortest way: they turn about a perpendicular axis then. What has no
    direction (a bone without length) is given that of the other.
    """
    cosine = np.clip(np.sum(before * after, axis=-1, keepdims=True), -1.0, 1.0)
    across = after - cosine * before
    helper = np.where(np.abs(before[..., :1]) < 0.9, [1.0, 0.0, 0.0], [0.0, 1.0, 0.0])
    across = np.where(cosine < -1 + OPPOSITE, np.cross(before, helper), across)
    angle = np.arccos(cosine) * share
    turned = np.cos(angle) * before + np.sin(angle) * normalise(across)
    return np.where(np.linalg.norm(before, axis=-1, keepdims=True) > 0.5, turned, after)


def _straight(before: Floats, after: Floats, share: Floats) -> Floats:
    return before + share * (after - before)


def _resolved(takes: Takes, choice: Choice) -> tuple[dict[str, Ints], list[Seam]]:
    """Picks of every frame, and where they change."""
    if choice is None or isinstance(choice, int):
        choice = choice_of(takes, choice)
    if isinstance(choice, Mapping):
        return {g: np.full(takes.frame_count, choice[g], np.intp) for g in LIMB_GROUPS}, []
    decided = as_track(choice)
    return decided.picks(takes), decided.seams(takes)


def _faded_roots(takes: Takes, picks: Ints, seams: Sequence[Seam]) -> Floats:
    each = {int(h): takes.root[h].astype(np.float64) for h in np.unique(picks)}
    return faded(each, int(picks[0]), seams, takes.times, _straight)


def _root_change(
    takes: Takes,
    picks: Mapping[str, Ints],
    seams: Sequence[Seam],
    poses: Floats,
    track: KeypointTrack,
) -> Floats:
    """How the root moves (F, 3) because limbs of other takes hang on the torso; 0 elsewhere.

    The root is solved twice, for the mixed body and for the torso's own, and the difference is
    added: whatever else the server knew of the path stays.
    """
    _check_same_clip(takes, track)
    change = np.zeros((takes.frame_count, 3))
    mixed = np.any([own != picks[TORSO] for own in picks.values()], axis=0)
    if not mixed.any():
        return change
    ease = _eased(mixed, takes.times)
    frames = _around(mixed, takes.times)
    whole = [replace(s, group=g) for s in seams if s.group == TORSO for g in LIMB_GROUPS]
    torso = mixed_poses(takes, dict.fromkeys(LIMB_GROUPS, picks[TORSO]), whole)
    solved = solve_root(
        np.stack([poses[frames], torso[frames]]),
        track.points[frames],
        track.confidence[frames],
        takes.camera,
        takes.fps,
    )
    change[frames] = (solved[0] - solved[1]) * ease[frames, None]
    return change


def _check_same_clip(takes: Takes, track: KeypointTrack) -> None:
    if track.frame_count != takes.frame_count or np.any(np.abs(track.times - takes.times) > 1e-3):
        raise RetakeError(
            f"The track has {track.frame_count} frames and the takes have {takes.frame_count}: "
            "they are not of the same clip. Load the track that the takes were made of."
        )


def _eased(mixed: Bools, times: Floats) -> Floats:
    """1 where limbs are mixed, falling to 0 within `ROOT_EASE_S` around."""
    share = np.clip(1 - _seconds_from(mixed, times) / ROOT_EASE_S, 0.0, 1.0)
    return share * share * (3 - 2 * share)


def _around(mixed: Bools, times: Floats) -> slice:
    near = np.flatnonzero(_seconds_from(mixed, times) <= ROOT_EASE_S + ROOT_REACH_S)
    return slice(int(near[0]), int(near[-1]) + 1)


def _seconds_from(mixed: Bools, times: Floats) -> Floats:
    """(F,) seconds to the nearest frame that is mixed."""
    known = times[mixed]
    after = np.clip(np.searchsorted(known, times), 0, len(known) - 1)
    before = np.maximum(after - 1, 0)
    return np.minimum(np.abs(known[after] - times), np.abs(times - known[before]))
