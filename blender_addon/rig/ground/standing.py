"""How the rig stands: the path of its hip over the floor, and when its feet lie flat.

Works on joints alone; the rig's size comes from `Body`. The source's world has its floor at z = 0.
"""

from __future__ import annotations

import numpy as np

from ....shared.arrays import Floats
from ..solving.frames import direction, smoothstep
from ..solving.landmarks import Body
from ..solving.smooth import smooth

ANKLES = (6, 3)
"""Left and right, as in `landmarks.LIMB_JOINTS`."""

STANDING_ANKLE = (0.04, 0.14)
"""Range of an ankle joint's height in a standing body, in leg lengths."""

FLAT_BELOW, FREE_ABOVE = 0.02, 0.14
"""Height of an ankle above its standing height, in leg lengths, up to which the foot lies flat and
from which it follows the shin."""

HEIGHT_TIME_S = 0.1
"""Changes of the height correction faster than this are smoothed away."""


def hip_path(
    joints: Floats,
    posed: Floats,
    body: Body,
    fps: float,
    origin: Floats,
    way_scale: float | None = None,
) -> Floats:
    """World positions (F, 3) of the rig's joint 0, in Blender units.

    The source's hip times the ratio of leg lengths, so that planted feet stay planted. The rig's
    thighs, shins and hips divide that length differently, so the height gets a slowly varying
    correction: the rig's lower ankle stands as high above its own standing height as the source's,
    scaled.

    `way_scale` is another ratio for the way across the floor alone; feet are dragged along then.

    joints (F, 17, 3) source; posed (F, 17, 3) the rig's joints in the same pose at any place.
    """
    scale = body.leg_length / leg_length(joints)
    path = joints[:, 0] * scale
    low = joints[:, ANKLES, 2].min(axis=1)
    wanted = (low - standing_ankle_height(joints)) * scale + body.ankle_height
    got = path[:, 2] + posed[:, ANKLES, 2].min(axis=1) - posed[:, 0, 2]
    correction = smooth((wanted - got)[:, None], np.ones((len(got), 1)), (HEIGHT_TIME_S * fps) ** 4)
    path[:, 2] += correction[:, 0]
    if way_scale is not None:
        path[:, :2] *= way_scale / scale
    return path + origin


def leg_length(joints: Floats) -> float:
    """Thigh and shin of the source: median over frames, mean of both sides."""
    return float(np.median(_leg_bones(joints).sum(axis=2), axis=0).mean())


def shortest_leg_bone(joints: Floats) -> float:
    """Of all thighs and shins in all frames."""
    return float(_leg_bones(joints).min())


def _leg_bones(joints: Floats) -> Floats:
    """(F, 2, 2) lengths of thigh and shin of both legs."""
    return np.linalg.norm(np.diff(joints[:, ((1, 2, 3), (4, 5, 6))], axis=2), axis=-1)


def standing_ankle_height(joints: Floats) -> float:
    """Height of the standing source's ankle joint: the clip's low values, kept plausible."""
    low = float(np.percentile(joints[:, ANKLES, 2].min(axis=1), 5))
    smallest, largest = (limit * leg_length(joints) for limit in STANDING_ANKLE)
    return min(max(low, smallest), largest)


def flat_share(joints: Floats) -> Floats:
    """(F, 2) 0..1: how much the left and the right foot lie flat.

    Near the floor under an upright shin.
    """
    height = (joints[:, ANKLES, 2] - standing_ankle_height(joints)) / leg_length(joints)
    shins = np.stack([direction(joints, 5, 6), direction(joints, 2, 3)], axis=1)
    return (1 - smoothstep(FLAT_BELOW, FREE_ABOVE, height)) * smoothstep(0.3, 0.7, -shins[..., 2])
