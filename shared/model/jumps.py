"""Kinematic jumps: limbs mirrored in depth, where the picture allows it as well.

Samples of a small network seldom leave the answer that it likes best, even where a limb could as
well point towards the camera as away from it. So the other answers are proposed (Sminchisescu and
Triggs, Kinematic Jump Processes, 2003): each bone of a limb is mirrored in depth, from where it
last lay in the picture's plane to where it does again, so that the motion stays whole. The network
then judges: it samples on from the proposal, half noised, and takes back what it cannot believe.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..arrays import Bools, Floats
from ..bones import decompose, recompose
from ..choosing.posture import body_axes
from ..resample import MODEL_FPS
from ..skeleton import HUMAN36M

LIMBS = {"left_arm": (12, 13), "right_arm": (15, 16), "left_leg": (5, 6), "right_leg": (2, 3)}
"""Limb group -> its two bones, named by the joints at their ends."""

JUMP_STEP = 250
"""Step t at which the network takes a proposal over: of 1000; see docs/experiments.md."""

APART_DEGREES = 35.0
"""Mirrored bones nearer to each other are no other answer: samples reach both."""
FLAT_DEGREES = 12.0
"""A bone this near to its mirror image can turn into it unseen."""
SHORTEST_S = 0.2
BEHIND_M = 0.02
"""A knee this far behind the line from hip to ankle is bent the wrong way."""
BODY_M = 0.1
"""An elbow or wrist nearer to the spine is inside the body."""
BELIEVABLE = 0.8
"""Share of a stretch's frames in which a mirrored limb must be one that a person can have."""


@dataclass(frozen=True)
class Jump:
    """`bones` of a limb mirrored in `frames`; `degrees`: how far from what it was, at its most."""

    bones: tuple[int, ...]
    frames: slice
    degrees: float


def jumped(poses: Floats, count: int) -> Floats:
    """`count` proposals (K, F, 17, 3) for one hypothesis (F, 17, 3), metres, camera frame.

    The k-th has the k-th likeliest jump of every limb, in every stretch: limbs are chosen one by
    one. What has no k-th stays as it is. Raises ValueError for another skeleton's poses.
    """
    if poses.shape[1:] != (HUMAN36M.joint_count, 3):
        raise ValueError(f"the poses have shape {poses.shape}; expected (F, 17, 3)")
    lengths, directions = decompose(poses.astype(np.float64), HUMAN36M)
    proposals = np.repeat(directions[None], count, axis=0)
    for group in LIMBS:
        for ranked in jumps_of(poses, group):
            for proposal, jump in zip(proposals, ranked, strict=False):
                proposal[jump.frames, jump.bones, 2] *= -1
    return np.stack([recompose(lengths, proposal, HUMAN36M) for proposal in proposals])


def jumps_of(poses: Floats, group: str) -> list[list[Jump]]:
    """For every stretch in which a limb of `poses` (F, 17, 3) is out of plane: its jumps.

    Both bones first, then the lower, then the upper: the elbow or knee is what is seen to move.
    """
    lengths, directions = decompose(poses.astype(np.float64), HUMAN36M)
    upper, lower = LIMBS[group]
    found = []
    for frames in stretches(np.maximum(*(_degrees(directions[:, b]) for b in (upper, lower)))):
        ranked = []
        for bones in ((upper, lower), (lower,), (upper,)):
            mirrored = directions[frames].copy()
            mirrored[:, bones, 2] *= -1
            degrees = float(max(_degrees(directions[frames, bone]).max() for bone in bones))
            limb = recompose(lengths[frames], mirrored, HUMAN36M)
            if degrees > APART_DEGREES and possible(limb, group).mean() >= BELIEVABLE:
                ranked.append(Jump(bones, frames, degrees))
        found.append(ranked)
    return found


def stretches(degrees: Floats) -> list[slice]:
    """Runs of frames in which a limb (F,) is at least `FLAT_DEGREES` from its mirror image.

    Only those that last and somewhere reach `APART_DEGREES`.
    """
    inside = np.concatenate([[False], degrees > FLAT_DEGREES, [False]])
    edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
    runs = [slice(int(a), int(b)) for a, b in list(pairwise(edges))[::2]]
    return [
        run
        for run in runs
        if run.stop - run.start >= SHORTEST_S * MODEL_FPS and degrees[run].max() > APART_DEGREES
    ]


def _degrees(directions: Floats) -> Floats:
    """Between unit vectors (F, 3) and their mirror images in depth, (F,)."""
    return np.degrees(2 * np.arcsin(np.clip(np.abs(directions[:, 2]), 0, 1)))


def possible(poses: Floats, group: str) -> Bools:
    """Whether the limb of each pose (F, 17, 3) is one that a person can have, (F,)."""
    middle, end = LIMBS[group]
    start = HUMAN36M.parents[middle]
    if group.endswith("leg"):
        halfway = (poses[:, start] + poses[:, end]) / 2
        ahead = np.sum((poses[:, middle] - halfway) * body_axes(poses)["forward"], axis=-1)
        return ahead > -BEHIND_M
    return np.minimum(*(_from_spine(poses, joint) for joint in (middle, end))) > BODY_M


def _from_spine(poses: Floats, joint: int) -> Floats:
    """Metres (F,) from a joint to the line from the hip to the thorax."""
    hip, thorax, point = poses[:, 0], poses[:, 8], poses[:, joint]
    line = thorax - hip
    along = np.sum((point - hip) * line, axis=-1) / np.sum(line * line, axis=-1)
    return np.linalg.norm(point - hip - np.clip(along, 0, 1)[:, None] * line, axis=-1)
