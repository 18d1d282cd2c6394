"""What guides know of the human body: what bends easily, and which way."""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from ...skeleton import Skeleton

LIMB_ENDINGS = ("_elbow", "_wrist", "_knee", "_foot")
"""Ends of the names of joints whose bones are limbs. All other bones are trunk."""

TRUNK_STIFFNESS = 10.0
"""1 for the limbs, which therefore move first."""

TRUNK_LIMIT = 0.5
"""Radians that a bone of the trunk turns at most for the sake of a limb."""

UNLIMITED = 1e9

BEND = 0.02
"""Radians by which knees and elbows are bent before they are asked to move."""


def is_limb(skeleton: Skeleton, joint: int) -> bool:
    return skeleton.joints[joint].endswith(LIMB_ENDINGS)


def elasticity(skeleton: Skeleton, pinned: Collection[int]) -> tuple[Tensor, Tensor]:
    """Stiffness and largest angle (radians) of every bone: (J,) each, float64.

    The trunk is limited, but for bones that lead to a pinned joint of its own.
    """
    every = range(skeleton.joint_count)
    limb = [is_limb(skeleton, joint) for joint in every]
    free = {b for joint in pinned if not limb[joint] for b in skeleton.path(joint)}
    stiffness = [1.0 if limb[joint] else TRUNK_STIFFNESS for joint in every]
    limit = [UNLIMITED if limb[joint] or joint in free else TRUNK_LIMIT for joint in every]
    return torch.tensor(stiffness).double(), torch.tensor(limit).double()


def slightly_bent(skeleton: Skeleton, positions: Tensor, directions: Tensor) -> Tensor:
    """`directions` (..., J, 3) with knees bent forward and elbows backward by `BEND`.

    A straight limb lies in no plane. This tells it where to fold, as people do.
    """
    at = {name: positions[..., joint, :] for joint, name in enumerate(skeleton.joints)}
    left = at["left_hip"] - at["right_hip"]
    up = at["left_shoulder"] + at["right_shoulder"] - at["left_hip"] - at["right_hip"]
    forward = torch.linalg.cross(left, up)
    forward = forward / forward.norm(dim=-1, keepdim=True).clamp_min(1e-9)
    sign = {"_knee": 1.0, "_foot": -1.0, "_elbow": -1.0, "_wrist": 1.0}
    signs = [sign.get(name[name.rfind("_") :], 0.0) for name in skeleton.joints]
    bent = directions + BEND * torch.tensor(signs).to(directions)[:, None] * forward[..., None, :]
    return bent / bent.norm(dim=-1, keepdim=True)
