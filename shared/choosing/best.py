"""The body when nobody chooses: the likeliest take of every limb group that fits to the torso."""

from __future__ import annotations

from collections.abc import Mapping

from ..arrays import Floats
from ..skeleton import HUMAN36M
from ..takes import LIMB_GROUPS
from .moments import Moments, chord_of

GIRDLE_DEGREES = 15.0
"""A limb may come from another hypothesis than the torso where its hip or shoulder bone points the
same way to this much at every moment; else the body would be broken there."""


def best_of(
    whole: int, ranked: Mapping[str, list[int]], moments: Mapping[str, Moments]
) -> dict[str, int]:
    """Limb group -> hypothesis. `whole` is the best as a whole: torso and place come from it.

    `ranked`: limb group -> hypotheses, the likeliest first. Where none of them fits to the torso,
    the limb is that of `whole` too.
    """
    best = dict.fromkeys(LIMB_GROUPS, whole)
    for group, hypotheses in ranked.items():
        if HUMAN36M.root not in LIMB_GROUPS[group]:
            apart = girdle_chord(moments[group], whole)
            limit = chord_of(GIRDLE_DEGREES)
            best[group] = next((h for h in hypotheses if apart[h] < limit), whole)
    return best


def girdle_chord(moments: Moments, hypothesis: int) -> Floats:
    """How far the bone that joins a limb to the torso is from that of one hypothesis, at most.

    (H,): chords of the angle, the largest of all moments.
    """
    first = moments.points[..., :3] / moments.root_shares[0]
    apart = first - first[:, hypothesis, None]
    return (apart**2).sum(axis=-1).max(axis=0) ** 0.5
