"""Where to cut from one take to another, and whether what lies between is still a posture.

A seam is best where both takes agree and move alike. A fade between takes that are far apart goes
through postures that no take shows: an arm through the body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from ...shared.arrays import Floats, Ints
from ...shared.bones import decompose
from ...shared.choosing.clusters import THRESHOLD_DEGREES
from ...shared.choosing.moments import degrees_of
from ...shared.errors import RetakeError
from ...shared.skeleton import HUMAN36M
from ...shared.takes import LIMB_GROUPS, Takes
from .agreement import apart
from .choice_track import ChoiceTrack, Decision, Seam, moved
from .combine import fade_of, turned_partway
from .surroundings import part_of

REACH_S = 0.4
"""A seam may be moved so far from where it was wished."""

MOVING_S = 0.1
"""A difference in speed costs what it adds up to within so much time."""

WISH_DEGREES_PER_S = 5.0
"""What it costs to be far from the wished place."""


@dataclass(frozen=True)
class Snap:
    """The best frame for a seam, the last cut lies before it, and how far apart the takes are."""

    frame: int
    degrees: float


def snap(
    takes: Takes,
    before: int,
    after: int,
    groups: Iterable[str],
    frame: int,
    reach_s: float = REACH_S,
) -> Snap:
    """The seam near `frame` at which hypotheses `before` and `after` agree best.

    Raises RetakeError if the clip has no such frame.
    """
    if not 0 <= frame < takes.frame_count:
        raise RetakeError(
            f"A seam at frame {frame} is outside of the clip, which has {takes.frame_count} frames."
        )
    wished = takes.times[frame]
    near = np.searchsorted(takes.times, [wished - reach_s - MOVING_S, wished + reach_s + MOVING_S])
    part = part_of(takes, slice(int(near[0]), int(near[1])))
    degrees = apart(part, before, after, groups)
    wish = np.abs(part.times - wished)
    cost = degrees + _moving_apart(degrees, part) + WISH_DEGREES_PER_S * wish
    cost[wish > reach_s] = np.inf
    best = int(np.argmin(cost))
    return Snap(int(near[0]) + best, float(degrees[best]))


def snapped(
    decision: Decision, track: ChoiceTrack, takes: Takes, reach_s: float = REACH_S
) -> Decision:
    """The decision with both ends where it agrees best with what lies around it.

    Ends at the clip's ends stay there: nothing is cut at them.
    """
    picks = track.picks(takes)
    frames = decision.frames(takes.times)
    if frames.start >= frames.stop:
        return decision
    first, last = decision.first, decision.last
    if frames.start > 0:
        around = _commonest(picks, decision.groups, frames.start - 1)
        change = (around, decision.hypothesis)
        found = snap(takes, *change, decision.groups, frames.start, reach_s)
        first = float(takes.times[min(found.frame, frames.stop - 1)])
    if frames.stop < takes.frame_count:
        around = _commonest(picks, decision.groups, frames.stop)
        change = (decision.hypothesis, around)
        found = snap(takes, *change, decision.groups, frames.stop - 1, reach_s)
        last = float(takes.times[found.frame])
    return moved(decision, first, last)


@dataclass(frozen=True)
class Departure:
    """A fade that leaves what the takes show, by so many degrees, most at `seconds`."""

    seam: Seam
    degrees: float
    seconds: float


def departures(track: ChoiceTrack, takes: Takes) -> list[Departure]:
    """Every fade on whose way a limb is nowhere near any take, the worst first."""
    found = (_departure(seam, takes) for seam in track.seams(takes))
    return sorted((d for d in found if d), key=lambda d: -d.degrees)


def _departure(seam: Seam, takes: Takes) -> Departure | None:
    """Compared with every take at the same frames; in doubt what two takes lie apart is allowed."""
    share = fade_of(seam, takes.times)
    frames = np.flatnonzero((share > 0) & (share < 1))
    if not len(frames):
        return None
    slots = list(LIMB_GROUPS[seam.group])
    lengths, each = decompose(takes.poses[:, frames].astype(np.float64), HUMAN36M)
    each, mean = each[:, :, slots], lengths[seam.before, :, slots, 0].mean(axis=1)
    shares = mean / max(float(mean.sum()), 1e-12)
    between = turned_partway(each[seam.before], each[seam.after], share[frames, None, None])
    far = degrees_of(np.sqrt(np.sum((each - between) ** 2, axis=-1) @ shares)).min(axis=0)
    worst = int(np.argmax(far))
    if far[worst] <= THRESHOLD_DEGREES:
        return None
    return Departure(seam, float(far[worst]), float(takes.times[frames[worst]]))


def _moving_apart(degrees: Floats, takes: Takes) -> Floats:
    """(F,) how many degrees the difference changes by within `MOVING_S`."""
    if len(degrees) < 2:
        return np.zeros_like(degrees)
    return np.abs(np.gradient(degrees, takes.times)) * MOVING_S


def _commonest(picks: Mapping[str, Ints], groups: Iterable[str], frame: int) -> int:
    """The hypothesis that most of the groups show at a frame."""
    shown = [int(picks[group][frame]) for group in groups]
    return max(sorted(set(shown)), key=shown.count)
