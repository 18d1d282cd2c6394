"""What makes a clip hard, told before it is lifted: sentences for the animator, with frames."""

from __future__ import annotations

import numpy as np

from ...shared.arrays import Bools, Floats64
from ...shared.keypoints import KeypointTrack
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
from ...shared.repair.words import frame_ranges, frames_told
from .cuts import cuts, shots

BLURRED = 0.36
"""Sharpness of the steepest edges; a straight ramp of three pixels has 0.33."""

CAMERA_SHIFT = 0.04
"""Of the picture's long side, added up over the clip."""

LOW_FPS = 20.0


def preflight(track: KeypointTrack, figures: Floats64) -> list[str]:
    """Sentences, the most important first; empty for a clip without trouble.

    figures (frames, 4) as `picture_figures` gives them.
    """
    told = [
        _cuts(figures),
        _frame_rate(track, figures),
        _missing(track),
        _size(track),
        _limbs(track, "feet", FEET),
        _limbs(track, "hands", HANDS),
        _blur(figures),
        _camera(figures),
    ]
    return [sentence for sentence in told if sentence]


def picture_ranges(figures: Floats64) -> dict[str, Ranges]:
    """What is seen in the pictures alone, where it matters: a part of `KeypointTrack.about`."""
    ranges = {
        "cuts": tuple((frame, frame) for frame in cuts(figures)),
        "blurred": ranges_of(_blurred(figures)),
        "camera": ranges_of(_moved(figures)),
        "repeated": ranges_of(_repeated(figures)),
    }
    return {name: found for name, found in ranges.items() if found}


def _cuts(figures: Floats64) -> str:
    found = shots(figures)
    if len(found) < 2:
        return ""
    told = ", ".join(f"{shot.start}-{shot.stop - 1}" for shot in found[:10])
    more = ", ..." if len(found) > 10 else ""
    return (
        f"The picture cuts to another scene; its {len(found)} shots are frames {told}{more}. "
        "A motion does not go on across a cut: --split makes a track of each shot."
    )


def _frame_rate(track: KeypointTrack, figures: Floats64) -> str:
    still = _repeated(figures)
    if still.any():
        share = f"{round(100 * float(still[1:].mean()))} %"
        return (
            f"{share} of the pictures repeat the one before: the clip was made from fewer frames."
        )
    gaps = np.flatnonzero(skipped(track))
    if len(gaps) > SHARE * (track.frame_count - 1):
        return "The time between frames varies, as with phones in the dark: fast motion suffers."
    if len(gaps):
        return f"Frames are missing before frame {frame_ranges(gaps)}."
    if track.fps < LOW_FPS:
        return f"{track.fps:.3g} frames a second are few: fast motion falls between them."
    return ""


def _missing(track: KeypointTrack) -> str:
    gone = nobody(track)
    return f"Nobody is seen in {_frames(gone)}." if gone.any() else ""


def _size(track: KeypointTrack) -> str:
    height = person_height(track)
    if not height < SMALL_PX:  # NaN: nobody is seen at all
        return ""
    return f"The person is only {round(height)} pixels high: film from nearer, or with more pixels."


def _limbs(track: KeypointTrack, name: str, joints: tuple[int, ...]) -> str:
    """Uncertain, or outside the picture, although somebody is there."""
    lost = hidden(track, joints)
    if lost.mean() <= SHARE:
        return ""
    return f"The {name} are hidden or outside the picture in {_frames(lost)}."


def _blur(figures: Floats64) -> str:
    blurred = _blurred(figures)
    if not blurred.any():
        return ""
    return f"The picture is blurred in {_frames(blurred)}: more light or a shorter exposure helps."


def _camera(figures: Floats64) -> str:
    moving = _moved(figures)
    if not moving.any():
        return ""
    return (
        f"The camera moves in {_frames(moving)}: the person's way through the room will be wrong."
    )


def _repeated(figures: Floats64) -> Bools:
    """(F,) pictures like the one before; none, if they are few."""
    still = (figures[:, :3] == 0).all(axis=1)
    still[0] = False
    return still & (still[1:].mean() > SHARE)


def _blurred(figures: Floats64) -> Bools:
    """(F,) none, if they are few."""
    blurred = figures[:, 3] < BLURRED
    return blurred & (blurred.mean() > SHARE)


def _moved(figures: Floats64) -> Bools:
    """(F,) frames to which the camera has moved; none, if it has not come far."""
    path = np.cumsum(figures[:, 1:3], axis=0)
    moving = (figures[:, 1] != 0) | (figures[:, 2] != 0)
    return moving & (np.linalg.norm(np.ptp(path, axis=0)) >= CAMERA_SHIFT and moving.sum() >= 3)


def _frames(which: Bools) -> str:
    return frames_told(np.flatnonzero(which), most=5)
