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


WEIGHTS = np.ones(17)
"""Of joints where the rig as a whole shall be where the person was: ankles first, then hips."""
WEIGHTS[[0, 1, 4]], WEIGHTS[list(ANKLES)] = 2.0, 8.0


def hip_path(
    joints: Floats,
    posed: Floats,
    body: Body,
    fps: float,
    origin: Floats,
    way_scale: float | None = None,
    by_legs: bool = True,
) -> Floats:
    """World positions (F, 3) of the rig's joint 0, in Blender units.

    The source's hip times the ratio of leg lengths, so that planted feet stay planted; or, not
    `by_legs`, where `covering` has it. The rig's thighs, shins and hips divide that length
    differently, so the height gets a slowly varying correction: the rig's lower ankle stands as
    high above its own standing height as the source's, scaled.

    `way_scale` is another ratio for the way across the floor alone; feet are dragged along then.

    joints (F, 17, 3) source; posed (F, 17, 3) the rig's joints in the same pose at any place.
    """
    scale = body.leg_length / leg_length(joints)
    path = joints[:, 0] * scale
    if not by_legs:
        scale, path = covering(joints, posed)
    low = joints[:, ANKLES, 2].min(axis=1)
    wanted = (low - standing_ankle_height(joints)) * scale + body.ankle_height
    got = path[:, 2] + posed[:, ANKLES, 2].min(axis=1) - posed[:, 0, 2]
    correction = smooth((wanted - got)[:, None], np.ones((len(got), 1)), (HEIGHT_TIME_S * fps) ** 4)
    path[:, 2] += correction[:, 0]
    if way_scale is not None:
        path[:, :2] *= way_scale / scale
    return path + origin


def covering(joints: Floats, posed: Floats) -> tuple[float, Floats]:
    """How many times as large as the source (F, 17, 3) the rig is as a whole, and the place (F, 3)
    of its joint 0 at which all its joints lie nearest to the source's, enlarged so.

    Least squares with `WEIGHTS`. The size is one for the clip: solved frame by frame, as keypoints
    would have it, a body of other proportions comes nearer and goes away with every pose.
    """
    shares = WEIGHTS / WEIGHTS.sum()
    centres, middles = (np.einsum("j,fjc->fc", shares, points) for points in (joints, posed))
    theirs, ours = joints - centres[:, None], posed - middles[:, None]
    weights = shares[:, None]
    scale = float(np.sum(weights * theirs * ours) / np.sum(weights * theirs**2))
    return scale, centres * scale + posed[:, 0] - middles


def leg_length(joints: Floats) -> float:
    """Thigh and shin of the source: median over frames, mean of both sides."""
    return float(np.median(_leg_bones(joints).sum(axis=2), axis=0).mean())


def shortest_leg_bone(joints: Floats) -> float:
    """Of all thighs and shins in all frames."""
    return float(_leg_bones(joints).min())


def shortest_trunk(joints: Floats) -> float:
    """From hips over spine to neck, in any frame."""
    return float(np.linalg.norm(np.diff(joints[:, (0, 7, 8)], axis=1), axis=-1).sum(axis=1).min())


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
