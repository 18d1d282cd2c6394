"""One motion out of several takes: each limb group from a hypothesis of its own.

Stays in the camera frame and knows no rig.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...shared.arrays import Floats
from ...shared.bones import decompose, recompose
from ...shared.errors import RetakeError
from ...shared.skeleton import HUMAN36M
from ...shared.takes import LIMB_GROUPS, Takes


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


def combine(takes: Takes, choice: Mapping[str, int]) -> Floats:
    """Joints (F, 17, 3) in the camera frame, root included, metres.

    The torso and the place in space are the torso's hypothesis; every limb keeps the bone lengths
    and directions of its own and is attached to the torso's thorax or hip.
    """
    torso = choice["torso_head"]
    poses = takes.poses[torso].astype(np.float64)
    lengths, directions = decompose(poses, HUMAN36M)
    for group, joints in LIMB_GROUPS.items():
        if choice[group] != torso:
            own = decompose(takes.poses[choice[group]].astype(np.float64), HUMAN36M)
            lengths[:, joints], directions[:, joints] = own[0][:, joints], own[1][:, joints]
    return recompose(lengths, directions, HUMAN36M) + takes.root[torso][:, None]
