"""What of a track makes the lift hard, told before it: sentences with the frames they are about.

Of the keypoints here; cuts, blur and a moving camera were seen by the detector (`about`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...shared.arrays import Bools
from ...shared.keypoints import PICTURES, KeypointTrack
from ...shared.repair.findings import (
    FEET,
    HANDS,
    SHARE,
    SMALL_PX,
    Ranges,
    hidden,
    nobody,
    person_height,
    ranges_of,
    skipped,
)

IN_PICTURES = {
    "cuts": "The picture cuts to another scene. A motion does not go on across a cut: set In and "
    "Out to one shot.",
    "camera": "The camera moves: the person's way through the room will be wrong.",
    "blurred": "The picture is blurred. More light or a shorter exposure helps.",
    "repeated": "Pictures repeat the one before: the clip was made from fewer frames.",
}
"""What the detector saw -> what it means."""


HIDDEN = {
    "feet": "The feet are hidden or cut off in {share} of the frames: foot contact is a guess "
    "there.",
    "hands": "The hands are hidden or cut off in {share} of the frames: the arms are a guess "
    "there.",
}
"""Limbs -> what it means that they are not seen."""


@dataclass(frozen=True)
class Finding:
    """`form` is a sentence for people into which `values` go, in whatever language; `ranges` of the
    track's frames, from 0, both ends included."""

    code: str
    form: str
    ranges: Ranges = ()
    values: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def text(self) -> str:
        return self.form.format(**self.values)


def findings(track: KeypointTrack) -> list[Finding]:
    """The most important first; empty for a track without trouble."""
    told = (*_pictures(track), _missing(track), _size(track), *_hidden(track), _rate(track))
    return [finding for finding in told if finding]


def _pictures(track: KeypointTrack) -> list[Finding]:
    """Nothing of what does not have the form that the detector writes: files come from anywhere."""
    seen = track.about.get(PICTURES)
    if not isinstance(seen, dict):
        return []
    ranges = {code: _ranges(seen.get(code), track.frame_count) for code in IN_PICTURES}
    return [Finding(code, IN_PICTURES[code], found) for code, found in ranges.items() if found]


def _ranges(found: Any, frames: int) -> Ranges:
    if not isinstance(found, list):
        return ()
    pairs = [tuple(one) for one in found if isinstance(one, list) and len(one) == 2]
    whole = [pair for pair in pairs if all(isinstance(end, int) for end in pair)]
    return tuple((first, last) for first, last in whole if 0 <= first <= last < frames)


def _missing(track: KeypointTrack) -> Finding | None:
    gone = nobody(track)
    if not gone.any():
        return None
    form = "Nobody is seen in {share} of the frames."
    return Finding("missing", form, ranges_of(gone), {"share": _percent(gone)})


def _size(track: KeypointTrack) -> Finding | None:
    height = person_height(track)
    if not height < SMALL_PX:  # NaN: nobody is seen at all
        return None
    form = "The person is only {height:.0f} pixels high: film from nearer, or with more pixels."
    return Finding("small", form, values={"height": height})


def _hidden(track: KeypointTrack) -> list[Finding | None]:
    told: list[Finding | None] = []
    for name, joints in (("feet", FEET), ("hands", HANDS)):
        lost = hidden(track, joints)
        if lost.mean() > SHARE:
            share = {"share": _percent(lost)}
            told.append(Finding(name, HIDDEN[name], ranges_of(lost), share))
    return told


def _rate(track: KeypointTrack) -> Finding | None:
    missing = skipped(track)
    if missing.any():
        return Finding("gaps", "The video skips frames.", ranges_of(missing))
    return None


def _percent(which: Bools) -> str:
    share = 100 * float(which.mean())
    return f"{share:.0f} %" if share >= 1 else "< 1 %"
